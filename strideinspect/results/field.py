"""The receptive field of a tensor along one axis of one graph input; positions are pixel indices along that axis."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from fractions import Fraction
from typing import Protocol, TypeVar

from msgspec import Struct

Shape = tuple[int, ...]
"""Sizes of a tensor's axes."""

InputAxis = tuple[str, int]
"""A graph input and one of its axes."""

Span = tuple[int, int]
"""First and last index, both included."""


class FullField(Struct, frozen=True):
    """The full dependence along one axis, where it exceeds the local receptive field.

    Full dependence includes what a global pooling, or the statistics of a normalisation, spread over the whole map.

    Attributes:
        collapsed_at: Name of the tensor in which an axis was first collapsed to one index, or normalised over.
        first: First index of the graph input's axis that any index of the tensor depends on, in pixels.
        last: Last such index, included.
    """

    collapsed_at: str
    first: int
    last: int


class LastLocal(Struct, frozen=True):
    """The last closed form on the way to a tensor without one: what a step of a recurrence or a pooling reads.

    Attributes:
        tensor: Name of the last tensor with a closed form.
        size: Pixels of the graph input that one of its indices sees.
        stride: Pixels of the graph input from one of its indices to the next.
    """

    tensor: str
    size: int
    stride: Fraction


class Alignment(Struct, frozen=True):
    """Where the cells of a map lie along one axis of a graph input, in pixels.

    An *offset* is the center of cell i minus `(i + ½)·stride − ½`, where code that works with half-pixel centers puts
    it, averaged over one period of the field. Cell i stands for the pixels from `i·stride` to `(i + 1)·stride − 1`.

    Attributes:
        offset: The offset along every path from the graph input; None where the paths disagree.
        least: The smallest offset of any path.
        most: The largest offset of any path.
        lookahead: How many pixels past those that it stands for a cell sees, in the theoretical field. 0 is causal.
        lookback: How many pixels before them it sees.
        apart_at: The first node that merged paths of different offsets, as operator and name; None without one.
    """

    offset: Fraction | None
    least: Fraction
    most: Fraction
    lookahead: int
    lookback: int
    apart_at: str | None = None

    @property
    def causal(self) -> bool:
        """Whether a cell sees pixels before those that it stands for, and none after them."""
        return self.lookahead == 0 < self.lookback


NOTHING = 1 << 30
"""In arrays of first and last indices, the entry of an index that sees nothing.

It is larger than any pixel index, so that a minimum ignores it, and it fits into 32 bits. Hulls (fields/), positions
and the answers of the probe (verify/) all use it.
"""


ROUNDED = "rounding leaves out the outermost pixel of some indices: the size is the largest"
"""The `reason` of a closed form that is an upper bound: an antialiased Resize computes in single precision."""


_Truth_co = TypeVar("_Truth_co", covariant=True)


class _Ends(Protocol[_Truth_co]):
    """A number, or an array of numbers: renderers use this file, which is why it does not name numpy."""

    def __ge__(self, other: int, /) -> _Truth_co: ...


def sees_nothing(ends: _Ends[_Truth_co]) -> _Truth_co:
    """Whether a first or last index is that of an index that sees nothing; for an array, entry by entry."""
    return ends >= NOTHING


