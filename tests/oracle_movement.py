"""Dependency sets of the operators that only move data: the operator, done by numpy on the elements' own numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from tests.oracle_sets import Integers, OracleLimitError, Reads, Shape, Step, broadcast, crossed, numbered, operator


def _moved(address: Integers, axes: Mapping[int, int], *, spreads: bool = False, source: int = 0) -> Reads:
    return Reads(address.shape, {source: [address]}, axes={source: axes}, spreads=spreads)


def _same(rank: int) -> dict[int, int]:
    return {axis: axis for axis in range(rank)}


@operator("Transpose")
def transpose(step: Step) -> list[Reads]:
    """Output axis k is input axis perm[k]; reversed by default."""
    rank = len(step.shape())
    perm = step.wholes("perm", list(range(rank))[::-1])
    return [_moved(np.transpose(numbered(step.shape()), perm), {axis: to for to, axis in enumerate(perm)})]


@operator("Reshape")
def reshape(step: Step) -> list[Reads]:
    """0 copies the input's extent (unless allowzero), -1 is what is left."""
    wanted = step.integers(1, "shape") or []
    shape = [
        step.shape()[axis] if extent == 0 and not step.whole("allowzero", 0) else extent
        for axis, extent in enumerate(wanted)
    ]
    return [_reshaped(step.shape(), numbered(step.shape()).reshape(shape))]


@operator("Flatten")
def flatten(step: Step) -> list[Reads]:
    """Two axes: what is before `axis` and what is after."""
    shape, axis = step.shape(), step.whole("axis", 1)
    axis += len(shape) if axis < 0 else 0
    return [_reshaped(shape, numbered(shape).reshape(math.prod(shape[:axis]), math.prod(shape[axis:])))]


def _reshaped(shape: Shape, address: Integers) -> Reads:
    """Axes in the common beginning of both shapes stay the same axes."""
    same = 0
    while same < min(len(shape), address.ndim) and shape[same] == address.shape[same]:
        same += 1
    return _moved(address, _same(same))


@operator("Squeeze")
def squeeze(step: Step) -> list[Reads]:
    """Axes of extent 1 go away: those named, or else all."""
    shape = step.shape()
    axes = step.integers(1, "axes")
    if axes is None:
        axes = [axis for axis, extent in enumerate(shape) if extent == 1]
    gone = {axis % len(shape) for axis in axes}
    left = [axis for axis in range(len(shape)) if axis not in gone]
    return [_moved(np.squeeze(numbered(shape), tuple(gone)), {axis: to for to, axis in enumerate(left)})]


@operator("Unsqueeze")
def unsqueeze(step: Step) -> list[Reads]:
    """Axes of extent 1, numbered in the output."""
    axes = step.integers(1, "axes") or []
    rank = len(step.shape()) + len(axes)
    new = {axis % rank for axis in axes}
    kept = [axis for axis in range(rank) if axis not in new]
    return [_moved(np.expand_dims(numbered(step.shape()), tuple(new)), dict(enumerate(kept)))]


@operator("Expand")
def expand(step: Step) -> list[Reads]:
    """A numpy broadcast in both directions."""
    wanted = [int(extent) for extent in step.constant(1)]
    shape = np.broadcast_shapes(step.shape(), tuple(wanted))
    lead = len(shape) - len(step.shape())
    return [
        _moved(broadcast(step.shape(), shape), {axis: axis + lead for axis in range(len(step.shape()))}, spreads=True)
    ]


@operator("Tile")
def tile(step: Step) -> list[Reads]:
    """The whole tensor again and again along each axis."""
    repeats = [int(count) for count in step.constant(1)]
    return [_moved(np.tile(numbered(step.shape()), repeats), _same(len(repeats)), spreads=True)]


@operator("Slice")
def slice_(step: Step) -> list[Reads]:
    """Negative places count from the end; then starts and ends are clamped so that at most the whole axis is copied."""
    shape = step.shape()
    starts, ends = step.integers(1, "starts") or [], step.integers(2, "ends") or []
    axes = step.integers(3, "axes") or list(range(len(starts)))
    steps = step.integers(4, "steps") or [1] * len(starts)
    rows = [np.arange(extent) for extent in shape]
    for start, end, axis, stride in zip(starts, ends, axes, steps, strict=True):
        length = shape[axis]
        begin, stop = (place + length if place < 0 else place for place in (start, end))
        if stride > 0:
            picked = range(min(max(begin, 0), length), min(max(stop, 0), length), stride)
        else:
            picked = range(min(max(begin, 0), length - 1), min(max(stop, -1), length - 1), stride)
        rows[axis] = np.array(picked, dtype=np.int64)
    return [_moved(crossed(shape, rows), _same(len(shape)))]


