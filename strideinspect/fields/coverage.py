"""What a window node leaves untouched of the map that it slides over."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from strideinspect.fields.forward import Fields
from strideinspect.fields.marks import Marks
from strideinspect.fields.spans import EMPTY, LARGEST
from strideinspect.model.geometry import Geometry, Window
from strideinspect.report.model import Dropped

Vector = NDArray[np.bool_]


def hollow(fields: Fields, tensor: str, axis: int, length: int) -> Vector:
    """Indices of an axis that see no pixel of the image axes that run along it: padding made in the graph, holes."""
    running = [seen.actual.full for seen in fields.get(tensor, {}).values() if axis in seen.actual.axes]
    if all(int(spans[0].max(initial=0)) < EMPTY for spans in running):
        return np.zeros(length, dtype=bool)
    found = np.full(length, bool(running))
    for spans in running:
        others = tuple(i for i in range(1, spans.ndim) if i != axis + 1)
        found &= np.broadcast_to((spans[:1].min(axis=others, initial=EMPTY) >= EMPTY).reshape(-1), (length,))
    return found


def lost(found: Geometry, position: int, touched: Vector, empty: Vector) -> tuple[Vector, Vector, int]:
    """What a window node leaves untouched along one axis: pixels dropped at the end, gaps, and padding dropped.

    `touched` are the indices that its windows reach, `empty` those that are padding made in the graph.
    """
    window = found.windows[position]
    truncated = window.truncated
    own_padding = min(truncated, max(0, window.end))
    trailing = np.zeros(window.length, dtype=bool)
    count = min(truncated - own_padding, window.length)
    if count:
        trailing[-count:] = True
    pixels = trailing & ~empty
    gaps = ~touched & ~trailing & ~empty
    return pixels, gaps, own_padding + int((trailing & empty).sum())


def dropped(found: Geometry, touched: Marks, empty: Sequence[Vector]) -> Dropped:
    """The counts of `lost` for every axis."""
    parts = [lost(found, i, touched[axis], empty[i]) for i, axis in enumerate(found.axes)]
    return Dropped(
        pixels=tuple(int(p.sum()) for p, _, _ in parts),
        padding=tuple(padding_count for _, _, padding_count in parts),
        gap=tuple(int(g.sum()) for _, g, _ in parts),
    )


@lru_cache(maxsize=1024)  # networks repeat a few windows many times
def used_taps(window: Window) -> int:
    """How many of a window's taps touch a pixel at some position; the others lie in padding wherever it stands."""
    if window.kernel > LARGEST:
        return window.kernel
    offset = window.dilation * np.arange(window.kernel) - window.begin
    first = np.maximum(0, -(offset // window.stride))  # the first position at which the tap is not before the map
    return int(((first < window.size) & (first * window.stride + offset < window.length)).sum())