class Positions(Struct, frozen=True):
    """The actual local receptive field of every index along one axis of a tensor; `len()` gives how many there are.

    Kept as packed 32-bit integers: a network over a long signal has millions of them, and few are ever read.

    Attributes:
        firsts: First pixel of every index, packed.
        lasts: Last pixel of every index, packed.
    """

    firsts: bytes
    lasts: bytes

    def __repr__(self) -> str:
        return f"<Positions of {len(self)} indices>"

    @classmethod
    def of(cls, first: Iterable[int | None], last: Iterable[int | None]) -> Positions:
        """Pack the first and the last pixel of every index; None where an index sees nothing."""
        return cls(*(array("i", (NOTHING if i is None else i for i in side)).tobytes() for side in (first, last)))

    def __len__(self) -> int:
        """How many indices there are."""
        return len(self.firsts) // array("i").itemsize

    def at(self, index: int) -> Span | None:
        """The first and the last pixel, included, that one index sees; None where it sees nothing."""
        first, last = (memoryview(side).cast("i")[index] for side in (self.firsts, self.lasts))
        return None if sees_nothing(first) else (first, last)

    @property
    def first(self) -> tuple[int | None, ...]:
        """The first pixel of the graph input that each index sees; None where it sees nothing."""
        return _unpacked(self.firsts)

    @property
    def last(self) -> tuple[int | None, ...]:
        """The last pixel, included, of the graph input that each index sees; None where it sees nothing."""
        return _unpacked(self.lasts)

    @property
    def hull(self) -> Span | None:
        """The first and the last pixel of the graph input that any index sees; None where none sees anything."""
        lasts = array("i", self.lasts)
        if NOTHING in lasts:
            lasts = array("i", (index for index in lasts if index != NOTHING))
        return (min(array("i", self.firsts)), max(lasts)) if lasts else None


def _unpacked(packed: bytes) -> tuple[int | None, ...]:
    return tuple(None if index == NOTHING else index for index in array("i", packed))


class Field(Struct, frozen=True):
    """The receptive field of a tensor along one axis of one graph input.

    `size`, `stride`, `first`, `last` and `phases` are the theoretical local field: that of an infinite input, in which
    padding counts as pixels. This is the number in papers; the arithmetic is that of Araujo, Norris and Sim,
    "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019 (doi 10.23915/distill.00021), extended
    to fractional strides and to operators whose field changes periodically. They are None (`phases`: empty) where there
    is no closed form; `reason` then says why. `positions` and `widest` are the actual local field: only pixels that
    exist at this input size, so that it is smaller at the borders.

    Attributes:
        input: Name of the graph input.
        axis: Axis of the graph input, counted from 0.
        extent: Size of that axis, in pixels.
        node_axis: Axis of this tensor along which the position changes; None where the tensor has no position along
            the input's axis, after a global pooling for example.
        size: Pixels of the graph input that one index sees, the largest over all phases.
        stride: Effective stride: pixels of the graph input from one index to the next, on average over the phases. A
            fraction after upsampling, negative where the axis is reversed.
        first: First pixel that index 0 sees; negative where it lies in the padding.
        last: Last pixel that index 0 sees, included.
        phases: The first and last pixel of index 0, 1, … up to the period after which the field repeats, shifted; None
            for an index that sees nothing.
        reason: Why there is no closed form, or what restricts it; None where there is nothing to say.
        full: The full dependence where it exceeds the local field, else None.
        positions: The actual local field of every index along `node_axis`, of one for the whole tensor without it.
        widest: The largest actual local field of any index, in pixels of the graph input.
        last_local: The last closed form on the way, where there is none; None where there is one, or never was.
        smallest: The theoretical size along the path with the smallest field, where branches met on the way; equal to
            `size` where there is one path. It is the field that a layer is sure to extend in Richter et al., "Should
            You Go Deeper?" (arXiv:2106.12307). None without a closed form.
        alignment: Where the indices of this tensor lie along the axis; None where there is no closed form or no
            position, or the axis is reversed.
        upper_bound: Whether the field may be smaller: an earlier node, named in `reason`, is assumed to read its whole
            input.
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
    last_local: LastLocal | None = None
    smallest: int | None = None
    alignment: Alignment | None = None
    upper_bound: bool = False

    def __repr__(self) -> str:
        where = f"axis {self.axis} of {self.input!r}"
        if self.size is None:
            return f"<Field along {where}: no closed form, up to {self.widest} pixels>"
        return f"<Field along {where}: size {self.size}, stride {self.stride}, center {self.center}>"

    @property
    def center(self) -> Fraction | None:
        """Center of the theoretical field of index 0, in pixels of the graph input (pixel i has its center at i)."""
        if self.first is None or self.last is None:
            return None
        return Fraction(self.first + self.last, 2)

    @property
    def share(self) -> float:
        """Share of the graph input's axis that the index with the largest actual field sees, 0 to 1."""
        return self.widest / self.extent if self.extent else 0.0
