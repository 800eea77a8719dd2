"""The indices of an output map do not lie where half-pixel centers put them.

## What it does

Compares the center of index i of an output map, averaged over the phases of its field, with `(i + ½)·stride − ½`: the
middle of the pixels that it stands for. Reports a distance of at least a quarter of the effective stride and at least
one pixel, once per output and distance.

Four cases are not reported. Where branches of different centers were merged, there is no single distance, and
`misaligned-merge` names the merges. Along a causal axis, as in a WaveNet, the past is seen on purpose. A map of one
index, or on an input of one pixel, has no positions to decode. Windows without padding leave out as much in front as
behind: the map is a crop, centered on the image.

## Why it matters

Boxes, heat maps and anchors that are mapped back to pixels with `(i + ½)·stride − ½` are off by this distance. It comes
from strided convolutions with odd kernels: padded symmetrically, index i of a 3×3 with stride 2 is centered on pixel
2·i, not between 2·i and 2·i + 1. Five of them put index i half an index, 15.5 pixels, before the middle of its 32.
TensorFlow's SAME padding puts it after.

## Flagged

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,16,16] x) => (float[1,1,4,4] y) <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
      a = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (x, w)
      y = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (a, w)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,16,16] x) => (float[1,1,4,4] y) {
      a = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
      y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (a)
    }

## What to do

Decode positions, and lay anchors, at the center that the finding names. Nothing, if the training did the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.bounds import by_input
from strideinspect.rules.causal_axes import causal
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import axes_listed
from strideinspect.spelling import center, half_pixel, shift

if TYPE_CHECKING:
    from fractions import Fraction

    from strideinspect.results.field import Field
    from strideinspect.rules.inspection import Inspection


@rule("alignment", Severity.NOTE)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per output, input and distance."""
    for output in inspection.analysis.outputs:
        for name, fields in by_input(output).items():
            rank = len(inspection.analysis.spatial_axes[name])
            drifts: dict[tuple[Fraction, Fraction], list[int]] = {}
            for field in fields:
                offset = _drift(field)
                if offset is not None and field.stride is not None and not causal(field, fields):
                    drifts.setdefault((offset, field.stride), []).append(field.axis)
            for (offset, stride), axes in drifts.items():
                yield Draft(
                    f"index i of {output.name} is centered at {center(stride, offset)} along {axes_listed(axes)} of "
                    f"{name}, {shift(offset, rank)} {half_pixel(stride)}",
                    _help(rank, stride),
                    tensor=output.name,
                    input=name,
                    axes=tuple(axes),
                    written_by=output.name,
                )


def _help(rank: int, stride: Fraction) -> str:
    if rank == 1:
        return "take this center as the time of index i"
    if stride <= 1:
        return "shift the map by this distance before laying it over the input"
    return "decode positions, and lay anchors, at this center instead"


def _drift(field: Field) -> Fraction | None:
    """The offset of a field where it is worth a note."""
    cells = len(field.positions)
    if field.alignment is None or field.stride is None or min(field.extent, cells) < 2:
        return None  # nobody decodes a position from one index, or on one pixel
    offset = field.alignment.offset
    left_out = field.extent - cells * field.stride
    if offset is None or (left_out > 0 and not _matters(offset - left_out / 2, field.stride)):
        return None
    return offset if _matters(offset, field.stride) else None


def _matters(distance: Fraction, stride: Fraction) -> bool:
    return abs(distance) >= 1 and abs(distance) * 4 >= stride
