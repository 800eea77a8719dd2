"""Reads by index tables: along one axis, or over the flattened tensor if the axes cannot be separated."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from strideinspect.limits import LARGEST_INDEX_TABLE, MOST_LISTED_TAPS
from strideinspect.model.node import PlacedNode, UnresolvedError
from strideinspect.reads.periodic import repeating
from strideinspect.reads.steps import Read, Reshape, Sliding, Step, Table, single

Elements = NDArray[np.int64]
"""Row-major element numbers of an input; -1 for none."""


def elements(shape: tuple[int, ...]) -> Elements:
    """The number of every element, in the tensor's shape. Raises UnresolvedError for a tensor too large for a table."""
    count = math.prod(shape)
    if count > LARGEST_INDEX_TABLE:
        raise UnresolvedError(f"a table of its {count:,} elements would be too large")
    return np.arange(count, dtype=np.int64).reshape(shape)


def bounded(axis: int, outputs: int, taps: int = 1) -> None:
    """Raise UnresolvedError for an axis that is too long to list what each of its indices reads."""
    if outputs * taps > MOST_LISTED_TAPS:
        raise UnresolvedError(f"its axis {axis} of {outputs:,} indices is too long to follow")


def element_wise(placed: PlacedNode, taps: Elements, input: int = 0, output: int = 0) -> Read:
    """Every output element reads the input elements listed for it; `taps` is [output elements, taps] or [outputs…]."""
    before, after = placed.shape(input), placed.output_shape(output)
    if taps.size == math.prod(after) and len(before) == len(after):
        apart = _axis_by_axis(placed, taps.reshape(after), before)
        if apart is not None:
            return Read(input, output, apart)
    wide = taps.reshape(math.prod(after), -1).astype(np.int32)
    if wide.size > LARGEST_INDEX_TABLE:
        raise UnresolvedError(f"a table of {wide.size:,} entries would be too large")
    why = f"{placed.node.op} {placed.node.label!r} selects single elements"
    table = Table(0, math.prod(before), wide, why, of_elements=True)
    steps: tuple[Step, ...] = (Reshape(before, (math.prod(before),)), table, Reshape((math.prod(after),), after))
    return Read(input, output, steps)


def _axis_by_axis(placed: PlacedNode, taps: Elements, before: tuple[int, ...]) -> tuple[Step, ...] | None:
    """One table per axis if the index along each input axis depends only on the same output axis; else None."""
    if not taps.size or taps.min() < 0:
        return None
    steps: list[Step] = []
    for axis, index in enumerate(np.unravel_index(taps, before)):
        line = index[tuple(slice(None) if i == axis else slice(1) for i in range(index.ndim))]
        if (index != line).any():
            return None
        chosen = line.reshape(-1)
        if chosen.size != before[axis] or (chosen != np.arange(chosen.size)).any():
            steps.append(pick(axis, before[axis], chosen, placed.node.label))
    return tuple(steps)


def pick(axis: int, length: int, indices: NDArray[np.int64], label: str) -> Step:
    """Each output index reads the index listed for it along one axis; a strided window if these are evenly spaced."""
    steps = np.diff(indices)
    if indices.size and (steps == (steps[0] if steps.size else 1)).all():
        step = int(steps[0]) if steps.size else 1
        if step > 0:
            return Sliding(axis, 1, step, 1, -int(indices[0]), length, indices.size)
        if step < 0:
            return single(axis, length, indices, repeating(step, indices[:1, None], size_dependent=True))
    return single(axis, length, indices, f"{label!r} selects single indices of the axis")


def unfollowed(placed: PlacedNode) -> str:
    """Describe the indices of a node (its input 1) whose values are not known, for a message."""
    name = placed.node.inputs[1]
    if placed.is_data_dependent(1):
        return f"indices ({name!r}) that are computed from the data"
    return (
        f"indices ({name!r}) that are in another file" if placed.in_another_file(1) else f"too many indices ({name!r})"
    )


def grouped(target: Elements, count: int) -> Elements:
    """For each number below `count`, the positions at which the one-dimensional `target` has it; padded with -1."""
    order = np.argsort(target, kind="stable")
    sorted_ = target[order]
    start = np.searchsorted(sorted_, np.arange(count))
    rank = np.arange(target.size) - start[sorted_]
    width = int(rank.max(initial=0)) + 1
    if count * width > LARGEST_INDEX_TABLE:
        raise UnresolvedError(f"a table of {count * width:,} entries would be too large")
    inverse = np.full((count, width), -1, dtype=np.int64)
    inverse[sorted_, rank] = order
    return inverse
