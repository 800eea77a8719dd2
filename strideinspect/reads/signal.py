"""Signal processing: transforms read the whole axis, the short-time transform a window.

Source: ONNX DFT, STFT, Col2Im, ImageDecoder, RotaryEmbedding, TfIdfVectorizer, LabelEncoder and the like.
"""

from __future__ import annotations

from strideinspect.model.node import PlacedNode
from strideinspect.reads.registry import everything, reads
from strideinspect.reads.steps import Broadcast, Read, Reshape, Sliding, Whole


@reads("DFT")
def transform(placed: PlacedNode) -> tuple[Read, ...]:
    """Every output index reads the whole of the transformed axis."""
    return everything(placed, f"DFT {placed.node.label!r} is read as depending on the whole signal")


@reads("STFT")
def short_time_transform(placed: PlacedNode) -> tuple[Read, ...]:
    """A window of frame_length samples every frame_step, signal [batch, length, parts] to [batch, frames, bins, 2]."""
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


@reads("Col2Im", "ImageDecoder", "TfIdfVectorizer", "RegexFullMatch", "StringSplit", "RotaryEmbedding")
def other(placed: PlacedNode) -> tuple[Read, ...]:
    """Not described index by index."""
    return everything(placed, f"{placed.node.op} {placed.node.label!r} is not described index by index")
