"""Picking and placing element by element: exact by constant indices, the whole input by computed ones.

Source: ONNX GatherElements, GatherND, ScatterElements (Scatter before 11), ScatterND, Trilu, ReverseSequence;
com.microsoft GatherND, Trilu.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from strideinspect.model.node import PlacedNode, UnresolvedError, normal_axis
from strideinspect.reads.flat import Elements, element_wise, elements, grouped
from strideinspect.reads.registry import reads
from strideinspect.reads.steps import Read, repeating, single


@reads("GatherElements")
def gather_elements(placed: PlacedNode) -> tuple[Read, ...]:
    """Each output element reads the element of its own place, the index put in along the axis."""
    shape, index = placed.shape(0), _indices(placed)
    axis = normal_axis(placed.node.integer("axis", 0), len(shape))
    return (element_wise(placed, elements(shape)[_places(index, axis, shape[axis])]),)


@reads("GatherND")
@reads("GatherND", domain="com.microsoft")
def gather_nd(placed: PlacedNode) -> tuple[Read, ...]:
    """Each row of the indices names a slice, behind `batch_dims` axes that are walked along."""
    shape, index = placed.shape(0), _indices(placed)
    aside = placed.node.integer("batch_dims", 0)
    source = elements(shape)
    walked = np.ix_(*(np.arange(n) for n in shape[:aside])) if aside else ()
    rows = [index[..., k] for k in range(index.shape[-1])]
    inner = rows[0].ndim - aside if rows else 0
    along = tuple(a.reshape(a.shape + (1,) * inner) for a in walked)
    named = tuple(_wrapped(row, shape[aside + k]) for k, row in enumerate(rows))
    return (element_wise(placed, source[(*along, *named)]),)


@reads("ScatterElements", "Scatter")
def scatter_elements(placed: PlacedNode) -> tuple[Read, ...]:
    """The data where nothing is placed, and the updates where they are."""
    shape, index = placed.shape(0), _indices(placed)
    axis = normal_axis(placed.node.integer("axis", 0), len(shape))
    target = elements(shape)[_places(index, axis, shape[axis])]
    return _placed_into(placed, target, placed.node.text("reduction", "none"))


@reads("ScatterND")
def scatter_nd(placed: PlacedNode) -> tuple[Read, ...]:
    """As ScatterElements, slice by slice."""
    shape, index = placed.shape(0), _indices(placed)
    rows = tuple(_wrapped(index[..., k], shape[k]) for k in range(index.shape[-1]))
    return _placed_into(placed, elements(shape)[rows], placed.node.text("reduction", "none"))


def _placed_into(placed: PlacedNode, target: Elements, reduction: str) -> tuple[Read, ...]:
    own = elements(placed.shape(0)).reshape(-1)
    updates = grouped(target.reshape(-1), own.size)
    if reduction == "none":
        latest = updates.max(axis=1)  # the last one written stays
        return (
            element_wise(placed, np.where(latest < 0, own, -1)),
            element_wise(placed, latest, input=2),
        )
    return (Read(0), element_wise(placed, updates, input=2))


@reads("Trilu")
@reads("Trilu", domain="com.microsoft")
def triangle(placed: PlacedNode) -> tuple[Read, ...]:
    """One triangle stays as it is, the other one reads nothing."""
    shape = placed.shape(0)
    offset = 0
    if placed.present(1):
        given = placed.constant(1)
        if given is None:
            raise UnresolvedError(f"its diagonal ({placed.node.inputs[1]!r}) is computed from the data")
        offset = int(given.reshape(-1)[0])
    row, column = np.ogrid[: shape[-2], : shape[-1]]
    kept = column - row >= offset if placed.node.integer("upper", 1) else column - row <= offset
    return (element_wise(placed, np.where(kept, elements(shape), -1)),)


@reads("ReverseSequence")
def reverse_sequence(placed: PlacedNode) -> tuple[Read, ...]:
    """The first `lengths[b]` indices of the time axis run backwards, batch element by batch element."""
    shape, lengths = placed.shape(0), placed.constant(1)
    time = normal_axis(placed.node.integer("time_axis", 0), len(shape))
    batch = normal_axis(placed.node.integer("batch_axis", 1), len(shape))
    if lengths is None:
        raise UnresolvedError(f"it reverses parts whose lengths ({placed.node.inputs[1]!r}) are computed from the data")
    size = lengths.reshape(-1).astype(np.int64)
    index = np.arange(shape[time])
    if (size == size[0]).all():
        backwards = np.where(index < size[0], size[0] - 1 - index, index)
        whole = size[0] == shape[time]
        form = repeating(-1, backwards[:1, None], sized=True)
        why = f"ReverseSequence {placed.node.label!r} reverses a part of the axis"
        return (Read(0, 0, (single(time, shape[time], backwards, form if whole else why),)),)
    table = np.where(index[:, None] < size, size - 1 - index[:, None], index[:, None])  # [time, batch]
    moved = np.moveaxis(elements(shape), (time, batch), (0, 1))
    picked = np.moveaxis(moved[table, np.arange(shape[batch])], (0, 1), (time, batch))
    return (element_wise(placed, picked),)


def _indices(placed: PlacedNode) -> Elements:
    found = placed.constant(1)
    if found is None:
        raise UnresolvedError(f"it picks by indices ({placed.node.inputs[1]!r}) that are computed from the data")
    return found.astype(np.int64)


def _places(index: Elements, axis: int, length: int) -> tuple[NDArray[np.integer], ...]:
    grid = np.ogrid[tuple(slice(n) for n in index.shape)]
    return tuple(_wrapped(index, length) if i == axis else part for i, part in enumerate(grid))


def _wrapped(index: Elements, length: int) -> Elements:
    """Negative indices counted from the end. Raises UnresolvedError for one that the axis does not have."""
    if ((index < -length) | (index >= length)).any():
        raise UnresolvedError(f"it names an index outside an axis of {length}")
    return np.where(index < 0, index + length, index)
