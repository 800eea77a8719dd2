"""Reads that repeat at equal distances, from which closed forms are composed."""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from strideinspect.limits import LARGEST_CACHED_TAPS
from strideinspect.results.field import Shape


class Periodic(Struct, frozen=True, eq=False, dict=True):
    """A read that repeats: output index q·P + r reads input indices q·`step` + taps[r, :], P = len(taps).

    Taps may be negative or past the end: they count padding as pixels. `present` masks taps that are not there.
    `size_dependent` says that the numbers hold for this size only, `rounded` that rounding in single precision leaves
    out the outermost tap of some outputs. As a key of caches it goes by identity: equal short reads are one object.
    """

    step: int
    taps: NDArray[np.int64]
    present: NDArray[np.bool_]
    size_dependent: bool = False
    rounded: bool = False

    @cached_property
    def taps_by_phase(self) -> tuple[tuple[int, ...], ...]:
        """The taps of each row that are there."""
        rows = zip(self.taps.tolist(), self.present.tolist(), strict=True)
        return tuple(tuple([tap for tap, there in zip(*row, strict=True) if there]) for row in rows)


def repeating(
    step: int, taps: NDArray[np.int64], present: NDArray[np.bool_] | None = None, *, size_dependent: bool = False
) -> Periodic:
    """A periodic read; all taps are present by default. Equal short ones are one object."""
    there = np.ones_like(taps, dtype=bool) if present is None else present
    make = _repeating if taps.size <= LARGEST_CACHED_TAPS else _repeating.__wrapped__
    return make(
        step, taps.shape, taps.astype(np.int64, copy=False).tobytes(), there.tobytes(), size_dependent=size_dependent
    )


@lru_cache(maxsize=256)
def _repeating(step: int, shape: Shape, taps: bytes, present: bytes, *, size_dependent: bool) -> Periodic:
    places = np.frombuffer(taps, dtype=np.int64).reshape(shape)
    return Periodic(step, places, np.frombuffer(present, dtype=bool).reshape(shape), size_dependent)
