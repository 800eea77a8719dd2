"""The answer to `tiles` as plain data: the JSON contract `strideinspect/tiles/1`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from strideinspect.results.json_tiles_types import (
    NAME,
    MillisecondsJson,
    TiledAxisJson,
    TiledOutputJson,
    TilePlanJson,
    TilesJson,
)
from strideinspect.results.tile_parts import StatePair, TiledAxis, TiledOutput, TilePlan, TilingProof, milliseconds


def document(
    path: str,
    outputs: Iterable[TiledOutput],
    plan: Iterable[TilePlan],
    states: Iterable[StatePair],
    bioimageio: dict[str, Any] | None,
    proof: TilingProof,
    rate: float | None,
) -> TilesJson:
    """The document as dicts, lists, texts and numbers."""
    return {
        "schema": NAME,
        "path": path,
        "outputs": [_output(output, rate) for output in outputs],
        "plan": [*map(_plan, plan)],
        "states": [{"input": pair.input, "output": pair.output} for pair in states],
        "bioimageio": bioimageio,
        "proof": {
            "status": proof.status,
            "reason": proof.reason,
            "max_difference": proof.max_difference,
            "bound": proof.bound,
            "moved": proof.moved,
            "one_less": proof.one_less,
            "tiles": proof.tiles,
        },
    }


def _output(output: TiledOutput, rate: float | None) -> TiledOutputJson:
    return {
        "output": output.output,
        "exact": output.exact,
        "reason": output.reason,
        "axes": [_axis(axis, rate) for axis in output.axes],
        "whole": [{"input": one.input, "axis": one.axis, "reason": one.reason} for one in output.whole],
    }


def _axis(axis: TiledAxis, rate: float | None) -> TiledAxisJson:
    entries: TiledAxisJson = {
        "input": axis.input,
        "axis": axis.axis,
        "node_axis": axis.node_axis,
        "step": axis.step,
        "halo": [*axis.halo],
        "crop": [*axis.crop],
        "crop_on_grid": axis.crop_on_grid,
        "smallest_tile": axis.smallest_tile,
        "scale": str(axis.scale),
        "lookahead": axis.lookahead,
        "lookback": axis.lookback,
    }
    if rate is not None:
        entries["milliseconds"] = _times(axis, rate)
    return entries


def _times(axis: TiledAxis, rate: float) -> MillisecondsJson:
    return {
        "step": milliseconds(axis.step, rate),
        "lookahead": milliseconds(axis.lookahead, rate),
        "lookback": milliseconds(axis.lookback, rate),
        "smallest_tile": milliseconds(axis.smallest_tile, rate),
    }


def _plan(plan: TilePlan) -> TilePlanJson:
    return {
        "input": plan.input,
        "axis": plan.axis,
        "size": plan.size,
        "advance": plan.advance,
        "overlap": plan.overlap,
        "ratios": {"monai": plan.ratios.monai, "sahi": plan.ratios.sahi, "nnunet": plan.ratios.nnunet},
        "fixed": plan.fixed,
    }
