"""Numbers of an effective field: radii, deviation, share of the theoretical field, squares, and a coarse picture."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, prod
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from strideinspect.results.effective_parts import EffectiveInput
from strideinspect.results.field import Span

_RADII: Final = (50, 90, 99)
_SQUARES: Final = (20, 30, 50, 99)
_WIDE: Final = 32
_HIGH: Final = 16
"""Cells of the picture: a terminal's cell is twice as high as it is wide."""

Map = NDArray[np.float64]


class Seen(Struct, frozen=True):
    """The map of one input, with that of the positive gradients, and what is known of the cell's field.

    `shown` are the first and last pixel along each axis that a picture shows.
    `middle` says that the cell is the middle one of its map.
    """

    name: str
    axes: tuple[int, ...]
    map: Map
    positive: Map
    theoretical: tuple[int | None, ...]
    center: tuple[float, ...]
    shown: tuple[Span, ...]
    middle: bool


def described(seen: Seen) -> EffectiveInput:
    """All numbers of a map, which holds some mass."""
    total = float(seen.map.sum())
    grids = np.meshgrid(*(np.arange(n, dtype=np.float64) for n in seen.map.shape), indexing="ij", sparse=True)
    centroid = [float((seen.map * grid).sum() / total) for grid in grids]
    spread = [
        float(np.sqrt((seen.map * (grid - mean) ** 2).sum() / total))
        for grid, mean in zip(grids, centroid, strict=True)
    ]
    squared: Any = sum((grid - middle) ** 2 for grid, middle in zip(grids, seen.center, strict=True))
    order = np.argsort(squared, axis=None, kind="stable")
    reached = np.cumsum(seen.map.reshape(-1)[order])
    radii = {
        percent: _rounded(float(np.sqrt(squared.reshape(-1)[order[_first(reached, percent)]]))) for percent in _RADII
    }
    seen.map.setflags(write=False)
    return EffectiveInput(
        name=seen.name,
        axes=seen.axes,
        theoretical=seen.theoretical,
        center=tuple(map(_rounded, seen.center)),
        centroid=tuple(map(_rounded, centroid)),
        radius=radii,
        sigma=tuple(map(_rounded, spread)),
        share_of_theoretical=_share(seen),
        square=_squares(seen) if seen.map.ndim == 2 else None,
        map=seen.map,
        shown=seen.shown,
        bands=_bands(_slice(seen)),
    )


def _rounded(value: float) -> float:
    """To six significant digits, beyond which single precision says nothing."""
    return float(f"{value:.6g}")


def _first(reached: Map, percent: int) -> int:
    """The first index at which a running total reaches a percentage of the whole."""
    return int(np.searchsorted(reached, reached[-1] * (percent / 100) * (1 - 1e-12)))


def _share(seen: Seen) -> float | None:
    sizes = [size for size in seen.theoretical if size is not None]
    if len(sizes) < len(seen.theoretical):
        return None
    densest = np.cumsum(np.sort(seen.map, axis=None)[::-1])
    return _rounded((_first(densest, 90) + 1) / prod(sizes))


def _squares(seen: Seen) -> dict[int, float | None]:
    """RepLKNet's `get_rectangle`, on its own map: positive gradients of the sum of the positive channels.

    The square grows from 3×3 about the middle of the image, for another cell about the pixel nearest to its center.
    """
    scores = np.log10(seen.positive + 1)
    high, wide = scores.shape
    row, column = (high // 2, wide // 2) if seen.middle else (round(middle) for middle in seen.center)
    sums = np.zeros((high + 1, wide + 1))
    sums[1:, 1:] = scores.cumsum(0).cumsum(1)
    found: dict[int, float | None] = dict.fromkeys(_SQUARES)
    for reach in range(1, min(high, wide) // 2):
        top, bottom = max(0, row - reach), min(high, row + reach + 1)
        left, right = max(0, column - reach), min(wide, column + reach + 1)
        inside = sums[bottom, right] - sums[top, right] - sums[bottom, left] + sums[top, left]
        side = 2 * reach + 1
        for percent in _SQUARES:
            if found[percent] is None and inside > sums[-1, -1] * (percent / 100):
                found[percent] = _rounded(100 * side / high * side / wide)
    return found


def _slice(seen: Seen) -> Map:
    """The map as an image: of a volume the slice through the center, of a signal one row."""
    image = seen.map[tuple(slice(first, last + 1) for first, last in seen.shown)]
    while image.ndim > 2:
        position = seen.map.ndim - image.ndim
        middle = round(seen.center[position]) - seen.shown[position][0]
        image = image[min(max(middle, 0), len(image) - 1)]
    return image if image.ndim == 2 else image[None]


def _bands(image: Map) -> tuple[tuple[int, ...], ...]:
    """By cell of a coarse grid, in which of the densest regions it lies."""
    high, wide = image.shape
    across = min(_WIDE, wide) if high > 1 else min(2 * _WIDE, wide)
    down = min(_HIGH, max(1, round(across * high / wide / 2))) if high > 1 else 1
    if high > 1:
        across = min(across, max(1, round(down * 2 * wide / high)), wide)
    sums = _pooled(_pooled(image, down, 0), across, 1)
    area = np.multiply.outer(_lengths(high, down), _lengths(wide, across))
    density = (sums / area).reshape(-1)
    order = np.argsort(-density, kind="stable")
    reached = np.cumsum(sums.reshape(-1)[order])
    bands = np.zeros(len(density), np.int64)
    for level, percent in enumerate(reversed(_RADII), 1):
        bands[order[: _first(reached, percent) + 1]] = level
    bands[density == 0] = 0
    return tuple(tuple(map(int, row)) for row in bands.reshape(down, across))


def _edges(length: int, parts: int) -> list[int]:
    return [ceil(length * part / parts) for part in range(parts + 1)]


def _lengths(length: int, parts: int) -> NDArray[np.int64]:
    return np.diff(_edges(length, parts))


def _pooled(image: Map, parts: int, axis: int) -> Map:
    starts: Sequence[int] = _edges(image.shape[axis], parts)[:-1]
    return np.asarray(np.add.reduceat(image, starts, axis))
