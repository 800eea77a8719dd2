"""Reads that follow no single axis: a table over the flattened tensor, for operators that pick element by element."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from strideinspect.model.node import PlacedNode, UnresolvedError
from strideinspect.reads.steps import Read, Reshape, Step, Table

LARGEST = 1 << 22
"""Tables with more entries than this are not made."""

Elements = NDArray[np.int64]
"""Row-major element numbers of an input; -1 for none."""


def elements(shape: tuple[int, ...]) -> Elements:
    """The number of every element, in the tensor's shape. Raises UnresolvedError for a tensor too large for a table."""
    count = math.prod(shape)
    if count > LARGEST:
        raise UnresolvedError(f"a table of its {count:,} elements would be too large")
    return np.arange(count, dtype=np.int64).reshape(shape)


def element_wise(placed: PlacedNode, taps: Elements, input: int = 0, output: int = 0) -> Read:
    """Every output element reads the input elements listed for it; `taps` is [output elements, taps] or [outputs…]."""
    before, after = placed.shape(input), placed.output_shape(output)
    wide = taps.reshape(math.prod(after), -1).astype(np.int32)
    if wide.size > LARGEST:
        raise UnresolvedError(f"a table of {wide.size:,} entries would be too large")
    why = f"{placed.node.op} {placed.node.label!r} picks its elements one by one"
    table = Table(0, math.prod(before), wide, why)
    steps: tuple[Step, ...] = (Reshape(before, (math.prod(before),)), table, Reshape((math.prod(after),), after))
    return Read(input, output, steps)


def grouped(target: Elements, count: int) -> Elements:
    """For each of `count` targets the positions in `target` (one-dimensional) that name it; -1 for none."""
    order = np.argsort(target, kind="stable")
    sorted_ = target[order]
    start = np.searchsorted(sorted_, np.arange(count))
    rank = np.arange(target.size) - start[sorted_]
    width = int(rank.max(initial=0)) + 1
    if count * width > LARGEST:
        raise UnresolvedError(f"a table of {count * width:,} entries would be too large")
    found = np.full((count, width), -1, dtype=np.int64)
    found[sorted_, rank] = order
    return found
