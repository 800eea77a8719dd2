"""Exact dependency sets: what every single element of a tensor depends on, along one axis of one graph input.

An operator is described by *addresses*: for each of its taps an integer array of the output's shape that holds the flat
index of the element read there, -1 where nothing is read. Everything else follows by taking unions. Nothing here knows
windows, periods or hulls; that is the point.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import onnx
from numpy.typing import NDArray

Shape = tuple[int, ...]
Booleans = NDArray[np.bool_]
Integers = NDArray[np.int64]
Attribute = int | float | str | list[int] | list[float] | onnx.TensorProto | None


class OracleLimitError(Exception):
    """The oracle knows no dependency sets for this operator or form of it."""


@dataclass(frozen=True, slots=True)
class Sees:
    """What each element of a tensor depends on; the sets are of shape (*tensor shape, pixels of the probed axis).

    `full` is everything. `local` lacks the statistics of normalising operators and what a collapsed axis spreads again.
    `placed` is the part of `local` that never passed a collapse: what remains once a collapsed axis is spread.
    `carriers` are the tensor's axes along which the position on the probed axis runs, `collapsed` those of extent 1
    that lost it; `lost` says that a collapsed axis was removed altogether.
    """

    full: Booleans
    local: Booleans
    placed: Booleans
    carriers: frozenset[int] = frozenset()
    collapsed: frozenset[int] = frozenset()
    lost: bool = False

    @property
    def shape(self) -> Shape:
        """Shape of the tensor."""
        return self.full.shape[:-1]

    @property
    def pixels(self) -> int:
        """Extent of the probed axis."""
        return int(self.full.shape[-1])


@dataclass(frozen=True, slots=True)
class Reads:
    """What one output of a node reads of the node's inputs.

    `taps` are the reads by input number; `statistics` are those that count for full dependence only. `collapses` are
    the axes of input 0 that are brought to extent 1 as a whole, `spreads` tells that an axis of extent 1 is repeated.
    `axes` says where each axis of an input goes, by input number; axes are aligned at the end where it says nothing.
    """

    shape: Shape
    taps: Mapping[int, Sequence[Integers]] = field(default_factory=dict)
    statistics: Mapping[int, Sequence[Integers]] = field(default_factory=dict)
    collapses: frozenset[int] = frozenset()
    spreads: bool = False
    axes: Mapping[int, Mapping[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One node as the oracle sees it: attributes, and its inputs as they were in a real run (None: left out)."""

    op: str
    version: int
    attributes: Mapping[str, Attribute]
    inputs: tuple[NDArray[np.generic] | None, ...]
    known: tuple[bool, ...]  # whether the input is the same whatever is fed
    outputs: int

    def shape(self, number: int = 0) -> Shape:
        """Shape of an input."""
        value = self.inputs[number]
        if value is None:
            raise OracleLimitError(f"{self.op}: input {number} is missing")
        return value.shape

    def given(self, number: int) -> bool:
        """Whether this input is there."""
        return number < len(self.inputs) and self.inputs[number] is not None

    def constant(self, number: int) -> NDArray[np.generic]:
        """Values of an input that steers the operator; it must not depend on what is fed."""
        value = self.inputs[number]
        if value is None or not self.known[number]:
            raise OracleLimitError(f"{self.op}: input {number} is computed from the data")
        return value

    def integers(self, number: int, attribute: str) -> list[int] | None:
        """Integers from an attribute (older operator sets) or else from an input (newer ones)."""
        if attribute in self.attributes:
            return self.wholes(attribute, [])
        if not self.given(number):
            return None
        return [int(value) for value in self.constant(number).reshape(-1)]

    def whole(self, attribute: str, default: int) -> int:
        """An integer attribute."""
        value = self.attributes.get(attribute, default)
        assert isinstance(value, int)
        return value

    def wholes(self, attribute: str, default: Sequence[int]) -> list[int]:
        """A list of integers."""
        value = self.attributes.get(attribute, list(default))
        assert isinstance(value, list)
        return [int(number) for number in value]

    def real(self, attribute: str, default: float) -> float:
        """A number."""
        value = self.attributes.get(attribute, default)
        assert isinstance(value, float)
        return value

    def word(self, attribute: str, default: str) -> str:
        """A word."""
        value = self.attributes.get(attribute, default)
        assert isinstance(value, str)
        return value


Operator = Callable[[Step], list[Reads]]
OPERATORS: dict[str, Operator] = {}


