"""What a tensor sees of one axis of one input of the graph; positions are pixel indices along an axis."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, Protocol, TypeVar

Shape = tuple[int, ...]
"""Sizes of a tensor's axes."""

Span = tuple[int, int]
"""First and last index, both included."""


class FullField(NamedTuple):
    """Full dependence where it exceeds the local one.

    `since` is the tensor in which an axis first collapsed (or was normalised over); `first` and `last` are the
    hull, over all positions, of the input indices that the tensor depends on.
    """

    since: str
    first: int
    last: int


NOTHING = 1 << 30
"""In arrays of first and last indices, the entry of an index that sees nothing.

It is larger than any pixel index, so that a minimum ignores it, and it fits into 32 bits. Hulls (fields/), positions
and the answers of the probe (verify/) all use it.
"""


_Truth_co = TypeVar("_Truth_co", covariant=True)


class _Ends(Protocol[_Truth_co]):
    """A number, or an array of numbers: renderers use this file, which is why it does not name numpy."""

    def __ge__(self, other: int, /) -> _Truth_co: ...


def sees_nothing(ends: _Ends[_Truth_co]) -> _Truth_co:
    """Whether a first or last index is that of an index that sees nothing; for an array, entry by entry."""
    return ends >= NOTHING


@dataclass(frozen=True, slots=True)
class Positions:
    """Actual local field per index along the tensor's own axis; None where an index sees nothing.

    Packed as 32-bit integers, for a network over a long signal has millions of them and few are ever looked at.
    """

    firsts: bytes
    lasts: bytes

    @classmethod
    def of(cls, first: Iterable[int | None], last: Iterable[int | None]) -> Positions:
        """From one number per index, or None."""
        return cls(*(array("i", (NOTHING if i is None else i for i in side)).tobytes() for side in (first, last)))

    def __len__(self) -> int:
        """How many indices there are."""
        return len(self.firsts) // array("i").itemsize

    @property
    def first(self) -> tuple[int | None, ...]:
        """The first index of the input that each index sees."""
        return _unpacked(self.firsts)

    @property
    def last(self) -> tuple[int | None, ...]:
        """The last index of the input that each index sees."""
        return _unpacked(self.lasts)

    @property
    def hull(self) -> Span | None:
        """The first and the last index of the input that any of the indices sees."""
        lasts = array("i", self.lasts)
        if NOTHING in lasts:
            lasts = array("i", (index for index in lasts if index != NOTHING))
        return (min(array("i", self.firsts)), max(lasts)) if lasts else None


def _unpacked(packed: bytes) -> tuple[int | None, ...]:
    return tuple(None if index == NOTHING else index for index in array("i", packed))


@dataclass(frozen=True, slots=True)
class Field:
    """What a tensor sees of one axis of one graph input.

    `axis` is the axis of the graph input and `extent` its size in pixels; `node_axis` is the axis of this tensor
    along which the position runs, or None where it has no position. `size`, `stride`, `first`, `last` and `phases`
    are the theoretical local field (padding counts as pixels); `first` and `last` belong to output index 0; the
    stride is negative where the axis runs backwards. Where there is no closed form they are None (phases: empty)
    and `reason` says why. `widest` is the largest actual local field of any index, in pixels of the input.
    `positions` is always there; renderers show it on request.
    """

    input: str
    axis: int
    extent: int
    node_axis: int | None
    size: int | None
    stride: Fraction | None
    first: int | None
    last: int | None
    phases: tuple[Span | None, ...]
    reason: str | None
    full: FullField | None
    positions: Positions
    widest: int

    @property
    def center(self) -> Fraction | None:
        """Center of output index 0's theoretical field, in input pixels (pixel i has its center at i)."""
        if self.first is None or self.last is None:
            return None
        return Fraction(self.first + self.last, 2)

    @property
    def share(self) -> float:
        """Share of the input axis that the best-placed index sees, 0 to 1."""
        return self.widest / self.extent if self.extent else 0.0
