"""Reads as data: which indices of its input one output index reads, as a short sequence of steps.

Steps are equal to steps of their own kind only, as they are keys of caches. Three modules interpret them:
`fields.actual` (index arrays), `fields.theoretical` (closed form) and `fields.liveness` (backwards). Axes are those of
the tensor that the step is applied to.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from strideinspect.reads.periodic import Periodic, repeating
from strideinspect.results.field import Shape

Taps = NDArray[np.int32]
"""Input indices per output index, shape [outputs, taps]; -1 where a tap is missing."""


class Sliding(Struct, frozen=True):
    """A window along `axis`: output o reads the input indices o·stride − begin + dilation·j, j < kernel, if they exist.

    `collapses`: a pool that covers a whole axis longer than one and leaves one index, which then has no position.
    """

    axis: int
    kernel: int
    stride: int
    dilation: int
    begin: int
    length: int
    size: int
    size_dependent: bool = False
    collapses: bool = False

    def periodic(self) -> Periodic:
        """The window on an infinite plane."""
        return _window(self.kernel, self.stride, self.dilation, self.begin, size_dependent=self.size_dependent)


@lru_cache(maxsize=256)  # networks repeat a few windows many times
def _window(kernel: int, stride: int, dilation: int, begin: int, *, size_dependent: bool) -> Periodic:
    return repeating(
        stride, dilation * np.arange(kernel, dtype=np.int64)[None, :] - begin, size_dependent=size_dependent
    )


class Transposed(Struct, frozen=True):
    """A transposed window: output o reads each i with o + begin − dilation·j = i·stride for some j < kernel."""

    axis: int
    kernel: int
    stride: int
    dilation: int
    begin: int
    length: int
    size: int
    size_dependent: bool = False

    def periodic(self) -> Periodic:
        """The window on an infinite plane: one phase per index of the stride."""
        reach = np.arange(self.stride, dtype=np.int64)[:, None] + self.begin
        reach = reach - self.dilation * np.arange(self.kernel, dtype=np.int64)[None, :]
        return repeating(1, reach // self.stride, reach % self.stride == 0, size_dependent=self.size_dependent)


class Table(Struct, frozen=True):
    """Output o reads the indices listed in taps[o]. `periodic_form` is the closed form, or why there is none.

    `of_elements`: the axis is the flattened tensor, whose elements are picked one by one.
    """

    axis: int
    length: int
    taps: Taps
    periodic_form: Periodic | str
    of_elements: bool = False

    def __eq__(self, other: object) -> bool:
        """Equal tables share their taps: comparing arrays entry by entry would cost more than a cache saves."""
        if not isinstance(other, Table):
            return False
        return self.taps is other.taps and (self.axis, self.length) == (other.axis, other.length)

    def __hash__(self) -> int:
        """By the identity of the taps, for use as a cache key."""
        return hash((self.axis, id(self.taps)))

    @property
    def size(self) -> int:
        """How many output indices there are."""
        return len(self.taps)


class AxisPart(Struct, frozen=True):
    """The read fills the indices [offset, offset + length) of an axis of `size`; other reads fill the rest."""

    axis: int
    offset: int
    length: int
    size: int


class Channels(Struct, frozen=True):
    """A convolution's channels: each of `outputs` channels reads all input channels of its own group."""

    axis: int
    groups: int
    inputs: int
    outputs: int


class Whole(Struct, frozen=True):
    """Every output index reads the whole axis, which becomes one index.

    `collapses`: a pooling or reduction, after which the axis has no position; False for a matrix product. `attends`: a
    product of two factors that both depend on the data, as in attention, where no index has a weight of its own.
    """

    axis: int
    length: int
    collapses: bool
    attends: bool = False


class Cumulative(Struct, frozen=True):
    """Output o reads all indices up to o (`forward`), from o on (`backward`), or both ways: recurrences and CumSum.

    `both_ways`: another read of the same node runs the other way, so that the node as a whole reads the whole axis.
    """

    axis: int
    forward: bool
    backward: bool
    both_ways: bool = False


class Statistics(Struct, frozen=True):
    """Each index reads itself and, through the statistics it is normalised with, all indices of these axes."""

    axes: tuple[int, ...]


class Permute(Struct, frozen=True):
    """Output axis i is input axis perm[i]."""

    perm: tuple[int, ...]


class Reshape(Struct, frozen=True):
    """The same values in row-major order under another shape."""

    before: Shape
    after: Shape


class Broadcast(Struct, frozen=True):
    """Axes of extent 1, and missing leading axes, are broadcast to the target shape."""

    before: Shape
    after: Shape


class Masked(Struct, frozen=True):
    """Only the marked elements are taken, the others come from elsewhere.

    `marked` are the bytes of a mask of shape `extents`, which has as many axes as `shape` and broadcasts to it.
    """

    shape: Shape
    extents: Shape
    marked: bytes

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Which elements are taken."""
        return np.frombuffer(self.marked, dtype=bool).reshape(self.extents)

    def over(self, axes: Collection[int]) -> NDArray[np.bool_]:
        """Which are taken at any index along `axes`, which get extent 1."""
        return np.asarray(self.mask.any(axis=tuple(axes), keepdims=True)) if axes else self.mask


class Everything(Struct, frozen=True):
    """Every output index reads the whole input. `reason` is given if this is an assumption."""

    before: Shape
    after: Shape
    reason: str | None = None


AxisStep = Sliding | Transposed | Table
"""Steps that describe which indices are read along one axis."""

Step = AxisStep | Channels | Whole | Cumulative | Statistics | Permute | Reshape | Broadcast | Masked | Everything


class Read(Struct, frozen=True):
    """What an output of a node reads of one of its inputs; no steps means the same index.

    With `place`, the read describes only a range of the output.
    """

    input: int
    output: int = 0
    steps: tuple[Step, ...] = ()
    place: AxisPart | None = None


def table(axis: int, length: int, rows: Sequence[Sequence[int]], periodic: Periodic | str) -> Table:
    """A table from one list of input indices per output index."""
    width = max(map(len, rows), default=0)
    taps = np.full((len(rows), max(width, 1)), -1, dtype=np.int32)
    for i, row in enumerate(rows):
        taps[i, : len(row)] = row
    return Table(axis, length, taps, periodic)


def single(axis: int, length: int, indices: NDArray[np.integer], periodic: Periodic | str) -> Table:
    """A table in which each output index reads one input index."""
    return Table(axis, length, np.asarray(indices, dtype=np.int32).reshape(-1, 1), periodic)
