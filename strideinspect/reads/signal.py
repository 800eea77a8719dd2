"""Signal processing: DFT reads the whole axis, STFT a window, Col2Im a block.

Source: ONNX DFT, STFT, Col2Im, AffineGrid, RotaryEmbedding, ImageDecoder, TfIdfVectorizer and the like;
com.microsoft Rfft, Irfft, RotaryEmbedding.
"""

from __future__ import annotations

import math

import numpy as np

from strideinspect.model.node import PlacedNode, UnresolvedError, normal_axis
from strideinspect.reads.families import everything, reads
from strideinspect.reads.steps import (
    Broadcast,
    Permute,
    Read,
    Reshape,
    Sliding,
    Step,
    Whole,
    table,
)


@reads("DFT")
def transform(placed: PlacedNode) -> tuple[Read, ...]:
    """Every output index reads the whole transformed axis, and both the real and the imaginary part."""
    shape, after = placed.shape(0), placed.output_shape()
    if placed.node.version < 20:
        axis = placed.node.integer("axis", 1)
    else:
        given = placed.constant(2)
        if given is None and placed.present(2):
            raise UnresolvedError(f"its axis ({placed.node.inputs[2]!r}) is computed from the data")
        axis = -2 if given is None else int(given.reshape(-1)[0])
    return (Read(0, 0, _transformed(shape, after, normal_axis(axis, len(shape)), len(shape) - 1)),)


@reads("Rfft", "Irfft", domain="com.microsoft")
def real_transform(placed: PlacedNode) -> tuple[Read, ...]:
    """Read the last `signal_ndim` axes whole; the complex tensor has an additional last axis (real, imaginary)."""
    shape, after = placed.shape(0), placed.output_shape()
    count = placed.node.integer("signal_ndim", 1) + (placed.node.op == "Irfft")
    steps = tuple(Whole(axis, shape[axis], collapses=False) for axis in range(len(shape) - count, len(shape)))
    ones = (*shape[: len(shape) - count], *(1,) * count)
    wide = (*shape[: len(shape) - count], *(1,) * (len(after) - len(shape) + count))
    return (Read(0, 0, (*steps, Reshape(ones, wide), Broadcast(wide, after))),)


def _transformed(shape: tuple[int, ...], after: tuple[int, ...], *axes: int) -> tuple[Step, ...]:
    ones = tuple(1 if axis in axes else n for axis, n in enumerate(shape))
    return (*(Whole(axis, shape[axis], collapses=False) for axis in axes), Broadcast(ones, after))


@reads("STFT")
def short_time_transform(placed: PlacedNode) -> tuple[Read, ...]:
    """A window of `frame_length` samples with stride `frame_step`.

    The signal is [batch, length, parts], the output [batch, frames, bins, 2].
    """
    shape, after = placed.shape(0), placed.output_shape()
    step, length = placed.constant(1), placed.constant(3)
    kernel = int(length.reshape(-1)[0]) if length is not None else placed.shape(2)[0] if placed.present(2) else None
    if step is None or kernel is None:
        return everything(placed, f"STFT {placed.node.label!r} has a frame that is computed from the data")
    parts = shape[2] if len(shape) > 2 else 1
    frames = Sliding(1, kernel, int(step.reshape(-1)[0]), 1, 0, shape[1], after[1])
    flat, wide = (shape[0], after[1], 1), (shape[0], after[1], 1, 1)
    drop = (Whole(2, parts, collapses=False),) if len(shape) > 2 else ()
    into = Reshape(flat if len(shape) > 2 else flat[:2], wide)
    return (Read(0, 0, (frames, *drop, into, Broadcast(wide, after))), *everything(placed, None, [2]))


