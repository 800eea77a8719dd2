"""A map of gradients as a picture that lets what lies under it show through where there is little."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from strideinspect.page.png import Colour, png

LONGEST_SIDE: Final = 256
"""Pixels of the longer side of a picture: larger maps are averaged, so that the page stays small."""

_STOPS: Final[tuple[Colour, ...]] = ((70, 20, 120, 0), (110, 25, 130, 100), (205, 50, 85, 195), (248, 135, 20, 230),
                                     (253, 225, 90, 250))  # fmt: skip
_LEVELS: Final = 64


def heat_map(mass: NDArray[np.float64]) -> bytes:
    """The map as a PNG file. Colours follow the root of the mass, which shows what lies outside the middle, too."""
    factor = -(-max(mass.shape) // LONGEST_SIDE)
    small = averaged(averaged(mass, factor, 0), factor, 1)
    share = np.sqrt(small / (small.max() or 1))
    return png(np.rint(share * (_LEVELS - 1)).astype(np.uint8), _palette())


def scale() -> bytes:
    """The colours from none to most, as a PNG file one pixel high."""
    return png(np.arange(_LEVELS, dtype=np.uint8)[None], _palette())


def averaged(values: NDArray[np.float64], factor: int, axis: int) -> NDArray[np.float64]:
    """Means of so many neighbours along an axis; the last of fewer."""
    starts = np.arange(0, values.shape[axis], factor)
    counts = np.diff([*starts, values.shape[axis]])
    shape = [-1 if number == axis else 1 for number in range(values.ndim)]
    return np.asarray(np.add.reduceat(values, starts, axis) / counts.reshape(shape))


def _palette() -> list[Colour]:
    """Colours between the stops, evenly."""
    at = np.linspace(0, len(_STOPS) - 1, _LEVELS)
    parts = [np.interp(at, range(len(_STOPS)), part).round().astype(int).tolist() for part in zip(*_STOPS, strict=True)]
    return [(r, g, b, a) for r, g, b, a in zip(*parts, strict=True)]
