"""Marked indices of a tensor, one boolean vector per axis, propagated through one read backwards or forwards.

These are masks of full dependence, unless reads are left out. An index is marked if all of its vectors
are, so too many indices may be marked, never too few.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import assert_never

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from strideinspect.fields.hulls import TooLargeError, grouped, minimum_over_taps
from strideinspect.limits import LARGEST_FIELD_ARRAY, LONGEST_CACHED_AXIS
from strideinspect.reads import steps
from strideinspect.results.field import Shape

Vector = NDArray[np.bool_]
Masks = tuple[Vector, ...]
"""One vector per axis of a tensor; an index is marked if it is marked in every vector."""


@lru_cache(maxsize=1024)
def all_marked(shape: Shape) -> Masks:
    """Every index of a tensor. Cached, so that tensors of one shape share one object and `is` compares them."""
    return tuple(map(_all, shape))


@lru_cache(maxsize=256)
def _all(length: int) -> Vector:
    """One shared vector per length: the union of a vector with itself is skipped by identity."""
    mask = np.ones(length, dtype=bool)
    mask.setflags(write=False)
    return mask


def back(read: steps.Read, masks: Masks) -> Masks | None:
    """The indices of the input that the marked output indices read; None for none."""
    if read.place is not None:
        masks = _stretch(masks, read.place)
        if not np.count_nonzero(masks[read.place.axis]):
            return None
    elif not read.steps:
        return masks
    shape = tuple(map(len, masks))
    if masks is all_marked(shape) and max(shape, default=0) <= LONGEST_CACHED_AXIS:
        return _back_from_all(read.steps, shape)
    return _back(read.steps, masks)


def _stretch(masks: Masks, place: steps.AxisPart) -> Masks:
    shape = tuple(map(len, masks))
    if masks is all_marked(shape):
        return all_marked((*shape[: place.axis], place.length, *shape[place.axis + 1 :]))
    return _replaced(masks, place.axis, masks[place.axis][place.offset : place.offset + place.length])


@lru_cache(maxsize=1024)
def _back_from_all(taken: tuple[steps.Step, ...], shape: Shape) -> Masks | None:
    """What is read if all output indices are marked: the usual case, and the same in several passes."""
    read = _back(taken, all_marked(shape))
    lengths = tuple(map(len, read or ()))
    return all_marked(lengths) if read and tuple(map(np.count_nonzero, read)) == lengths else read


def _back(taken: tuple[steps.Step, ...], masks: Masks) -> Masks | None:
    for step in reversed(taken):
        try:
            masks = _back_step(step, masks)
        except TooLargeError:  # assume that everything is read: no index may be reported as unread wrongly
            masks = all_marked(_before(step, masks))
    return masks if all(map(np.count_nonzero, masks)) else None


def _before(step: steps.Step, masks: Masks) -> Shape:
    """The shape before a window step."""
    lengths = list(map(len, masks))
    if isinstance(step, steps.Sliding | steps.Transposed | steps.Table):
        lengths[step.axis] = step.length
    return tuple(lengths)


def forward(read: steps.Read, masks: Masks, shape: Shape) -> Masks:
    """The output indices that read a marked index, all of them marked in every other vector too; `shape` is theirs."""
    marked = masks
    try:
        for step in read.steps:
            marked = _forward_step(step, marked)
    except TooLargeError:  # assume that everything is read
        return all_marked(shape)
    return marked if read.place is None else _laid_out(read.place, marked, shape)


def _laid_out(place: steps.AxisPart, masks: Masks, shape: Shape) -> Masks:
    """The marked indices of a piece in the whole that it is a piece of."""
    vector = np.zeros(shape[place.axis], dtype=bool)
    vector[place.offset : place.offset + place.length] = masks[place.axis]
    return _replaced(masks, place.axis, vector)


def _replaced(masks: Masks, axis: int, vector: Vector) -> Masks:
    return (*masks[:axis], vector, *masks[axis + 1 :])


@lru_cache(maxsize=1024)
def _reached(step: steps.Sliding | steps.Transposed, mask: bytes) -> Vector:
    """Which output indices of a window have a marked tap. Cached: networks repeat a few windows many times."""
    unmarked = np.frombuffer(mask, dtype=np.uint8) ^ 1
    reached: Vector = minimum_over_taps(unmarked, 0, step, 1) == 0
    return reached


def _back_step(step: steps.Step, masks: Masks) -> Masks:  # noqa: C901, PLR0911, PLR0912 - one case a kind
    match step:  # the most frequent kinds first
        case steps.Sliding():
            return _back_sliding(step, masks)
        case steps.Channels():
            return _back_channels(step, masks)
        case steps.Broadcast():
            return _back_broadcast(step, masks)
        case steps.Reshape():
            return _reshaped(masks, step.after, step.before)
        case steps.Permute():
            return _back_permute(step, masks)
        case steps.Whole():
            return _replaced(masks, step.axis, _all(step.length))
        case steps.Table():
            return _back_table(step, masks)
        case steps.Statistics():
            return _back_statistics(step, masks)
        case steps.Masked():
            return _taken(step, masks)
        case steps.Everything():
            return all_marked(step.before)
        case steps.Transposed():
            return _back_transposed(step, masks)
        case steps.Cumulative():
            return _back_cumulative(step, masks)
        case _:
            assert_never(step)


def _back_sliding(step: steps.Sliding, masks: Masks) -> Masks:
    turned = steps.Transposed(0, step.kernel, step.stride, step.dilation, step.begin, step.size, step.length)
    return _replaced(masks, step.axis, _reached(turned, masks[step.axis].tobytes()))


def _back_transposed(step: steps.Transposed, masks: Masks) -> Masks:
    turned = steps.Sliding(0, step.kernel, step.stride, step.dilation, step.begin, step.size, step.length)
    return _replaced(masks, step.axis, _reached(turned, masks[step.axis].tobytes()))


def _back_table(step: steps.Table, masks: Masks) -> Masks:
    read = np.zeros(step.length + 1, dtype=bool)
    read[step.taps[masks[step.axis]].reshape(-1)] = True
    return _replaced(masks, step.axis, read[: step.length])


def _back_channels(step: steps.Channels, masks: Masks) -> Masks:
    groups = masks[step.axis].reshape(step.groups, -1).any(axis=1)
    return _replaced(masks, step.axis, np.repeat(groups, step.inputs // step.groups))


def _back_cumulative(step: steps.Cumulative, masks: Masks) -> Masks:
    vector = masks[step.axis]
    read = np.zeros_like(vector)
    if step.forward:
        read |= np.logical_or.accumulate(vector[::-1])[::-1]
    if step.backward:
        read |= np.logical_or.accumulate(vector)
    return _replaced(masks, step.axis, read)


def _back_statistics(step: steps.Statistics, masks: Masks) -> Masks:
    for axis in step.axes:
        masks = _replaced(masks, axis, _all(len(masks[axis])))
    return masks


def _back_permute(step: steps.Permute, masks: Masks) -> Masks:
    moved = {axis: masks[i] for i, axis in enumerate(step.perm)}
    return tuple(moved[i] for i in range(len(moved)))


def _reshaped(masks: Masks, before: Shape, after: Shape) -> Masks:
    vectors: dict[int, Vector] = {}
    for old, new in grouped(before, after):
        sizes = tuple(after[i] for i in new)
        if all(masks[i].all() for i in old) or math.prod(sizes) > LARGEST_FIELD_ARRAY:
            product = None
        else:
            product = _product([masks[i] for i in old]).reshape(sizes)
        for k, i in enumerate(new):
            others = tuple(j for j in range(len(new)) if j != k)
            vectors[i] = _all(after[i]) if product is None else np.asarray(product.any(axis=others))
    return tuple(vectors[i] for i in range(len(after)))


def _product(vectors: Sequence[Vector]) -> NDArray[np.bool_]:
    """The outer product of vectors: an array with one axis per vector."""
    product = np.ones((), dtype=bool)
    for vector in vectors:
        product = np.logical_and(product[..., None], vector)
    return product


def _back_broadcast(step: steps.Broadcast, masks: Masks) -> Masks:
    lead = len(step.after) - len(step.before)
    return tuple(_any(v) if n == 1 else v for v, n in zip(masks[lead:], step.before, strict=True))


def _any(vector: Vector) -> Vector:
    return np.array([vector.any()])


def _forward_step(step: steps.Step, masks: Masks) -> Masks:  # noqa: C901, PLR0911 - one case a kind
    match step:
        case steps.Sliding() | steps.Transposed():
            return _replaced(masks, step.axis, _reached(structs.replace(step, axis=0), masks[step.axis].tobytes()))
        case steps.Channels():
            return _forward_channels(step, masks)
        case steps.Broadcast():
            return _forward_broadcast(step, masks)
        case steps.Reshape():
            return _reshaped(masks, step.before, step.after)
        case steps.Permute():
            return tuple(masks[axis] for axis in step.perm)
        case steps.Whole():
            return _replaced(masks, step.axis, _any(masks[step.axis]))
        case steps.Table():
            return _forward_table(step, masks)
        case steps.Statistics():
            return _back_statistics(step, masks)  # every index of these axes depends on every other
        case steps.Masked():
            return _taken(step, masks)
        case steps.Everything():
            return all_marked(step.after)
        case steps.Cumulative():
            return _back_cumulative(structs.replace(step, forward=step.backward, backward=step.forward), masks)
        case _:
            assert_never(step)


def _taken(step: steps.Masked, masks: Masks) -> Masks:
    """The marked indices at which anything is taken."""
    varying = [axis for axis, extent in enumerate(step.extents) if extent > 1]
    taken = step.mask.reshape([step.extents[axis] for axis in varying]) & _product([masks[axis] for axis in varying])
    for k, axis in enumerate(varying):
        others = tuple(i for i in range(len(varying)) if i != k)
        masks = _replaced(masks, axis, np.asarray(taken.any(axis=others)))
    return masks


def _forward_channels(step: steps.Channels, masks: Masks) -> Masks:
    groups = masks[step.axis].reshape(step.groups, -1).any(axis=1)
    return _replaced(masks, step.axis, np.repeat(groups, step.outputs // step.groups))


def _forward_broadcast(step: steps.Broadcast, masks: Masks) -> Masks:
    lead = len(step.after) - len(step.before)
    kept = (v if len(v) == n else np.repeat(v, n) for v, n in zip(masks, step.after[lead:], strict=True))
    return (*map(_all, step.after[:lead]), *kept)


def _forward_table(step: steps.Table, masks: Masks) -> Masks:
    guarded = np.append(masks[step.axis], False)
    return _replaced(masks, step.axis, np.atleast_1d(guarded[step.taps].any(axis=1)))


def either(one: Masks | None, other: Masks) -> Masks:
    """The smallest product that holds the indices of both; of `other` alone where there is no `one`."""
    if one is None or one is other:
        return other
    return tuple(a if a is b else a | b for a, b in zip(one, other, strict=True))


def runs(vector: Vector) -> tuple[tuple[int, int], ...]:
    """The marked indices as ranges, both ends included."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], vector, [False]]).astype(np.int8)))
    return tuple((int(a), int(b) - 1) for a, b in edges.reshape(-1, 2))


def unmarked(masks: Mapping[str, Masks], name: str, axis: int, length: int) -> Vector:
    """The indices of one axis that are not marked."""
    vectors = masks.get(name)
    return np.ones(length, dtype=bool) if vectors is None else ~vectors[axis]
