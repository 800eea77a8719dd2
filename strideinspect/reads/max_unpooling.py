"""Max unpooling: each value goes back to the place in the window from which a MaxPool took it.

Wherever that was, an index of the result reads the windows that it lies in, and the choice made in each of them. The
rest of the result is zero.

Source: ONNX MaxUnpool; torch.nn.MaxUnpool2d, which is exported as a ScatterND into a flat map of zeros; unpooling
written by hand, with a ScatterElements into each plane.
"""

from __future__ import annotations

import math

from strideinspect.model.geometry import PoolIndices
from strideinspect.model.node import PlacedNode
from strideinspect.reads.families import everything, reads
from strideinspect.reads.steps import Read, Reshape, Step, Transposed


@reads("MaxUnpool")
def max_unpool(placed: PlacedNode) -> tuple[Read, ...]:
    """The windows of the pool that gave the indices, turned round, if the map has the size of the pool's input."""
    found = _by_pool(placed, 0) if placed.shape(0) == placed.shape(1) else None
    if found is not None:
        return found
    node = placed.node
    pool = placed.pool_indices.get(node.inputs[1])
    if pool is not None and not _counts(pool, in_planes=False):
        why = "is given indices that count within each plane, but ONNX counts them over the whole tensor"
        return everything(placed, f"{node.op} {node.label!r} {why}")
    if pool is not None:
        sizes = " and ".join("×".join(map(str, shape)) for shape in (pool.map, placed.output_shape()))
        return everything(placed, f"{node.op} {node.label!r} unpools to another size than was pooled ({sizes})")
    by = "computed from the data" if placed.is_data_dependent(1) else "constant, and not from a pool"
    return everything(placed, f"{node.op} {node.label!r} writes to indices that are {by}")


def scattered_by_pool(placed: PlacedNode, updates: int) -> tuple[Read, ...] | None:
    """The reads of a ScatterND that unpools into a flat map; None for any other."""
    flat = len(placed.shape(0)) == 1 and placed.shape(1) == (*placed.shape(updates), 1)
    return _by_pool(placed, updates) if flat and placed.node.text("reduction", "none") == "none" else None


def scattered_in_planes(placed: PlacedNode, axis: int, updates: int) -> tuple[Read, ...] | None:
    """The reads of a ScatterElements along `axis` that unpools each plane, which is flat; None for any other."""
    after, given = placed.output_shape(), placed.shape(1)
    pool = placed.pool_indices.get(placed.node.inputs[1])
    if pool is None or not _counts(pool, in_planes=True) or placed.node.text("reduction", "none") != "none":
        return None
    flat = axis == len(after) - 1 and after[axis] == pool.plane and after[:axis] == given[:axis]
    return _turned_round(placed, pool, updates) if flat and math.prod(after) == math.prod(pool.map) else None


def _counts(pool: PoolIndices, *, in_planes: bool) -> bool:
    """Whether the indices count this way; with a single plane both are the same."""
    return pool.in_planes == in_planes or pool.plane == math.prod(pool.map)


def _by_pool(placed: PlacedNode, updates: int) -> tuple[Read, ...] | None:
    pool = placed.pool_indices.get(placed.node.inputs[1])
    after = placed.output_shape()
    if pool is None or not _counts(pool, in_planes=False) or math.prod(after) != math.prod(pool.map):
        return None
    if (len(after) > 1 and after != pool.map) or math.prod(placed.shape(updates)) != math.prod(pool.pooled):
        return None
    return _turned_round(placed, pool, updates)


def _turned_round(placed: PlacedNode, pool: PoolIndices, updates: int) -> tuple[Read, ...]:
    """The windows of the pool turned round, of the values and of the indices."""
    windows = tuple(
        Transposed(axis, w.kernel, w.stride, w.dilation, w.begin, w.size, w.length, w.size_dependent)
        for axis, w in zip(pool.geometry.axes, pool.geometry.windows, strict=True)
    )
    apart = _reshaped(pool.map, placed.output_shape())
    return tuple(Read(k, 0, (*_reshaped(placed.shape(k), pool.pooled), *windows, *apart)) for k in (updates, 1))


def _reshaped(before: tuple[int, ...], after: tuple[int, ...]) -> tuple[Step, ...]:
    return () if before == after else (Reshape(before, after),)