def operator(*names: str) -> Callable[[Operator], Operator]:
    """Register the description of some operators."""

    def register(describe: Operator) -> Operator:
        for name in names:
            assert name not in OPERATORS, name
            OPERATORS[name] = describe
        return describe

    return register


def numbered(shape: Shape) -> Integers:
    """Every element's own flat index."""
    return np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)


def crossed(shape: Shape, rows: Sequence[Integers]) -> Integers:
    """Addresses where each axis picks its index by itself: `rows[axis][output index]`, -1 for none."""
    assert len(shape) == len(rows)
    address = np.zeros((), dtype=np.int64)
    nothing = np.zeros((), dtype=np.bool_)
    for extent, row in zip(shape, rows, strict=True):
        assert np.all(row < extent)
        address = address[..., None] * extent + np.maximum(row, 0)
        nothing = nothing[..., None] | (row < 0)
    return np.asarray(np.where(nothing, -1, address), dtype=np.int64)


def broadcast(shape: Shape, target: Shape) -> Integers:
    """Addresses of a numpy broadcast."""
    return np.broadcast_to(numbered(shape), target)


def union(sets: Booleans, taps: Sequence[Integers], shape: Shape) -> Booleans:
    """For every output element, everything that the elements read at its taps depend on."""
    flat = sets.reshape(-1, sets.shape[-1])
    flat = np.concatenate([flat, np.zeros((1, sets.shape[-1]), dtype=np.bool_)])  # address -1 sees nothing
    result = np.zeros((*shape, sets.shape[-1]), dtype=np.bool_)
    for tap in taps:
        assert tap.shape == shape, (tap.shape, shape)
        result |= flat[tap]
    return result


def apply(reads: Reads, inputs: Sequence[Sees | None]) -> Sees:
    """What the output sees, from what the inputs see."""
    pixels = next(sees.pixels for sees in inputs if sees is not None)
    nothing = np.zeros((*reads.shape, pixels), dtype=np.bool_)
    full, local, placed = nothing, nothing, nothing
    carriers: frozenset[int] = frozenset()
    collapsed: frozenset[int] = frozenset()
    lost = False
    for number, sees in enumerate(inputs):
        if sees is None:
            continue
        taps = reads.taps.get(number, ())
        full = full | union(sees.full, [*taps, *reads.statistics.get(number, ())], reads.shape)
        carriers |= _carriers(sees, taps, reads.shape)
        axes = reads.axes.get(
            number, {axis: axis + len(reads.shape) - len(sees.shape) for axis in range(len(sees.shape))}
        )
        flat = {axes[axis] for axis in sees.collapsed if axis in axes}
        if sees.lost and len(axes) == len(sees.shape):  # an axis made anew has no position, unless one is summed over
            flat |= set(range(len(reads.shape))) - set(axes.values())
        gone = sees.lost or any(axis not in axes for axis in sees.collapsed)
        source, kept = sees.local, sees.placed
        if reads.spreads and any(reads.shape[axis] > 1 for axis in flat):
            source = kept
        fallen = reads.collapses & (sees.carriers | _varying(sees)) if number == 0 else frozenset()
        if fallen:
            kept = np.zeros_like(kept)
            flat |= {axes[axis] for axis in fallen if axis in axes}
            gone = gone or any(axis not in axes for axis in fallen)
        local = local | union(source, taps, reads.shape)
        placed = placed | union(kept, taps, reads.shape)
        collapsed |= {axis for axis in flat if reads.shape[axis] == 1}
        lost = lost or gone
    return Sees(full, local, placed, carriers - collapsed, collapsed, lost)


def _varying(sees: Sees) -> frozenset[int]:
    """Axes along which not all elements see the same."""
    first = [np.take(sees.local, [0], axis) for axis in range(len(sees.shape))]
    return frozenset(
        axis
        for axis, slab in enumerate(first)
        if not np.array_equal(np.broadcast_to(slab, sees.local.shape), sees.local)
    )


def _carriers(sees: Sees, taps: Sequence[Integers], shape: Shape) -> frozenset[int]:
    """Output axes along which the taps move over the input's position axes (so they carry the position on)."""
    rows = [
        np.arange(extent) if axis in sees.carriers else np.zeros(extent, dtype=np.int64)
        for axis, extent in enumerate(sees.shape)
    ]
    label = crossed(sees.shape, rows).reshape(-1)
    found: set[int] = set()
    for tap in taps:
        for axis in range(len(shape) if tap.size else 0):
            here, there = np.delete(tap, -1, axis), np.delete(tap, 0, axis)
            if np.any((here >= 0) & (there >= 0) & (label[here] != label[there])):
                found.add(axis)
    return frozenset(found)
