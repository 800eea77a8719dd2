"""Pad in every mode. Indices of constant padding read nothing; negative amounts crop.

Source: ONNX Pad (1, 2, 11, 13, 18, 19, 21), CenterCropPad; com.microsoft Pad; Crop, deprecated but
still supported by onnxruntime.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from strideinspect.model.node import PlacedNode, UnresolvedError, normal_axis
from strideinspect.reads.elementwise import parameter
from strideinspect.reads.families import reads
from strideinspect.reads.index_tables import bounded
from strideinspect.reads.periodic import repeating
from strideinspect.reads.steps import Read, Sliding, Step, single


@reads("Pad", preserves=True)
@reads("Pad", domain="com.microsoft", preserves=True)
def pad(placed: PlacedNode) -> tuple[Read, ...]:
    """A shift along every padded axis, or an index table for the modes reflect, edge and wrap."""
    shape, mode = placed.shape(0), placed.node.text("mode", "constant")
    steps: list[Step] = []
    for axis, (begin, end) in _amounts(placed).items():
        size = shape[axis] + begin + end
        if mode == "constant":
            steps.append(Sliding(axis, 1, 1, 1, begin, shape[axis], size, size_dependent=placed.is_size_dependent(1)))
        else:
            steps.append(_mirrored(axis, shape[axis], begin, end, mode, size_dependent=placed.is_size_dependent(1)))
    value = 2 if placed.present(2) else None
    return (Read(0, 0, tuple(steps)), *((parameter(placed, value),) if value else ()))


def _amounts(placed: PlacedNode) -> dict[int, tuple[int, int]]:
    node, shape = placed.node, placed.shape(0)
    rank = len(shape)
    pads = placed.integers(1, "paddings" if node.has("paddings") else "pads")
    if pads is None:
        raise UnresolvedError("it has no pads")
    listed = placed.constant(3)
    if listed is None and placed.present(3):
        raise UnresolvedError(f"its axes ({node.inputs[3]!r}) are computed from the data")
    axes = range(rank) if listed is None else [normal_axis(int(a), rank) for a in listed.reshape(-1)]
    if len(pads) != 2 * len(axes):
        raise UnresolvedError(f"it has {len(pads)} pads for {len(axes)} axes")
    amounts = {axis: (pads[i], pads[i + len(axes)]) for i, axis in enumerate(axes)}
    # Amounts computed from the input size are kept even if they are 0 here, since they may differ at other sizes.
    computed = placed.is_size_dependent(1)
    return {axis: pair for axis, pair in amounts.items() if pair != (0, 0) or (computed and shape[axis] > 1)}


@reads("CenterCropPad", preserves=True)
def center_crop_or_pad(placed: PlacedNode) -> tuple[Read, ...]:
    """A shift along every axis: crop or pad both ends equally; an odd remainder goes to the end."""
    shape, after = placed.shape(0), placed.output_shape()
    steps = []
    for axis, (length, size) in enumerate(zip(shape, after, strict=True)):
        if size != length:
            begin = (size - length) // 2 if size > length else -((length - size) // 2)
            steps.append(Sliding(axis, 1, 1, 1, begin, length, size, size_dependent=True))
    return (Read(0, 0, tuple(steps)),)


@reads("Crop", preserves=True)
def crop(placed: PlacedNode) -> tuple[Read, ...]:
    """Remove `border` (left, top, right, bottom) from the last two axes, or keep `scale` indices after its start."""
    shape, after, border = placed.shape(0), placed.output_shape(), placed.node.integers("border")
    if border is None or len(border) != 4:
        raise UnresolvedError("its border does not have four numbers")
    rows = Sliding(2, 1, 1, 1, -border[1], shape[2], after[2])
    return (Read(0, 0, (rows, Sliding(3, 1, 1, 1, -border[0], shape[3], after[3]))),)


def _mirrored(axis: int, length: int, begin: int, end: int, mode: str, *, size_dependent: bool) -> Step:
    bounded(axis, length + max(0, begin) + max(0, end))
    first, last = max(0, -begin), length - max(0, -end)  # negative amounts crop before the rest is mirrored
    index: NDArray[np.integer] = np.arange(-begin if begin > 0 else first, last + max(0, end)) - first
    kept = last - first
    if kept < 1:
        raise UnresolvedError("it crops all of its input")
    if mode == "edge":
        index = np.clip(index, 0, kept - 1)
    elif mode == "wrap":
        index = index % kept
    elif mode == "reflect":
        around = max(1, 2 * (kept - 1))
        index = index % around
        index = np.where(index >= kept, around - index, index)
    else:
        raise UnresolvedError(f"its mode {mode!r} is not known")
    shift = np.array([[-begin]], dtype=np.int64)
    return single(axis, length, index + first, repeating(1, shift, size_dependent=size_dependent))
