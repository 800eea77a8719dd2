"""Indices of a map that hold the same as others: those by which a map is padded with its own pixels.

A circular, mirrored or replicated padding, and the slices and the Concat that exporters write for one, repeat rows of
the map. A window that leaves out such a row loses nothing if it covers another copy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from strideinspect.fields.index_masks import Vector
from strideinspect.fields.node_reads import NodeReads
from strideinspect.model.node import Shape
from strideinspect.model.shapes import Shapes
from strideinspect.reads.steps import Channels, Permute, Read, Reshape, Sliding, Table, Transposed

_PARAMETERS_ONLY: Final = frozenset(
    {"Clip", "Gather", "Pad", "Reshape", "Resize", "Slice", "Split", "Squeeze", "Unsqueeze", "Upsample"}
)
"""Operators whose further inputs say what is done alike at every index, and hold no numbers of single ones."""

_Origins = NDArray[np.int64]
"""Per index of an axis a number that is the same where the content is."""

_ABSENT: Final = -1
"""The origin of an index that holds constant padding alone."""


def repeated(shapes: Shapes, makers: Mapping[str, NodeReads], tensor: str, axis: int, touched: Vector) -> Vector:
    """The indices of an axis outside of `touched` that hold the same as one inside, or constant padding.

    `makers` are the nodes by the tensors that they compute.
    """
    origins = _Walk(shapes, makers).origins(tensor, axis)
    covered: Vector = (origins == _ABSENT) | np.isin(origins, origins[touched])
    return covered & ~touched


class _Walk:
    """Follows copies of indices back through the nodes that only move them."""

    def __init__(self, shapes: Shapes, makers: Mapping[str, NodeReads]) -> None:
        self._shapes = shapes
        self._makers = makers
        self._known: dict[tuple[str, int], _Origins] = {}
        self._numbers = 0

    def origins(self, tensor: str, axis: int) -> _Origins:
        """The origins of the indices of a tensor's axis."""
        if (tensor, axis) not in self._known:
            found = self._moved(tensor, axis)
            self._known[tensor, axis] = self._fresh(tensor, axis) if found is None else found
        return self._known[tensor, axis]

    def _fresh(self, tensor: str, axis: int) -> _Origins:
        length = self._shapes.shapes[tensor][axis]
        self._numbers += length
        return np.arange(self._numbers - length, self._numbers, dtype=np.int64)

    def _moved(self, tensor: str, axis: int) -> _Origins | None:
        """The origins where the node only moves what it takes; None where it computes something new."""
        item = self._makers.get(tensor)
        if item is None or not item.known:
            return None
        reads = [read for read in item.reads if item.node.outputs[read.output] == tensor]
        if item.node.op == "Concat":
            return self._joined(item, reads, tensor, axis)
        alone = sum(map(bool, item.node.inputs)) == 1 or item.node.op in _PARAMETERS_ONLY
        return self._through(item, reads[0], tensor, axis) if alone and len(reads) == 1 else None

    def _joined(self, item: NodeReads, reads: list[Read], tensor: str, axis: int) -> _Origins | None:
        if len(reads) < len(item.node.inputs):  # constants among them
            return None
        pieces = [(read.place, self.origins(item.node.inputs[read.input], axis)) for read in reads]
        if all(place is not None and place.axis == axis for place, _ in pieces):
            whole = np.full(self._shapes.shapes[tensor][axis], _ABSENT, dtype=np.int64)
            for place, origins in pieces:
                if place is not None:
                    whole[place.offset : place.offset + place.length] = origins
            return whole
        beside = np.stack([origins for _, origins in pieces])  # an index holds the same if it does in every piece
        _, places = np.unique(beside, axis=1, return_inverse=True)
        return np.where((beside == _ABSENT).all(axis=0), _ABSENT, self._computed(places.reshape(-1)))

    def _through(self, item: NodeReads, read: Read, tensor: str, axis: int) -> _Origins | None:
        if read.place is not None:
            return None
        index: NDArray[np.int64] = np.arange(self._shapes.shapes[tensor][axis])
        same = bool(read.steps) or item.node.op == "Identity"
        for step in reversed(read.steps):
            match step:
                case Permute():
                    axis = step.perm[axis]
                case Reshape():
                    kept = kept_axes(step.before, step.after)
                    if kept is None or axis not in kept:
                        return None
                    axis = kept[axis]
                case Sliding(axis=along, kernel=1) if along == axis:
                    moved = index * step.stride - step.begin
                    index = np.where((index != _ABSENT) & (moved >= 0) & (moved < step.length), moved, _ABSENT)
                case Table(axis=along) if along == axis and step.taps.shape[1] == 1:
                    index = np.where(index != _ABSENT, step.taps[index, 0], _ABSENT)
                case Sliding() | Transposed() | Table() | Channels() if step.axis != axis:
                    same = False  # it does the same at every index of this axis: what they hold is another thing
                case _:
                    return None
        origins = self.origins(item.node.inputs[read.input], axis)
        moved = np.where(index != _ABSENT, origins[index], _ABSENT)
        return moved if same else self._computed(moved)

    def _computed(self, origins: _Origins) -> _Origins:
        """Other numbers, the same where these are: a node made something new of every index."""
        found, places = np.unique(origins, return_inverse=True)
        numbers = np.arange(self._numbers, self._numbers + len(found))
        self._numbers += len(found)
        return np.where(origins == _ABSENT, _ABSENT, numbers[places])


def kept_axes(before: Shape, after: Shape) -> dict[int, int] | None:
    """The axis before a reshape of each axis after it that is longer than 1; None unless only such of 1 come and go."""
    old, new = ([axis for axis, size in enumerate(shape) if size != 1] for shape in (before, after))
    if [before[axis] for axis in old] != [after[axis] for axis in new]:
        return None
    return dict(zip(new, old, strict=True))
