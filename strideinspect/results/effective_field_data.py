"""The answer to `erf` as plain data: the JSON contract `strideinspect/erf/1`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from strideinspect.results.boxes import Place
from strideinspect.results.effective_parts import EffectiveInput, GradientChecks, GrowthStep
from strideinspect.results.field import Shape
from strideinspect.results.json_erf_types import NAME, EffectiveInputJson, ErfJson, GrowthStepJson


class Facts(NamedTuple):
    """What holds for all inputs: attributes of an EffectiveField."""

    fed: int
    source: str
    random_weights: bool
    straight_through: bool
    crop: Mapping[str, tuple[Shape, Shape]]
    checks: GradientChecks
    growth: tuple[GrowthStep, ...]


def document(path: str, at: Place, inputs: tuple[EffectiveInput, ...], facts: Facts) -> ErfJson:
    """The document as dicts, lists, texts and numbers."""
    return {
        "schema": NAME,
        "path": path,
        "output": at.tensor,
        "shape": [*at.shape],
        "axes": [*at.axes],
        "at": [*at.indices],
        "inputs": [*map(_input, inputs)],
        "count": facts.fed,
        "source": facts.source,
        "weights": "random" if facts.random_weights else "file",
        "straight_through": facts.straight_through,
        "crop": [{"name": name, "first": [*first], "size": [*size]} for name, (first, size) in facts.crop.items()],
        "checks": {"adjoint": facts.checks.adjoint, "support": facts.checks.support},
        "growth": [*map(_step, facts.growth)],
    }


def _step(step: GrowthStep) -> GrowthStepJson:
    return {
        "output": step.tensor,
        "depth": step.depth,
        "input": step.input,
        "theoretical": [*step.theoretical],
        "sigma": [*step.sigma],
    }


def _input(seen: EffectiveInput) -> EffectiveInputJson:
    return {
        "name": seen.name,
        "axes": [*seen.axes],
        "theoretical": [*seen.theoretical],
        "center": [*seen.center],
        "centroid": [*seen.centroid],
        "radius": {str(percent): radius for percent, radius in seen.radius.items()},
        "sigma": [*seen.sigma],
        "share_of_theoretical": seen.share_of_theoretical,
        "square": None if seen.square is None else {str(percent): share for percent, share in seen.square.items()},
    }