@reads("Col2Im")
def columns_to_image(placed: PlacedNode) -> tuple[Read, ...]:
    """Each pixel reads one entry of every block that covers it: input [N, C·block, blocks], output [N, C, image…]."""
    node, after, batch = placed.node, placed.output_shape(), placed.shape(0)[0]
    block = placed.integers(2, "block_shape")
    if block is None:
        raise UnresolvedError("it has no block_shape")
    count, image = len(block), after[2:]
    dilation, stride = node.integers("dilations") or (1,) * count, node.integers("strides") or (1,) * count
    pads = node.integers("pads") or (0,) * 2 * count
    counts = tuple(
        (image[i] + pads[i] + pads[i + count] - dilation[i] * (block[i] - 1) - 1) // stride[i] + 1 for i in range(count)
    )
    split = (batch, after[1], *block, *counts)
    order = (0, 1, *(axis for i in range(count) for axis in (2 + i, 2 + count + i)))
    paired = (batch, after[1], *(b * n for b, n in zip(block, counts, strict=True)))
    steps: list[Step] = [Reshape(placed.shape(0), split), Permute(order)]
    steps.append(Reshape(tuple(split[axis] for axis in order), paired))
    for i in range(count):
        place = np.arange(block[i])[:, None] * dilation[i] + np.arange(counts[i]) * stride[i] - pads[i]
        rows = [np.flatnonzero(place.reshape(-1) == pixel).tolist() for pixel in range(image[i])]
        steps.append(table(2 + i, paired[2 + i], rows, f"Col2Im {node.label!r} adds up blocks"))
    return (Read(0, 0, tuple(steps)),)


@reads("AffineGrid")
def affine_grid(placed: PlacedNode) -> tuple[Read, ...]:
    """Coordinate k of every grid position reads row k of the matrix: theta [N, d, d+1], output [N, grid…, d]."""
    shape, after = placed.shape(0), placed.output_shape()
    row = (shape[0], *(1,) * shape[1], shape[1])
    steps = (Whole(2, shape[2], collapses=False), Reshape((shape[0], shape[1], 1), row), Broadcast(row, after))
    return (Read(0, 0, steps),)


@reads("RotaryEmbedding")
def rotary(placed: PlacedNode) -> tuple[Read, ...]:
    """Each index of a head reads itself and the index it is rotated with; X is [B, heads, S, d] or [B, S, heads·d]."""
    return _rotated(placed, placed.node.integer("num_heads", 0))


@reads("RotaryEmbedding", domain="com.microsoft")
def rotary_of_microsoft(placed: PlacedNode) -> tuple[Read, ...]:
    """Like ONNX RotaryEmbedding; without `num_heads`, the head size is derived from the cosine cache."""
    heads = placed.node.integer("num_heads", 0)
    return _rotated(placed, heads or placed.shape(0)[-1] // max(1, 2 * placed.shape(2)[-1]))


def _rotated(placed: PlacedNode, heads: int) -> tuple[Read, ...]:
    node, shape = placed.node, placed.shape(0)
    last = len(shape) - 1
    if len(shape) == 3 and (heads < 1 or shape[last] % heads):
        raise UnresolvedError("its number of heads is not known")
    size = shape[last] // heads if len(shape) == 3 else shape[last]
    turned = node.integer("rotary_embedding_dim", 0) or size
    rows = []
    for i in range(size):
        if i >= turned:
            rows.append([i])
        elif node.integer("interleaved", 0):
            rows.append(sorted((i, i ^ 1)))
        else:
            rows.append(sorted((i, (i + turned // 2) % turned)))
    repeated = [[start + i for i in row] for start in range(0, shape[last], size) for row in rows]
    why = f"RotaryEmbedding {node.label!r} rotates pairs of indices of the axis"
    move = table(last, shape[last], repeated, why)
    return (Read(0, 0, (move,)), *everything(placed, None, range(1, len(node.inputs))))


@reads("UnfoldTensor", domain="com.microsoft")
def unfold(placed: PlacedNode) -> tuple[Read, ...]:
    """Extract all windows along an axis; the indices within a window become a new last axis."""
    shape, after = placed.shape(0), placed.output_shape()
    axis = normal_axis(placed.node.integer("dim", -1), len(shape))
    size, step = after[-1], placed.node.integer("step", 1)
    index = (np.arange(after[axis])[:, None] * step + np.arange(size)).reshape(-1)
    why = f"UnfoldTensor {placed.node.label!r} takes windows of the axis"
    rows = table(axis, shape[axis], index[:, None].tolist(), why)
    split = (*after[: axis + 1], size, *after[axis + 1 : -1])
    flat = (*shape[:axis], math.prod((after[axis], size)), *shape[axis + 1 :])
    order = (*(i for i in range(len(split)) if i != axis + 1), axis + 1)
    return (Read(0, 0, (rows, Reshape(flat, split), Permute(order))),)


@reads("ImageDecoder", "TfIdfVectorizer", "RegexFullMatch", "StringSplit")
def other(placed: PlacedNode) -> tuple[Read, ...]:
    """Read everything: what a single output index reads is not described."""
    return everything(placed, f"{placed.node.op} {placed.node.label!r} is not described for single indices")
