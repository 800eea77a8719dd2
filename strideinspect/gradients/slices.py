"""Parts taken of a tensor and put together: Slice, Gather, Split, Concat."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np

from strideinspect.gradients.arrays import Array
from strideinspect.gradients.gradient_rules import GradientCall, constants_of, reverses
from strideinspect.model.node import normal_axis


@reverses("Slice")
def part(call: GradientCall) -> Mapping[int, Array]:
    """Put back where it was taken from; a Slice with a step leaves the indices between at zero."""
    placed, shape = call.placed, call.placed.shape(0)
    starts = placed.integers(1, "starts") or ()
    ends = placed.integers(2, "ends") or ()
    axes = placed.integers(3, "axes") or tuple(range(len(starts)))
    steps = placed.integers(4, "steps") or (1,) * len(starts)
    gradient = call.gradient
    for start, end, given, step in zip(starts, ends, axes, steps, strict=True):
        axis = normal_axis(given, len(shape))
        indices = np.arange(shape[axis])[_slice(start, end, step, shape[axis])]
        if step == 1:
            first = int(indices[0]) if len(indices) else 0
            rest = shape[axis] - first - len(indices)
            begins, after = [0] * len(shape), [0] * len(shape)
            begins[axis], after[axis] = first, rest
            gradient = gradient.pad(begins, after)
        else:
            gradient = gradient.scatter(axis, indices, shape[axis])
    return {0: gradient}


def _slice(start: int, end: int, step: int, length: int) -> slice:
    """As Python's, in which an end before the first index of a backward slice is None."""
    if step < 0:
        first = min(start + length if start < 0 else start, length - 1)
        last = max(end + length if end < 0 else end, -1)
        return slice(max(first, 0), None if last < 0 else last, step)
    return slice(start, end, step)


@reverses("Gather")
def gathered(call: GradientCall) -> Mapping[int, Array]:
    """Each index is added to the one that it was taken from."""
    shape = call.placed.shape(0)
    axis = normal_axis(call.node.integer("axis", 0), len(shape))
    taken = np.asarray(constants_of(call, 1, "indices"), np.int64)
    indices = np.where(taken < 0, taken + shape[axis], taken).reshape(-1)
    flat = call.gradient.reshape((*shape[:axis], prod(taken.shape), *shape[axis + 1 :]))
    return {0: flat.scatter(axis, indices, shape[axis])}


@reverses("Split")
def split(call: GradientCall) -> Mapping[int, Array]:
    """The pieces are put together again."""
    shape = call.placed.shape(0)
    axis = normal_axis(call.node.integer("axis", 0), len(shape))
    pieces = [call.cotangent(k) for k in range(len(call.node.outputs))]
    return {0: call.graph.node("Concat", pieces, shape, axis=axis)}


@reverses("Concat")
def joined(call: GradientCall) -> Mapping[int, Array]:
    """Each operand gets its piece."""
    shape = call.placed.output_shape()
    axis = normal_axis(call.node.integer("axis", 0), len(shape))
    found, start = {}, 0
    for i in range(len(call.node.inputs)):
        length = call.placed.shape(i)[axis]
        begins, after = [0] * len(shape), [0] * len(shape)
        begins[axis], after[axis] = -start, start + length - shape[axis]
        found[i] = call.gradient.pad(begins, after)
        start += length
    return found
