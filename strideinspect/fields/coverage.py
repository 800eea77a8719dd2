"""Input indices that a window node does not read: dropped, skipped and padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from msgspec import Struct

from strideinspect.fields.axis_field import Fields
from strideinspect.fields.copies import repeated
from strideinspect.fields.hulls import is_full
from strideinspect.fields.index_masks import Masks, Vector
from strideinspect.fields.node_reads import NodeReads
from strideinspect.limits import LARGEST_FIELD_ARRAY, LONGEST_CACHED_AXIS
from strideinspect.model.geometry import Geometry, Window
from strideinspect.model.shapes import Shapes
from strideinspect.results.field import NOTHING, sees_nothing
from strideinspect.results.report import Dropped


def padding_mask(fields: Fields, tensor: str, axis: int, length: int) -> Vector:
    """Indices of an axis that see no pixel along it: padding of earlier nodes, and holes."""
    hulls = [seen.actual.full for seen in fields.get(tensor, {}).values() if axis in seen.actual.axes]
    if all(map(is_full, hulls)):
        return np.zeros(length, dtype=bool)
    mask = np.full(length, bool(hulls))
    for spans in hulls:
        others = tuple(i for i in range(1, spans.ndim) if i != axis + 1)
        mask &= np.broadcast_to(sees_nothing(spans[:1].min(axis=others, initial=NOTHING)).reshape(-1), (length,))
    return mask


def empty_indices(
    shapes: Shapes, makers: Mapping[str, NodeReads], fields: Fields, at: tuple[str, int], touched: Vector
) -> Vector:
    """The indices of an axis of a tensor, `at`, that a window may leave out without loss.

    They hold padding, see no pixel, or hold the same as one of the `touched` indices. `makers` are the nodes by the
    tensors that they compute.
    """
    padding = padding_mask(fields, *at, len(touched))
    return padding if touched.all() else padding | repeated(shapes, makers, *at, touched)


class UnreadIndices(Struct, frozen=True):
    """Indices that a window does not read along its axis: masks of pixels dropped at the end and of those in gaps.

    `counts` are the numbers of dropped pixels, of padding dropped with them, and of pixels in gaps.
    """

    pixels: Vector
    gaps: Vector
    counts: tuple[int, int, int]


def lost(window: Window, touched: Vector, empty: Vector) -> UnreadIndices:
    """What a window does not read: `touched` masks the indices it covers, `empty` those it may leave out."""
    find = _lost if window.length <= LONGEST_CACHED_AXIS else _lost.__wrapped__
    return find(window, touched.tobytes(), empty.tobytes())


@lru_cache(maxsize=256)  # networks repeat a few windows many times
def _lost(window: Window, reached: bytes, left_out: bytes) -> UnreadIndices:
    touched, empty = (np.frombuffer(vector, dtype=bool) for vector in (reached, left_out))
    truncated = window.truncated
    own_padding = min(truncated, max(0, window.end))
    trailing = np.zeros(window.length, dtype=bool)
    count = min(truncated - own_padding, window.length)
    if count:
        trailing[-count:] = True
    pixels = trailing & ~empty
    gaps = ~touched & ~trailing & ~empty
    padding = own_padding + int((trailing & empty).sum())
    return UnreadIndices(pixels, gaps, (int(pixels.sum()), padding, int(gaps.sum())))


def dropped(geometry: Geometry, touched: Masks, empty: Sequence[Vector]) -> Dropped:
    """The counts of `lost` for every axis."""
    counts = [
        lost(w, touched[axis], e).counts for w, axis, e in zip(geometry.windows, geometry.axes, empty, strict=True)
    ]
    pixels, padding, gap = zip(*counts, strict=True)
    return Dropped(pixels, padding, gap)


@lru_cache(maxsize=1024)  # networks repeat a few windows many times
def used_taps(window: Window) -> int:
    """Number of taps that read a pixel at some position of the window; the others read padding at every position."""
    if window.kernel > LARGEST_FIELD_ARRAY:
        return window.kernel
    offset = window.dilation * np.arange(window.kernel) - window.begin
    first = np.maximum(
        0, -(offset // window.stride)
    )  # first position at which the tap is not in the padding before the map
    return int(((first < window.size) & (first * window.stride + offset < window.length)).sum())
