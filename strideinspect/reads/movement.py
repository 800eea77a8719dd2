"""Data movement: where each axis goes.

Exporters express channel shuffle, pixel shuffle and window partition with these operators.

Source: ONNX Transpose, Reshape, Flatten, Squeeze, Unsqueeze, DepthToSpace, SpaceToDepth, Expand, Tile;
com.microsoft ExpandDims; com.microsoft.nchwc ReorderInput, ReorderOutput.
"""

from __future__ import annotations

import numpy as np

from strideinspect.model.node import PlacedNode
from strideinspect.reads.families import reads
from strideinspect.reads.index_tables import bounded
from strideinspect.reads.steps import (
    Broadcast,
    Permute,
    Read,
    Reshape,
    Sliding,
    Step,
    single,
)


@reads("Transpose", preserves=True)
def transpose(placed: PlacedNode) -> tuple[Read, ...]:
    """Permute the axes; without `perm` their order is reversed."""
    perm = placed.node.integers("perm") or tuple(reversed(range(len(placed.shape(0)))))
    return (Read(0, 0, (Permute(perm),)),)


@reads("Reshape", "Flatten", "Squeeze", "Unsqueeze", preserves=True)
@reads("ExpandDims", domain="com.microsoft", preserves=True)
def reshape(placed: PlacedNode) -> tuple[Read, ...]:
    """The same values in row-major order."""
    return (Read(0, 0, (Reshape(placed.shape(0), placed.output_shape()),)),)


@reads("ReorderInput", domain="com.microsoft.nchwc", preserves=True)
def into_blocks(placed: PlacedNode) -> tuple[Read, ...]:
    """Move channels first and fill the last block with channels that read nothing; the block layout moves no index."""
    shape, filled = placed.shape(0), placed.output_shape()[1]
    rank, channels = len(shape), shape[1]
    steps: list[Step] = []
    if placed.node.integer("channels_last", 0):
        channels = shape[-1]
        steps.append(Permute((0, rank - 1, *range(1, rank - 1))))
    if filled != channels:
        steps.append(Sliding(1, 1, 1, 1, 0, channels, filled))
    return (Read(0, 0, tuple(steps)),)


@reads("ReorderOutput", domain="com.microsoft.nchwc", preserves=True)
def out_of_blocks(placed: PlacedNode) -> tuple[Read, ...]:
    """Remove the channels that filled the last block; with `channels_last`, move channels last."""
    shape, channels = placed.shape(0), placed.node.integer("channels", 0)
    rank = len(shape)
    steps: list[Step] = []
    if channels != shape[1]:
        steps.append(Sliding(1, 1, 1, 1, 0, shape[1], channels))
    if placed.node.integer("channels_last", 0):
        steps.append(Permute((0, *range(2, rank), 1)))
    return (Read(0, 0, tuple(steps)),)


@reads("DepthToSpace", preserves=True)
def depth_to_space(placed: PlacedNode) -> tuple[Read, ...]:
    """Pixel shuffle: blocks of channels become neighbouring pixels; DCR and CRD order them differently."""
    n, c, h, w = placed.shape(0)
    b = placed.node.integer("blocksize", 1)
    if placed.node.text("mode", "DCR") == "DCR":
        split, perm = (n, b, b, c // (b * b), h, w), (0, 3, 4, 1, 5, 2)
    else:
        split, perm = (n, c // (b * b), b, b, h, w), (0, 1, 4, 2, 5, 3)
    return (Read(0, 0, _shuffle((n, c, h, w), split, perm, placed.output_shape())),)


@reads("SpaceToDepth", preserves=True)
def space_to_depth(placed: PlacedNode) -> tuple[Read, ...]:
    """Blocks of neighbouring pixels become channels."""
    n, c, h, w = placed.shape(0)
    b = placed.node.integer("blocksize", 1)
    split, perm = (n, c, h // b, b, w // b, b), (0, 3, 5, 1, 2, 4)
    return (Read(0, 0, _shuffle((n, c, h, w), split, perm, placed.output_shape())),)


@reads("Expand")
def expand(placed: PlacedNode) -> tuple[Read, ...]:
    """Broadcasting to a given shape."""
    return (Read(0, 0, (Broadcast(placed.shape(0), placed.output_shape()),)),)


@reads("Tile")
def tile(placed: PlacedNode) -> tuple[Read, ...]:
    """Repeat the map; an axis of extent 1 is broadcast."""
    before, after = placed.shape(0), placed.output_shape()
    steps: list[Step] = []
    for axis, (length, size) in enumerate(zip(before, after, strict=True)):
        if length > 1 and size != length:
            bounded(axis, size)
            again = np.arange(size) % length
            steps.append(single(axis, length, again, f"{placed.node.label!r} repeats the map along the axis"))
    ones = tuple(a if b > 1 else 1 for a, b in zip(after, before, strict=True))
    if ones != after:
        steps.append(Broadcast(ones, after))
    return (Read(0, 0, tuple(steps)),)


def _shuffle(
    before: tuple[int, ...], split: tuple[int, ...], perm: tuple[int, ...], after: tuple[int, ...]
) -> tuple[Step, ...]:
    moved = tuple(split[axis] for axis in perm)
    return Reshape(before, split), Permute(perm), Reshape(moved, after)
