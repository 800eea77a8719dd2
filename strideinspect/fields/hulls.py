"""Hulls of index sets as numpy arrays.

A span array has shape [2, …]: first index and *negated* last index, each broadcastable to the tensor's shape (extent 1
along an axis whose indices all have the same hull). Negation makes the hull of two arrays an elementwise minimum, whose
neutral element is NOTHING, the empty hull.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, assert_never

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from strideinspect.fields.sliding import transposed_minimum, window_minimum
from strideinspect.limits import LARGEST_CACHED_CONCATENATION, LARGEST_CACHED_HULLS, LARGEST_FIELD_ARRAY
from strideinspect.reads.steps import AxisPart, AxisStep, Channels, Sliding, Table, Transposed
from strideinspect.results.field import NOTHING, Shape, sees_nothing

Hulls = NDArray[np.int32]


class TooLargeError(Exception):
    """The field would take an array of more than LARGEST_FIELD_ARRAY entries."""


def index_spans(rank: int, axis: int, length: int) -> Hulls:
    """Spans in which every index of an axis sees itself."""
    index = np.arange(length, dtype=np.int32)
    return np.stack([index, -index]).reshape(2, *(length if i == axis else 1 for i in range(rank)))


def is_empty(spans: Hulls) -> bool:
    """Whether no index sees anything."""
    return not spans.size or bool(sees_nothing(spans.flat[0]) and sees_nothing(spans).all())


def emptied(spans: Hulls) -> Hulls:
    """Empty spans of the same shape."""
    return np.full_like(spans, NOTHING)


def is_full(spans: Hulls) -> bool:
    """Whether every index sees something."""
    return not sees_nothing(int(np.maximum.reduce(spans[0], axis=None, initial=0)))  # as `max`, in half the time


def padding_along(spans: Hulls, axes: Collection[int]) -> NDArray[np.bool_]:
    """Which indices along these axes see nothing, whatever their index along the other axes."""
    others = tuple(i for i in range(spans.ndim - 1) if i not in axes)
    return np.asarray(sees_nothing(spans[0]).all(axis=others, keepdims=True))


def emptied_at(spans: Hulls, at: NDArray[np.bool_]) -> Hulls:
    """The same spans, empty at the marked indices. Raises TooLargeError."""
    if not at.any():
        return spans
    bounded(list(np.broadcast_shapes(spans.shape[1:], at.shape)))
    return np.where(at[None], np.int32(NOTHING), spans)


def hull(spans: Hulls) -> tuple[int, int] | None:
    """First and last index over the whole array; None if it is empty."""
    low = spans.reshape(2, -1).min(axis=1, initial=NOTHING)
    return None if sees_nothing(low[0]) else (int(low[0]), -int(low[1]))


def along(spans: Hulls, axis: int | None, extent: int) -> Hulls:
    """Shape [2, extent]: the hull over all other axes, per index of `axis`; one entry where axis is None."""
    low: Hulls
    if axis is None:
        low = spans.reshape(2, -1).min(axis=1, initial=NOTHING)
        return low.reshape(2, 1)
    if spans.size == 2 * spans.shape[axis + 1]:  # the usual case: extent 1 along all other axes
        low = spans.reshape(2, -1)
    else:
        others = tuple(i + 1 for i in range(spans.ndim - 1) if i != axis)
        low = spans.min(axis=others, initial=NOTHING).reshape(2, -1)
    return low if low.shape[1] == extent else np.broadcast_to(low, (2, extent))


def slide(spans: Hulls, step: AxisStep) -> Hulls:
    """Hull over the taps of each output index. Along a constant axis, only outputs without taps are set to NOTHING."""
    axis = step.axis + 1
    if spans.shape[axis] == 1 and step.length != 1:
        empty = outputs_without_taps(step)
        if not empty.any():
            return spans
        mask = empty.reshape([-1 if i == axis else 1 for i in range(spans.ndim)])
        return np.where(mask, np.int32(NOTHING), spans)
    if isinstance(step, Table) or spans.size > min(2 * spans.shape[axis], LARGEST_CACHED_HULLS):
        return minimum_over_taps(spans, axis, step, NOTHING)
    shape = [1] * spans.ndim
    shape[0], shape[axis] = 2, step.size
    return _cached_slide(spans.tobytes(), structs.replace(step, axis=0)).reshape(shape)


@lru_cache(maxsize=128)
def _cached_slide(spans: bytes, step: Sliding | Transposed) -> Hulls:
    """Cached because rows and columns usually have the same windows and hulls."""
    return minimum_over_taps(np.frombuffer(spans, dtype=np.int32).reshape(2, -1), 1, step, NOTHING)


def minimum_over_taps(values: NDArray[Any], axis: int, step: AxisStep, fill: int) -> NDArray[Any]:
    """Minimum over the taps of each output index, along one axis. Raises TooLargeError."""
    bounded([values.size // max(1, values.shape[axis]), _reach(step)])
    match step:
        case Sliding():
            return window_minimum(values, axis, step.kernel, step.stride, step.dilation, step.begin, step.size, fill)
        case Table():
            return _table_minimum(values, axis, step, fill)
        case Transposed():
            return transposed_minimum(
                values, axis, step.kernel, step.stride, step.dilation, step.begin, step.size, fill
            )
        case _:
            assert_never(step)


def _reach(step: AxisStep) -> int:
    """Number of array entries along the axis that computing the step takes."""
    if isinstance(step, Table):
        return int(step.taps.size)
    span = step.dilation * (step.kernel - 1) + 1
    if isinstance(step, Transposed):
        return max(step.length * step.stride, step.size) + span
    return max(step.length, (step.size - 1) * step.stride) + span


def _table_minimum(values: NDArray[Any], axis: int, step: Table, fill: int) -> NDArray[Any]:
    shape = list(values.shape)
    shape[axis] = 1
    guarded = np.concatenate([values, np.full(shape, fill, dtype=values.dtype)], axis)  # index -1 is a missing tap
    minimum: NDArray[Any] = guarded.take(step.taps, axis).min(axis + 1)
    return minimum


def outputs_without_taps(step: AxisStep) -> NDArray[np.bool_]:
    """A mask of the output indices that have no tap inside the input, shape [size]."""
    empty: NDArray[np.bool_] = minimum_over_taps(np.zeros(step.length, dtype=np.uint8), 0, step, 1) != 0
    return empty


def mix_channels(spans: Hulls, step: Channels) -> Hulls:
    """Each output channel sees what any input channel of its group sees."""
    axis = step.axis + 1
    if spans.shape[axis] == 1:
        return spans
    if step.groups == 1:
        return np.asarray(spans.min(axis=axis, keepdims=True, initial=NOTHING))
    front, back = spans.shape[:axis], spans.shape[axis + 1 :]
    apart = spans.reshape(*front, step.groups, step.inputs // step.groups, *back)
    low = apart.min(axis=axis + 1, keepdims=True, initial=NOTHING)
    wide: Hulls = np.repeat(low, step.outputs // step.groups, axis=axis + 1)
    return shrunk(wide.reshape(*front, step.outputs, *back), step.axis)


def shrunk(spans: Hulls, axis: int) -> Hulls:
    """Reduce an axis to extent 1 if all of its indices have the same hull."""
    head = spans.take([0], axis + 1)
    return head if spans.shape[axis + 1] > 1 and bool((spans == head).all()) else spans


def reshaped(spans: Hulls, before: Shape, after: Shape) -> Hulls:
    """Reshape spans like the tensor; axes of extent 1 stay so if the shapes allow it.

    Raises TooLargeError.
    """
    if 0 in before:  # a tensor without elements
        return np.full((2, *(1,) * len(after)), NOTHING, dtype=np.int32)
    dims = spans.shape[1:]
    expanded: list[int] = []
    target: list[int] = []
    for old, new in grouped(before, after):
        if all(dims[i] == 1 for i in old):
            expanded += [1] * len(old)
            target += [1] * len(new)
        else:
            expanded += [before[i] for i in old]
            target += [after[i] for i in new]
    bounded(expanded)
    wide = np.broadcast_to(spans, (2, *expanded)) if tuple(expanded) != dims else spans
    return wide.reshape(2, *target)


def grouped(before: Shape, after: Shape) -> list[tuple[list[int], list[int]]]:
    """Split two shapes with the same number of elements into the smallest groups of axes with equal products."""
    groups: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(before) or j < len(after):
        old, new = [], []
        a = b = 1
        if i < len(before):
            a, old, i = before[i], [i], i + 1
        if j < len(after):
            b, new, j = after[j], [j], j + 1
        while a != b and (i < len(before) or j < len(after)):
            if (a < b or j >= len(after)) and i < len(before):
                a, i = a * before[i], i + 1
                old.append(i - 1)
            else:
                b, j = b * after[j], j + 1
                new.append(j - 1)
        groups.append((old, new))
    return groups


def joined(pieces: list[tuple[AxisPart, Hulls]], *, ignore_empty: bool) -> Hulls:
    """Concatenate pieces along an axis; indices that no piece covers see nothing.

    With `ignore_empty` (the axis is another image axis), gaps do not count: equal pieces give an array of extent 1.
    Raises TooLargeError.
    """
    axis, size = pieces[0][0].axis + 1, pieces[0][0].size
    first = pieces[0][1]
    covers = ignore_empty or sum(place.length for place, _ in pieces) == size
    if covers and all(piece is first or _alike(piece, first) for _, piece in pieces) and first.shape[axis] == 1:
        return first
    shapes = {piece.shape for _, piece in pieces}
    apart = {(*shape[:axis], 1, *shape[axis + 1 :]) for shape in shapes}
    dims = apart.pop() if len(apart) == 1 else np.broadcast_shapes(*apart)
    bounded([*dims[1:], size])
    constant = all(shape[axis] == 1 for shape in shapes)
    extents = {extent for extent in dims[1:] if extent != 1}
    is_line = math.prod(dims[1:]) in (extents or {1}) and 0 not in extents
    if constant and is_line and size * max(dims) <= LARGEST_CACHED_CONCATENATION:
        ranges = tuple((place.offset, place.length) for place, _ in pieces)
        lines = _cached_lines(ranges, tuple(piece.tobytes() for _, piece in pieces), size)
        in_order = lines if math.prod(dims[1:axis]) == 1 else lines.swapaxes(1, 2)
        return in_order.reshape(2, *dims[1:axis], lines.shape[1], *dims[axis + 1 :])
    return _laid_out(pieces, axis, list(dims), size)


@lru_cache(maxsize=8)  # rows and columns, which usually have the same hulls, are concatenated one after the other
def _cached_lines(ranges: tuple[tuple[int, int], ...], lines: tuple[bytes, ...], size: int) -> Hulls:
    """Hulls that vary along one axis alone, concatenated along another: shape [2, size or 1, extent]."""
    hulls = [np.frombuffer(line, dtype=np.int32).reshape(2, 1, -1) for line in lines]
    pieces = [(AxisPart(0, *at, size), piece) for at, piece in zip(ranges, hulls, strict=True)]
    return _laid_out(pieces, 1, [2, 1, max(piece.shape[2] for piece in hulls)], size)


def _laid_out(pieces: list[tuple[AxisPart, Hulls]], axis: int, dims: list[int], size: int) -> Hulls:
    """The pieces one after the other; all of them have `dims`, or extent 1, along the other axes."""
    stretches, counts = [], []
    for length, piece in _filled(pieces, size):
        dims[axis] = piece.shape[axis]
        stretches.append(piece if piece.shape == tuple(dims) else np.broadcast_to(piece, dims))
        counts += [length] if dims[axis] == 1 else [1] * length
    return shrunk(np.repeat(np.concatenate(stretches, axis), counts, axis), axis - 1)


def _filled(pieces: list[tuple[AxisPart, Hulls]], size: int) -> Iterator[tuple[int, Hulls]]:
    """Consecutive pieces that cover the whole axis, gaps included, each with its length."""
    nothing = np.full((1,) * pieces[0][1].ndim, NOTHING, dtype=np.int32)
    at: dict[AxisPart, Hulls] = {}
    for place, piece in pieces:  # several reads may fill the same range
        at[place] = np.minimum(at[place], piece) if place in at else piece
    end = 0
    for place in sorted(at, key=attrgetter("offset")):
        if place.offset > end:
            yield place.offset - end, nothing
        yield place.length, at[place]
        end = place.offset + place.length
    if end < size:
        yield size - end, nothing


def _alike(one: Hulls, other: Hulls) -> bool:
    return one.shape == other.shape and bool((one == other).all())


def combined(arrays: Sequence[Hulls]) -> Hulls:
    """The hull of several span arrays; the array itself where all of them are one object."""
    result = arrays[0]
    for other in arrays[1:]:
        if other is not result:
            result = np.minimum(result, other)
    return result


def bounded(dims: list[int]) -> None:
    """Raise TooLargeError for an array shape of more than LARGEST_FIELD_ARRAY entries."""
    if math.prod(dims) > LARGEST_FIELD_ARRAY:
        raise TooLargeError(f"its field would take an array of {math.prod(dims):,} entries")
