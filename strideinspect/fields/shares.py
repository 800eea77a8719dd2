"""What share of an index every input index contributes along one axis, if each layer averaged what it reads.

These are the uniform weights of Luo et al., "Understanding the Effective Receptive Field in Deep Convolutional Neural
Networks" (arXiv:1701.04128), here at this input size, borders included. A share of 0 inside a field is a hole.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache, reduce

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from strideinspect.fields.axis_field import Fields
from strideinspect.fields.holes import locally
from strideinspect.fields.index_masks import all_marked, back
from strideinspect.fields.node_reads import NodeReads
from strideinspect.limits import LARGEST_SHARES, MOST_TAP_STEPS
from strideinspect.model.shapes import Shapes
from strideinspect.reads.steps import Channels, Read, Sliding, Step, Table, Transposed
from strideinspect.results.field import InputAxis, Shape

Shares = NDArray[np.float64]
"""One row per index of a tensor, one column per index of the input axis: rows add up to 1, those of indices that see
nothing to 0."""

TINY = 1e-200
"""Shares are kept from underflow: a hole is where there is no path, not where there are hundreds of layers."""

_FEW = 16
"""Windows of more taps are multiplied as matrices."""


def shares(
    shapes: Shapes, nodes: Sequence[NodeReads], fields: Fields, source: InputAxis, wanted: Collection[str]
) -> Iterator[tuple[str, Shares]]:
    """The shares of the wanted tensors that have one position axis on the source, in graph order.

    Branches that meet count alike. Nothing for an axis that is too long (`LARGEST_SHARES`), nor for what is computed
    from a tensor for which it would take too long.
    """
    name, axis = source
    extent = shapes.shapes[name][axis]
    if extent**2 > LARGEST_SHARES:
        return
    before = leading_to(nodes, wanted)
    readers = Counter(tensor for item in before for tensor in dict.fromkeys(item.node.inputs))
    known: dict[str, Shares] = {name: np.eye(extent)}
    for item in before:
        for output, found in _of_node(shapes, locally(item, fields, source), fields, source, known):
            known[output] = found
            if output in wanted:
                yield output, found
        for tensor in dict.fromkeys(item.node.inputs):
            readers[tensor] -= 1
            if not readers[tensor]:
                known.pop(tensor, None)


def entries(
    shapes: Shapes, nodes: Sequence[NodeReads], fields: Fields, source: InputAxis, wanted: Collection[str]
) -> int:
    """How many numbers `shares` would compute."""
    name, axis = source
    tensors = (output for item in leading_to(nodes, wanted) for output in item.node.outputs)
    placed = ((tensor, position_axis(fields, tensor, source)) for tensor in tensors)
    return sum(shapes.shapes[tensor][at] for tensor, at in placed if at is not None) * shapes.shapes[name][axis]


def leading_to(nodes: Sequence[NodeReads], wanted: Collection[str]) -> list[NodeReads]:
    """The nodes on which the wanted tensors depend, in graph order."""
    needed = set(wanted)
    leading = []
    for item in reversed(nodes):
        if not needed.isdisjoint(item.node.outputs):
            needed.update(item.node.inputs)
            leading.append(item)
    return leading[::-1]


def _of_node(
    shapes: Shapes, item: NodeReads, fields: Fields, source: InputAxis, known: Mapping[str, Shares]
) -> Iterator[tuple[str, Shares]]:
    for number, output in enumerate(item.node.outputs):
        at = position_axis(fields, output, source)
        if at is None or not item.known:
            continue
        reads = [
            (read, axis, item.node.inputs[read.input])
            for read in item.reads
            if read.output == number
            and (axis := position_axis(fields, item.node.inputs[read.input], source)) is not None
        ]
        shape = shapes.shapes[output]
        if not all(before in known and _affordable(read, shape, at, known[before]) for read, _, before in reads):
            continue  # a branch that is left out would look like a hole
        parts = [_through(read, shape, at, axis, known[before]) for read, axis, before in reads]
        if parts:
            yield output, parts[0] if len(parts) == 1 else _averaged(reduce(np.add, parts))


def _affordable(read: Read, shape: Shape, at: int, before: Shares) -> bool:
    """Whether the taps can be found: maps that are reshaped into one long axis have as many as elements."""
    if not _changes(read, at):
        return True
    if shape[at] * max(before.shape) > LARGEST_SHARES:
        return False
    return all(_separate(step) for step in read.steps) or shape[at] * math.prod(shape) <= MOST_TAP_STEPS


def _separate(step: Step) -> bool:
    """Whether the step concerns one axis only."""
    return isinstance(step, Sliding | Transposed | Table | Channels)


def position_axis(fields: Fields, tensor: str, source: InputAxis) -> int | None:
    """The one axis of a tensor on which its position along the source runs; None where there is none, or several."""
    seen = fields.get(tensor, {}).get(source)
    if seen is None or seen.actual.local is None or len(seen.actual.axes) != 1:
        return None
    (axis,) = seen.actual.axes
    return axis


def _through(read: Read, shape: Shape, at: int, axis: int, before: Shares) -> Shares:
    if not _changes(read, at):
        return before
    taps = _taps(*_along(read, shape, at), at, axis, len(before))
    if taps.shape[1] > _FEW:
        dense = np.zeros((len(taps), len(before) + 1))
        np.put_along_axis(dense, taps, 1, axis=1)
        return _averaged(dense[:, :-1] @ before)
    guarded = np.concatenate([before, np.zeros((1, before.shape[1]))])
    return _averaged(reduce(np.add, (guarded[column] for column in taps.T)))


def _changes(read: Read, at: int) -> bool:
    """Whether anything happens along the axis."""
    if read.place is not None and read.place.axis == at:
        return True
    return not all(_beside(step, at) for step in read.steps)


def _beside(step: Step, at: int) -> bool:
    return isinstance(step, Sliding | Transposed | Table | Channels) and step.axis != at


def _along(read: Read, shape: Shape, at: int) -> tuple[Read, Shape]:
    """The read and the output's shape with what happens along other axes left out, where that stands apart."""
    plain = structs.replace(read, input=0, output=0)
    if plain.place is not None or not all(map(_separate, plain.steps)):
        return plain, shape
    steps = tuple(step for step in plain.steps if not _beside(step, at))
    return structs.replace(plain, steps=steps), tuple(size if axis == at else 1 for axis, size in enumerate(shape))


@lru_cache(maxsize=512)  # networks repeat a few reads many times
def _taps(read: Read, shape: Shape, at: int, axis: int, length: int) -> NDArray[np.intp]:
    """The indices along `axis` of the input that each index along axis `at` of the output reads, `length` for none."""
    whole = all_marked(shape)
    single = np.eye(shape[at], dtype=bool)
    rows = []
    for index in range(shape[at]):
        masks = back(read, (*whole[:at], single[index], *whole[at + 1 :]))
        rows.append(np.zeros(0, dtype=np.intp) if masks is None else np.flatnonzero(masks[axis]))
    taps = np.full((len(rows), max(map(len, rows), default=1) or 1), length, dtype=np.intp)
    for row, found in zip(taps, rows, strict=True):
        row[: len(found)] = found
    return taps


def _averaged(sums: Shares) -> Shares:
    totals = sums.sum(axis=1, keepdims=True)
    totals[totals == 0] = 1
    shares: Shares = sums / totals
    shares[(shares > 0) & (shares < TINY)] = TINY
    return shares
