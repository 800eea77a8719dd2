"""Gathering and scattering of elements: exact for constant indices, the whole input for computed ones.

Source: ONNX GatherElements, GatherND, ScatterElements (Scatter before 11), ScatterND, Trilu, ReverseSequence;
com.microsoft GatherND, Trilu.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from strideinspect.model.node import PlacedNode, UnresolvedError, normal_axis
from strideinspect.reads.families import reads
from strideinspect.reads.index_tables import Elements, element_wise, elements, grouped, unfollowed
from strideinspect.reads.max_unpooling import scattered_by_pool, scattered_in_planes
from strideinspect.reads.periodic import repeating
from strideinspect.reads.steps import AxisPart, Read, Reshape, Sliding, Step, single


@reads("GatherElements")
def gather_elements(placed: PlacedNode) -> tuple[Read, ...]:
    """Each output element reads the element at its own position, with the index along the axis replaced."""
    shape, index = placed.shape(0), _indices(placed)
    axis = normal_axis(placed.node.integer("axis", 0), len(shape))
    return (element_wise(placed, elements(shape)[_places(index, axis, shape[axis])]),)


@reads("GatherND")
@reads("GatherND", domain="com.microsoft")
def gather_nd(placed: PlacedNode) -> tuple[Read, ...]:
    """Each row of indices selects a slice; the first `batch_dims` axes of data and indices are matched one to one."""
    shape, rows = placed.shape(0), placed.shape(1)[:-1]
    batch_axes = placed.node.integer("batch_dims", 0)
    named = _columns(placed, shape[batch_axes:])
    source = elements(shape)
    walked = np.ix_(*(np.arange(n) for n in shape[:batch_axes])) if batch_axes else ()
    along = tuple(a.reshape(a.shape + (1,) * (len(rows) - batch_axes)) for a in walked)
    picked = source[(*along, *named)]
    return (element_wise(placed, np.broadcast_to(picked, rows + picked.shape[len(rows) :])),)


@reads("ScatterElements", "Scatter")
def scatter_elements(placed: PlacedNode) -> tuple[Read, ...]:
    """Elements that are written to read the updates, all others the data. Max unpooling is written this way, too."""
    shape = placed.shape(0)
    axis = normal_axis(placed.node.integer("axis", 0), len(shape))
    unpooled = scattered_in_planes(placed, axis, 2)
    if unpooled is not None:
        return unpooled if not placed.is_data_dependent(0) else (Read(0), *unpooled)
    index = _indices(placed)
    target = elements(shape)[_places(index, axis, shape[axis])]
    return _placed_into(placed, target, placed.node.text("reduction", "none"))


@reads("ScatterND")
def scatter_nd(placed: PlacedNode) -> tuple[Read, ...]:
    """Like ScatterElements, for slices. Writing to a range of one axis is described like a Concat.

    Exporters write the assignment `y[..., 1:3] = x` as a ScatterND, and max unpooling.
    """
    unpooled = scattered_by_pool(placed, 2)
    if unpooled is not None:
        return unpooled if not placed.is_data_dependent(0) else (Read(0), *unpooled)
    shape, rows = placed.shape(0), placed.shape(1)[:-1]
    named, reduction = _columns(placed, shape), placed.node.text("reduction", "none")
    block = _block(named, rows) if reduction == "none" else None
    if block is not None:
        block += tuple((0, n) for n in shape[len(named) :])
        partial = [axis for axis, (_, length) in enumerate(block) if length < shape[axis]]
        laid = _relaid(placed.shape(2), tuple(length for _, length in block))
        if not placed.is_data_dependent(0):
            return (Read(2, 0, (*laid, *(_padded(placed, a, block[a]) for a in partial))),)
        if len(partial) < 2:
            return _joined(placed, partial, block, laid)
    written = elements(shape)[named]
    target = np.broadcast_to(written, rows + written.shape[len(rows) :])
    return _placed_into(placed, target, reduction)


_Stretch = tuple[int, int]
"""Start and length of the range of an axis that is written to."""


def _block(named: tuple[Elements, ...], rows: tuple[int, ...]) -> tuple[_Stretch, ...] | None:
    """The range of each axis if the indices select exactly a block, in row-major order; else None."""
    stretches: list[_Stretch] = []
    varying_axes: list[int] = []
    for index in named:
        varying = [axis for axis, n in enumerate(index.shape) if n > 1]
        line = index.reshape(-1)
        if len(varying) > 1 or not line.size or (line != np.arange(line[0], line[0] + line.size)).any():
            return None
        stretches.append((int(line[0]), line.size))
        varying_axes += varying
    in_order = varying_axes == [axis for axis, n in enumerate(rows) if n != 1]
    return tuple(stretches) if in_order else None


def _relaid(before: tuple[int, ...], after: tuple[int, ...]) -> tuple[Step, ...]:
    return () if before == after else (Reshape(before, after),)


def _padded(placed: PlacedNode, axis: int, stretch: _Stretch) -> Step:
    """Updates surrounded by constants, which are the same as padding."""
    start, length = stretch
    return Sliding(axis, 1, 1, 1, start, length, placed.shape(0)[axis], size_dependent=placed.is_size_dependent(1))


def _joined(
    placed: PlacedNode, partial: Sequence[int], block: Sequence[_Stretch], laid: tuple[Step, ...]
) -> tuple[Read, ...]:
    """The updates between the remaining data before and after them; only the updates if they cover the whole tensor."""
    if not partial:
        return (Read(2, 0, laid),)
    (axis,) = partial
    size, (start, length) = placed.shape(0)[axis], block[axis]
    end = start + length
    why = f"{placed.node.label!r} assigns to a part of the axis"
    pieces = [
        Read(0, 0, (single(axis, size, np.arange(first, last), why),), AxisPart(axis, first, last - first, size))
        for first, last in ((0, start), (end, size))
        if first < last
    ]
    return (*pieces, Read(2, 0, laid, AxisPart(axis, start, length, size)))


def _placed_into(placed: PlacedNode, target: Elements, reduction: str) -> tuple[Read, ...]:
    own = elements(placed.shape(0)).reshape(-1)
    updates = grouped(target.reshape(-1), own.size)
    if reduction == "none":
        latest = updates.max(axis=1)  # a later write overwrites an earlier one
        return (
            element_wise(placed, np.where(latest < 0, own, -1)),
            element_wise(placed, latest, input=2),
        )
    return (Read(0), element_wise(placed, updates, input=2))


@reads("Trilu")
@reads("Trilu", domain="com.microsoft")
def triangle(placed: PlacedNode) -> tuple[Read, ...]:
    """One triangle is copied; the other one is zero and reads nothing."""
    shape = placed.shape(0)
    offset = 0
    if placed.present(1):
        given = placed.constant(1)
        if given is None:
            raise UnresolvedError(f"its diagonal ({placed.node.inputs[1]!r}) is computed from the data")
        offset = int(given.reshape(-1)[0])
    row, column = np.ogrid[: shape[-2], : shape[-1]]
    kept = column - row >= offset if placed.node.integer("upper", 1) else column - row <= offset
    return (element_wise(placed, np.where(kept, elements(shape), -1)),)


@reads("ReverseSequence")
def reverse_sequence(placed: PlacedNode) -> tuple[Read, ...]:
    """In batch element b the first `lengths[b]` indices of the time axis are reversed."""
    shape, lengths = placed.shape(0), placed.constant(1)
    time = normal_axis(placed.node.integer("time_axis", 0), len(shape))
    batch = normal_axis(placed.node.integer("batch_axis", 1), len(shape))
    if lengths is None:
        raise UnresolvedError(f"it reverses parts whose lengths ({placed.node.inputs[1]!r}) are computed from the data")
    size = lengths.reshape(-1).astype(np.int64)
    index = np.arange(shape[time])
    if (size == size[0]).all():
        backwards = np.where(index < size[0], size[0] - 1 - index, index)
        whole = size[0] == shape[time]
        form = repeating(-1, backwards[:1, None], size_dependent=True)
        why = f"ReverseSequence {placed.node.label!r} reverses a part of the axis"
        return (Read(0, 0, (single(time, shape[time], backwards, form if whole else why),)),)
    table = np.where(index[:, None] < size, size - 1 - index[:, None], index[:, None])  # [time, batch]
    moved = np.moveaxis(elements(shape), (time, batch), (0, 1))
    picked = np.moveaxis(moved[table, np.arange(shape[batch])], (0, 1), (time, batch))
    return (element_wise(placed, picked),)


def _indices(placed: PlacedNode) -> Elements:
    indices = placed.constant(1)
    if indices is None:
        raise UnresolvedError(f"it selects by {unfollowed(placed)}")
    return indices.astype(np.int64)


def _columns(placed: PlacedNode, shape: tuple[int, ...]) -> tuple[Elements, ...]:
    """The indices into each indexed axis, with extent 1 along axes where they are constant."""
    columns = placed.columns(1)
    if columns is None:
        raise UnresolvedError(f"it selects by {unfollowed(placed)}")
    return tuple(_wrapped(column.astype(np.int64), shape[k]) for k, column in enumerate(columns))


def _places(index: Elements, axis: int, length: int) -> tuple[NDArray[np.integer], ...]:
    grid = np.ogrid[tuple(slice(n) for n in index.shape)]
    return tuple(_wrapped(index, length) if i == axis else part for i, part in enumerate(grid))


def _wrapped(index: Elements, length: int) -> Elements:
    """Convert negative indices to positive ones. Raises UnresolvedError for an index out of range."""
    if ((index < -length) | (index >= length)).any():
        raise UnresolvedError(f"it names an index outside an axis of {length}")
    return np.where(index < 0, index + length, index)
