"""The axes of a model as a bioimage.io description has them, with the sizes and halos of an exact tiling.

Source: the bioimage.io model description, format 0.5 (inputs and outputs, `axes`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from keyword import iskeyword
from typing import Any

from strideinspect.analysis import Analysis
from strideinspect.results.tile_parts import TiledAxis, TiledOutput

_SPACE = {1: ("time",), 2: ("y", "x"), 3: ("z", "y", "x")}
"""Ids of the axes, by the number of spatial axes of an input."""

_LONGEST_ID = 32
"""Characters of the id of a tensor."""


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
    tensors = _tensor_ids([name, *(output.output for output in outputs)])
    described_outputs = []
    for output in outputs:
        by_axis = {axis.node_axis: _output_axis(axis, tensors[name], ids[axis.axis]) for axis in output.axes}
        if None in by_axis.values():
            return None
        shape = analysis.shapes.shapes[output.output]
        described_outputs.append({"id": tensors[output.output], "axes": _axes(shape, by_axis)})
    sizes = {axis: _size(_uses(outputs, axis), fixed=analysis.network.inputs[name].fixes(axis)) for axis in axes}
    if None in sizes.values():
        return None
    own: Mapping[int, Any] = {axis: _typed(ids[axis]) | {"size": sizes[axis]} for axis in axes}
    return {
        "format_version": "0.5",
        "inputs": [{"id": tensors[name], "axes": _axes(analysis.sizes[name], own)}],
        "outputs": described_outputs,
    }


def _tensor_ids(names: Sequence[str]) -> dict[str, str]:
    """An id per tensor: a lower-case Python identifier of at most 32 characters, like the name where that is one."""
    ids: dict[str, str] = {}
    for name in names:
        text = re.sub(r"\W+", "_", name.lower(), flags=re.ASCII).strip("_")[:_LONGEST_ID]
        if not text.isidentifier() or iskeyword(text) or text in ids.values():
            text = f"tensor{len(ids)}_{text}"[:_LONGEST_ID].rstrip("_")
        ids[name] = text
    return ids


def _size(uses: Sequence[TiledAxis], *, fixed: bool) -> int | dict[str, int] | None:
    """The size of an input axis: a number that the file fixes, else a smallest one and a step; None where no tile fits.

    The step is the least common multiple of those of all outputs.
    """
    smallest, step = max(map(_smallest, uses)), math.lcm(*(use.step for use in uses))
    if fixed:
        return uses[0].length if uses[0].length >= smallest else None
    return {"min": smallest, "step": step}


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
        elif all(other["type"] != "channel" for other in axes):
            axes.append({"type": "channel", "channel_names": [f"channel{number}" for number in range(size)]})
        else:
            axes.append({"type": "index", "id": f"axis{axis}", "size": size})
    return axes


def _typed(axis_id: str) -> dict[str, Any]:
    return {"type": "time" if axis_id == "time" else "space", "id": axis_id}


def _output_axis(axis: TiledAxis, name: str, axis_id: str) -> dict[str, Any] | None:
    """One axis of an output; None where its size is not that of the input, scaled, and a whole number of cells more.

    A halo is 1 or more; without one there is no such entry.
    """
    offset = axis.cells - axis.length * axis.scale
    if offset.denominator != 1:
        return None
    scale = Fraction(1) / axis.scale
    size = {"tensor_id": name, "axis_id": axis_id, "offset": int(offset)}
    halo = {"halo": max(axis.crop)} if max(axis.crop) else {}
    return _typed(axis_id) | {"scale": float(scale), "size": size} | halo
