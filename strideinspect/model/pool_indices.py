"""Which tensors hold the indices that a MaxPool gave, as exporters carry them to the place where they are unpooled.

ONNX counts a MaxPool's indices over the whole tensor, PyTorch over each plane. Its exporter therefore subtracts the
first index of each plane, which it takes from another MaxPool with windows of one pixel, and adds it again. Where
planes are unpooled one by one, it is not added.

Source: ONNX MaxPool; the export of torch.nn.MaxUnpool2d by torch.onnx.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from strideinspect.limits import MOST_CONSTANT_INTEGERS
from strideinspect.model.geometry import PoolIndices, Window
from strideinspect.model.node import Node, PlacedNode
from strideinspect.model.shapes import Shapes

_MOVES = frozenset({"Cast", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"})
"""Operators that keep values and their order."""


class _Chosen(Struct, frozen=True):
    """The indices of a pool plus `added`, an array of few numbers that broadcasts to the shape of the tensor."""

    indices: PoolIndices
    added: NDArray[np.int64]


class _Own(Struct, frozen=True):
    """Every element's own index, as a sum: the part of it that each axis contributes. A slice keeps some of them."""

    parts: tuple[NDArray[np.int64], ...]


def pool_indices(shapes: Shapes) -> Mapping[str, PoolIndices]:
    """The tensors that hold a pool's indices, unchanged but for their shape."""
    if not any(map(_gives_indices, shapes.having({"MaxPool"}))):
        return {}
    found: dict[str, _Chosen | _Own] = {}
    for node in shapes.nodes:
        if len(node.outputs) > 1 and _gives_indices(node):
            given = _given(shapes, node)
            if given is not None:
                found[node.outputs[1]] = given
        elif not found.keys().isdisjoint(node.inputs):
            after = _after(shapes.placed(node), found)
            if after is not None:
                found[node.outputs[0]] = after
    settled = {name: _settled(value) for name, value in found.items() if isinstance(value, _Chosen)}
    return {name: indices for name, indices in settled.items() if indices is not None}


def windows_of_one(windows: Sequence[Window]) -> bool:
    """Whether every window has one pixel, so that the indices of the maxima do not depend on the data."""
    return all(window.kernel == 1 for window in windows)


def _gives_indices(node: Node) -> bool:
    return node.op == "MaxPool" and not node.domain and len(node.outputs) > 1 and node.outputs[1] != ""


def _given(shapes: Shapes, node: Node) -> _Chosen | _Own | None:
    geometry = shapes.geometries.get(node.key)
    if geometry is None or node.integer("storage_order", 0):
        return None
    data, pooled = shapes.shapes[node.inputs[0]], shapes.shapes[node.outputs[1]]
    if windows_of_one(geometry.windows) and data == pooled:
        strides = [math.prod(data[axis + 1 :]) for axis in range(len(data))]
        return _Own(tuple(np.arange(size, dtype=np.int64) * by for size, by in zip(data, strides, strict=True)))
    return _Chosen(PoolIndices(geometry, data, pooled), np.zeros((1,) * len(pooled), dtype=np.int64))


def _after(placed: PlacedNode, found: Mapping[str, _Chosen | _Own]) -> _Chosen | _Own | None:
    """What the first output holds of the indices at the inputs; None where that is not followed."""
    node = placed.node
    first = found.get(node.inputs[0])
    if node.op in _MOVES and isinstance(first, _Chosen):
        if placed.output_shape() == first.indices.pooled:
            return first
        indices = _settled(first)
        return None if indices is None else _Chosen(indices, np.zeros((), dtype=np.int64))
    if node.op == "Slice" and isinstance(first, _Own):
        return _sliced(placed, first)
    if node.op in {"Add", "Sub"}:
        second = found.get(node.inputs[1])
        if isinstance(first, _Chosen) and not isinstance(second, _Chosen):
            return _plus(placed, first, _number(placed, 1, second), -1 if node.op == "Sub" else 1)
        if isinstance(second, _Chosen) and not isinstance(first, _Chosen) and node.op == "Add":
            return _plus(placed, second, _number(placed, 0, first), 1)
    return None


def _settled(chosen: _Chosen) -> PoolIndices | None:
    """The indices if they count in the whole tensor or in each plane; None if something else was added."""
    indices, added = chosen.indices, chosen.added
    if not added.any():
        return indices
    counts = [1 if axis in indices.geometry.axes else n for axis, n in enumerate(indices.pooled)]
    if indices.in_planes or added.shape != tuple(counts):
        return None
    firsts = np.arange(math.prod(counts), dtype=np.int64).reshape(counts) * indices.plane
    return structs.replace(indices, in_planes=True) if np.array_equal(added, -firsts) else None


def _sliced(placed: PlacedNode, own: _Own) -> _Own | None:
    """A Slice of whole axes or their beginnings, as the shape after it tells; others are not followed."""
    starts = placed.integers(1, "starts")
    if starts is None or any(starts):
        return None
    return _Own(tuple(part[:size] for part, size in zip(own.parts, placed.output_shape(), strict=True)))


def _number(placed: PlacedNode, place: int, own: _Chosen | _Own | None) -> NDArray[np.int64] | None:
    """The values at an input that does not depend on the data, if they are few."""
    if isinstance(own, _Own):
        if math.prod(len(part) for part in own.parts) > MOST_CONSTANT_INTEGERS:
            return None
        return np.asarray(sum(np.ix_(*own.parts)))
    value = placed.constant(place)
    return None if value is None else np.asarray(value, dtype=np.int64)


def _plus(placed: PlacedNode, chosen: _Chosen, number: NDArray[np.int64] | None, sign: int) -> _Chosen | None:
    """The sum, if it has the shape of the indices and the numbers that were added to them are few."""
    if number is None or placed.output_shape() != chosen.indices.pooled:
        return None
    added = chosen.added + sign * number
    return structs.replace(chosen, added=added) if added.size <= MOST_CONSTANT_INTEGERS else None
