"""Check that reads fit the shapes of their tensors: a damaged model may have a window over an axis that is missing.

Code that interprets steps relies on this check and does not repeat it.
"""

from __future__ import annotations

import math
from typing import assert_never

from strideinspect.reads import steps
from strideinspect.results.field import Shape


def fits(read: steps.Read, before: Shape, after: Shape) -> bool:
    """Whether the steps lead from the input's shape to the output's, or to a range of it."""
    shape = before
    for step in read.steps:
        following = shape_after(step, shape)
        if following is None:
            return False
        shape = following
    place = read.place
    if place is None:
        return shape == after
    if not (0 <= place.axis < len(after) == len(shape) and after[place.axis] == place.size):
        return False
    inside = place.offset >= 0 and place.offset + place.length <= place.size
    return inside and shape == (*after[: place.axis], place.length, *after[place.axis + 1 :])


def shape_after(step: steps.Step, shape: Shape) -> Shape | None:  # noqa: C901, PLR0911 - one case a kind
    """The shape after one step; None where the step does not fit the shape before it."""
    match step:  # the most frequent kinds first
        case steps.Sliding() | steps.Transposed():
            return _window(step, shape)
        case steps.Channels():
            return _channels(step, shape)
        case steps.Broadcast():
            return _broadcast(step, shape)
        case steps.Reshape():
            fits_in = min(step.after, default=0) >= 0 and math.prod(step.before) == math.prod(step.after)
            return step.after if shape == step.before and fits_in else None
        case steps.Permute():
            return _permute(step, shape)
        case steps.Whole():
            return _one_axis(shape, step.axis, step.length, 1)
        case steps.Table():
            return _table(step, shape)
        case steps.Statistics():
            return shape if all(0 <= axis < len(shape) for axis in step.axes) else None
        case steps.Masked():
            return shape if shape == step.shape else None
        case steps.Everything():
            return step.after if shape == step.before else None
        case steps.Cumulative():
            return shape if 0 <= step.axis < len(shape) else None
        case _:
            assert_never(step)


def _one_axis(shape: Shape, axis: int, length: int, size: int) -> Shape | None:
    if not 0 <= axis < len(shape) or shape[axis] != length or size < 0:
        return None
    return (*shape[:axis], size, *shape[axis + 1 :])


def _window(step: steps.Sliding | steps.Transposed, shape: Shape) -> Shape | None:
    if min(step.kernel, step.stride, step.dilation) < 1:
        return None
    return _one_axis(shape, step.axis, step.length, step.size)


def _table(step: steps.Table, shape: Shape) -> Shape | None:
    if step.taps.size and not -1 <= int(step.taps.min()) <= int(step.taps.max()) < step.length:
        return None
    return _one_axis(shape, step.axis, step.length, step.size)


def _channels(step: steps.Channels, shape: Shape) -> Shape | None:
    if step.groups < 1 or step.inputs % step.groups or step.outputs % step.groups:
        return None
    return _one_axis(shape, step.axis, step.inputs, step.outputs)


def _permute(step: steps.Permute, shape: Shape) -> Shape | None:
    if sorted(step.perm) != list(range(len(shape))):
        return None
    return tuple(shape[axis] for axis in step.perm)


def _broadcast(step: steps.Broadcast, shape: Shape) -> Shape | None:
    lead = len(step.after) - len(shape)
    if shape != step.before or lead < 0:
        return None
    return step.after if all(a in (1, b) for a, b in zip(shape, step.after[lead:], strict=True)) else None
