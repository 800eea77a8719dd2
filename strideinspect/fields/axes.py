"""Axes of a tensor along which positions run, through reshapes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection

from msgspec import Struct

from strideinspect.results.field import Shape


class StepContext(Struct, frozen=True):
    """Context of a step: the node's input and output tensor, its label for messages, and the axes of other sources."""

    tensor: str
    label: str
    other_axes: frozenset[int]
    source: str = ""


def carried(axes: Collection[int], before: Shape, after: Shape) -> frozenset[int]:
    """The axes of `after` along which positions run that ran along `axes` of `before`, values in row-major order.

    An axis is a digit of the flat index; it continues in every axis on which that digit depends: in none that counts
    whole turns of it, or parts that add up to whole indices of it. An axis of extent 1 is no digit: it continues in the
    axis of extent 1 between the same digits, counted from the left.
    """
    axes_after = set()
    old, new = _digits(before), _digits(after)
    for axis in axes:
        low, high = old[axis]
        if low == high:
            twins = [i for i, digit in enumerate(new) if digit == (low, high)]
            turn = [i for i, digit in enumerate(old) if digit == (low, high)].index(axis)
            axes_after.update(twins[turn : turn + 1])
        elif high:
            axes_after.update(i for i, (a, b) in enumerate(new) if a < b and low % b and a % high)
    return frozenset(axes_after)


def inserts_axes(before: Shape, after: Shape) -> bool:
    """Whether a reshape inserts an axis of extent 1: between some digits there are more than before."""
    old, new = (Counter(low for low, high in _digits(shape) if low == high) for shape in (before, after))
    return bool(new - old)


def _digits(shape: Shape) -> list[tuple[int, int]]:
    """Place value of each axis and of the one before it."""
    return [(math.prod(shape[i + 1 :]), math.prod(shape[i:])) for i in range(len(shape))]
