"""The answer to `erf` as plain data: the JSON contract `strideinspect/erf/1`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from strideinspect.results.boxes import Place
from strideinspect.results.effective_parts import EffectiveInput, GradientChecks, GrowthStep
from strideinspect.results.field import Shape
from strideinspect.results.json_erf_types import NAME, EffectiveCellJson, EffectiveInputJson, ErfJson, GrowthStepJson


class CellParts(Protocol):
    """What is written of a cell: attributes of an EffectiveField."""

    @property
    def path(self) -> str:
        """The file."""

    @property
    def at(self) -> Place:
        """The cell."""

    @property
    def inputs(self) -> tuple[EffectiveInput, ...]:
        """How it sees each graph input."""

    @property
    def count(self) -> int:
        """How many inputs were fed."""

    @property
    def source(self) -> str:
        """What they were."""

    @property
    def random_weights(self) -> bool:
        """Whether weights were drawn."""

    @property
    def straight_through(self) -> bool:
        """Whether quantisation was passed."""

    @property
    def crop(self) -> Mapping[str, tuple[Shape, Shape]]:
        """The part that was run."""

    @property
    def checks(self) -> GradientChecks:
        """What was checked."""

    @property
    def growth(self) -> tuple[GrowthStep, ...]:
        """Layers on the way."""


def document(first: CellParts, further: Sequence[CellParts]) -> ErfJson:
    """The document as dicts, lists, texts and numbers."""
    return {"schema": NAME, "path": first.path, **_cell(first), "further": [*map(_cell, further)]}


def _cell(cell: CellParts) -> EffectiveCellJson:
    return {
        "output": cell.at.tensor,
        "shape": [*cell.at.shape],
        "axes": [*cell.at.axes],
        "at": [*cell.at.indices],
        "inputs": [*map(_input, cell.inputs)],
        "count": cell.count,
        "source": cell.source,
        "weights": "random" if cell.random_weights else "file",
        "straight_through": cell.straight_through,
        "crop": [{"name": name, "first": [*first], "size": [*size]} for name, (first, size) in cell.crop.items()],
        "checks": {"adjoint": cell.checks.adjoint, "support": cell.checks.support},
        "growth": [*map(_step, cell.growth)],
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
