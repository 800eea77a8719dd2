"""The axes of a model as a bioimage.io description has them, with the sizes and halos of an exact tiling.

Source: the bioimage.io model description, format 0.5 (inputs and outputs, `axes`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from strideinspect.analysis import Analysis
from strideinspect.results.tiling import TiledAxis, TiledOutput

_SPACE = {1: ("time",), 2: ("y", "x"), 3: ("z", "y", "x")}
"""Ids of the axes, by the number of spatial axes of an input."""


def described(analysis: Analysis, outputs: Sequence[TiledOutput]) -> dict[str, Any] | None:
    """The axes of all inputs and outputs; None where the description has no words for them.

    It has one id and one step per axis and one halo for both sides, in cells of the output, and sizes of outputs are
    those of an input, scaled, and moved by a whole number of cells.
    """
    name, axes = next(((name, axes) for name, axes in analysis.spatial_axes.items() if axes), ("", ()))
    alone = [other for other in analysis.network.inputs if other != name]
    if len(axes) not in _SPACE or alone or len(outputs) < len(analysis.network.outputs):
        return None
    if any({axis.axis for axis in output.axes} != set(axes) or output.whole for output in outputs):
        return None
    ids = dict(zip(axes, _SPACE[len(axes)], strict=True))
    described_outputs = []
    smallest = {axis: max(_smallest(use) for use in _uses(outputs, axis)) for axis in axes}
    for output in outputs:
        by_axis = {axis.node_axis: _output_axis(axis, name, ids[axis.axis]) for axis in output.axes}
        if None in by_axis.values():
            return None
        shape = analysis.shapes.shapes[output.output]
        described_outputs.append({"id": output.output, "axes": _axes(shape, by_axis)})
    steps = {axis: max(use.step for use in _uses(outputs, axis)) for axis in axes}
    own: Mapping[int, Any] = {
        axis: _typed(ids[axis]) | {"size": {"min": smallest[axis], "step": steps[axis]}} for axis in axes
    }
    return {
        "format_version": "0.5",
        "inputs": [{"id": name, "axes": _axes(analysis.sizes[name], own)}],
        "outputs": described_outputs,
    }


def _uses(outputs: Sequence[TiledOutput], axis: int) -> list[TiledAxis]:
    return [use for output in outputs for use in output.axes if use.axis == axis]


def _smallest(use: TiledAxis) -> int:
    """The smallest tile of which the larger crop leaves a cell at both sides."""
    size = use.smallest_tile
    while use.cells_at(size) <= 2 * max(use.crop):
        size += use.step
    return size


def _axes(shape: Sequence[int], positions: Mapping[int, Any]) -> list[dict[str, Any]]:
    axes: list[dict[str, Any]] = []
    for axis, size in enumerate(shape):
        if axis in positions:
            axes.append(positions[axis])
        elif axis == 0:
            axes.append({"type": "batch"})
        else:
            axes.append({"type": "channel", "channel_names": [f"channel{number}" for number in range(size)]})
    return axes


def _typed(axis_id: str) -> dict[str, Any]:
    return {"type": "time" if axis_id == "time" else "space", "id": axis_id}


def _output_axis(axis: TiledAxis, name: str, axis_id: str) -> dict[str, Any] | None:
    """One axis of an output; None where its size is not that of the input, scaled, and a whole number of cells more."""
    offset = axis.cells - axis.length * axis.scale
    if offset.denominator != 1:
        return None
    scale = Fraction(1) / axis.scale
    size = {"tensor_id": name, "axis_id": axis_id, "offset": int(offset)}
    return _typed(axis_id) | {"scale": float(scale), "size": size, "halo": max(axis.crop)}
