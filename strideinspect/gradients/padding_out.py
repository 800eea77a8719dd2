"""Pad: the gradient of the inner part, and of the copies that reflections and repetitions make."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from strideinspect.gradients.arrays import Array
from strideinspect.gradients.gradient_rules import GradientCall, NoGradientError, reverses
from strideinspect.model.node import normal_axis


@reverses("Pad")
def padding(call: GradientCall) -> Mapping[int, Array]:
    """Per axis, each index is added to the one that it is a copy of; constants have none."""
    placed, mode = call.placed, call.node.text("mode", "constant")
    rank = len(placed.shape(0))
    amounts = placed.integers(1, "pads") or placed.integers(1, "paddings") or ()
    listed = placed.integers(3, "axes") if placed.present(3) else None
    axes = range(rank) if listed is None else [normal_axis(axis, rank) for axis in listed]
    begin, end = [0] * rank, [0] * rank
    for k, axis in enumerate(axes):
        begin[axis], end[axis] = amounts[k], amounts[k + len(axes)]
    if mode == "constant":
        return {0: call.gradient.pad([-n for n in begin], [-n for n in end])}
    if mode not in {"reflect", "edge", "wrap"}:
        raise NoGradientError(f"its mode {mode!r} is not known")
    gradient = call.gradient
    for axis, length in enumerate(placed.shape(0)):
        if begin[axis] or end[axis]:
            gradient = gradient.scatter(axis, _sources(length, begin[axis], end[axis], mode), length)
    return {0: gradient}


def _sources(length: int, begin: int, end: int, mode: str) -> NDArray[np.int64]:
    """The index that each index of the padded axis is a copy of; a negative amount crops."""
    index = np.arange(-begin, length + end)
    if mode == "edge":
        return np.asarray(np.clip(index, 0, length - 1))
    if mode == "wrap":
        return np.asarray(index % length)
    period = max(1, 2 * (length - 1))
    folded = index % period
    return np.asarray(np.minimum(folded, period - folded))
