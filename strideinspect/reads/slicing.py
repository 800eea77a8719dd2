"""Slices: a range of an axis, with a step.

Source: ONNX Slice (1, 10, 11, 13), Split.
"""

from __future__ import annotations

import numpy as np

from strideinspect.model.node import PlacedNode, Shape, UnresolvedError, normal_axis
from strideinspect.reads.families import reads
from strideinspect.reads.periodic import repeating
from strideinspect.reads.steps import Read, Sliding, Step, single


@reads("Slice", preserves=True)
def slice_(placed: PlacedNode) -> tuple[Read, ...]:
    """A window of size 1 with the step as its stride; a negative step reverses the axis."""
    shape, after = placed.shape(0), placed.output_shape()
    starts, ends = placed.integers(1, "starts"), placed.integers(2, "ends")
    if starts is None or ends is None:
        raise UnresolvedError("it has no starts or ends")
    axes = placed.integers(3, "axes") or tuple(range(len(starts)))
    steps = (placed.integers(4, "steps") if placed.present(4) else None) or (1,) * len(starts)
    if not len(starts) == len(ends) == len(axes) == len(steps):
        raise UnresolvedError("its starts, ends, axes and steps differ in length")
    moves: list[Step] = []
    for given, start, step in zip(axes, starts, steps, strict=True):
        axis = normal_axis(given, len(shape))
        if step == 0:
            raise UnresolvedError("its step is 0")
        moves.append(_stretch(axis, start, step, shape, after, size_dependent=placed.is_size_dependent(1)))
    return (Read(0, 0, tuple(moves)),)


def _stretch(axis: int, start: int, step: int, shape: Shape, after: Shape, *, size_dependent: bool) -> Step:
    length = shape[axis]
    first = start + length if start < 0 else start
    if step > 0:
        first = min(max(first, 0), length)
        return Sliding(axis, 1, step, 1, -first, length, after[axis], size_dependent=size_dependent or start < 0)
    first = min(max(first, 0), length - 1)
    tap = np.array([[first]], dtype=np.int64)
    return single(axis, length, first + step * np.arange(after[axis]), repeating(step, tap, size_dependent=True))


@reads("Split")
def split(placed: PlacedNode) -> tuple[Read, ...]:
    """One range per output."""
    shape = placed.shape(0)
    axis = normal_axis(placed.node.integer("axis", 0), len(shape))
    offset, stretches = 0, []
    for k, name in enumerate(placed.node.outputs):
        if not name:
            raise UnresolvedError("an output is left out, so that the offsets of the others are not known")
        size = placed.shapes[name][axis]
        stretches.append(Read(0, k, (Sliding(axis, 1, 1, 1, -offset, shape[axis], size),)))
        offset += size
    return tuple(stretches)