@operator("Concat")
def concat(step: Step) -> list[Reads]:
    """Pieces one after the other."""
    shapes = [step.shape(number) for number in range(len(step.inputs))]
    axis = step.whole("axis", 1) % len(shapes[0])
    taps = {}
    for number in range(len(shapes)):
        pieces = [numbered(shape) if number == other else np.full(shape, -1) for other, shape in enumerate(shapes)]
        taps[number] = [np.concatenate(pieces, axis)]
    return [Reads(taps[0][0].shape, taps)]


@operator("Split")
def split(step: Step) -> list[Reads]:
    """The reverse of Concat; equal parts by default, the last one smaller."""
    shape, axis = step.shape(), step.whole("axis", 0) % len(step.shape())
    sizes = step.integers(1, "split")
    if not sizes:
        part = math.ceil(shape[axis] / step.outputs)
        sizes = [min(part, shape[axis] - part * number) for number in range(step.outputs)]
    found, begin = [], 0
    for size in sizes:
        rows = [np.arange(extent) for extent in shape]
        rows[axis] = np.arange(begin, begin + size)
        found.append(_moved(crossed(shape, rows), _same(len(shape))))
        begin += size
    return found


@operator("Gather")
def gather(step: Step) -> list[Reads]:
    """Indices along one axis; the index tensor's axes take that axis's place."""
    shape, axis = step.shape(), step.whole("axis", 0) % len(step.shape())
    indices = step.constant(1).astype(np.int64)
    address = np.take(numbered(shape), np.where(indices < 0, indices + shape[axis], indices), axis)
    axes = {old: old if old < axis else old + indices.ndim - 1 for old in range(len(shape)) if old != axis}
    if indices.ndim == 1:
        axes[axis] = axis
    return [_moved(address, axes)]


@operator("GatherND")
def gather_nd(step: Step) -> list[Reads]:
    """Each row of indices names a slice of the first axes."""
    rows = step.constant(1).astype(np.int64)
    return [_moved(numbered(step.shape())[tuple(np.moveaxis(rows, -1, 0))], {})]


@operator("Pad")
def pad(step: Step) -> list[Reads]:
    """Negative amounts cut; reflect, edge and wrap repeat elements, constant adds elements that see nothing."""
    shape = step.shape()
    amounts = step.integers(1, "pads") or []
    axes = [int(axis) % len(shape) for axis in step.constant(3)] if step.given(3) else list(range(len(shape)))
    mode = step.word("mode", "constant")
    rows = [np.arange(extent) for extent in shape]
    for place, axis in enumerate(axes):
        begin, end = amounts[place], amounts[place + len(axes)]
        row = np.arange(max(0, -begin), shape[axis] - max(0, -end), dtype=np.int64)
        around = (max(0, begin), max(0, end))
        if mode == "constant":
            rows[axis] = np.pad(row, around, constant_values=-1)
        elif mode == "reflect":
            rows[axis] = np.pad(row, around, "reflect")
        elif mode == "edge":
            rows[axis] = np.pad(row, around, "edge")
        elif mode == "wrap":
            rows[axis] = np.pad(row, around, "wrap")
        else:
            raise OracleLimitError(f"Pad: mode {mode}")
    return [_moved(crossed(shape, rows), _same(len(shape)))]


@operator("DepthToSpace")
def depth_to_space(step: Step) -> list[Reads]:
    """The standard's own reshape, transpose, reshape."""
    size = step.whole("blocksize", 1)
    batch, channels, height, width = step.shape()
    numbers = numbered(step.shape())
    if step.word("mode", "DCR") == "DCR":
        blocks = numbers.reshape(batch, size, size, channels // size**2, height, width).transpose(0, 3, 4, 1, 5, 2)
    else:
        blocks = numbers.reshape(batch, channels // size**2, size, size, height, width).transpose(0, 1, 4, 2, 5, 3)
    return [_moved(blocks.reshape(batch, channels // size**2, height * size, width * size), _same(4))]


@operator("SpaceToDepth")
def space_to_depth(step: Step) -> list[Reads]:
    """Each block's pixels, row by row, become the outer part of the channel axis."""
    size = step.whole("blocksize", 1)
    batch, channels, height, width = step.shape()
    blocks = numbered(step.shape()).reshape(batch, channels, height // size, size, width // size, size)
    address = blocks.transpose(0, 3, 5, 1, 2, 4).reshape(batch, channels * size**2, height // size, width // size)
    return [_moved(address, _same(4))]
