"""Output size and scale of Resize and Upsample, as onnxruntime computes them.

Source: ONNX operators Resize (10, 11, 13, 18, 19) and Upsample (7, 9), com.microsoft.nchwc Upsample. onnxruntime
multiplies in single precision: 10 indices times a scale of 2.3 are 23, where exact arithmetic with the same
float32 scale would give 22.
"""

from __future__ import annotations

import math

import numpy as np
from msgspec import Struct

from strideinspect.model.node import PlacedNode, Shape, UnresolvedError, normal_axis


class Resizing(Struct, frozen=True):
    """One axis of a Resize: `length` becomes `size` indices; `roi` is the cropped part as fractions of the length."""

    axis: int
    length: int
    size: int
    scale: float
    roi: tuple[float, float]
    by_scale: bool


def resizing(placed: PlacedNode) -> tuple[Resizing, ...]:
    """Every resized axis of a Resize or Upsample node.

    Raises UnresolvedError where scales or sizes are computed from the data.
    """
    node = placed.node
    shape = placed.shape(0)
    rank = len(shape)
    listed = node.integers("axes")
    axes = tuple(range(rank)) if listed is None else tuple(normal_axis(axis, rank) for axis in listed)
    scales, sizes = _scales(placed), None
    if scales is None:
        sizes = _numbers(placed, 3, "sizes")
        if sizes is None:
            raise UnresolvedError("it has neither scales nor sizes")
    given = scales if scales is not None else sizes
    if given is None or len(given) != len(axes):
        raise UnresolvedError(f"it resizes {len(axes)} axes, but gives {len(given or ())} numbers")
    mode = node.text("coordinate_transformation_mode", "half_pixel")
    crops = _numbers(placed, 1, "roi") if mode == "tf_crop_and_resize" else None
    lengths = tuple(shape[axis] for axis in axes)
    policy = node.text("keep_aspect_ratio_policy", "stretch")
    resized = []
    if sizes is not None and policy != "stretch":
        sizes, scales = _keep_aspect(lengths, tuple(int(size) for size in sizes), policy)
    for i, (axis, length) in enumerate(zip(axes, lengths, strict=True)):
        roi = (float(crops[i]), float(crops[i + len(axes)])) if crops else (0.0, 1.0)
        if sizes is not None:
            size = int(sizes[i])
            scale = float(scales[i]) if scales is not None else size / length if length else 1.0
        else:
            scale = float(np.float32(given[i]))
            if scale <= 0:
                raise UnresolvedError(f"its scale of axis {axis} is {scale}")
            # The standard multiplies the size by the cropped fraction too; onnxruntime does not.
            size = math.floor(np.float32(length) * np.float32(given[i]))
        resized.append(Resizing(axis, length, size, scale, roi, by_scale=scales is not None))
    return tuple(resized)


def resized_shape(placed: PlacedNode) -> Shape:
    """Shape of the output of a Resize or Upsample node."""
    shape = list(placed.shape(0))
    for part in resizing(placed):
        shape[part.axis] = part.size
    return tuple(shape)


def _scales(placed: PlacedNode) -> tuple[float, ...] | None:
    node = placed.node
    if node.op == "Upsample":
        if node.has("scales"):
            return node.integers("scales") if node.domain else node.reals("scales")
        return _numbers(placed, 1, "scales")
    return _numbers(placed, 1 if node.version < 11 else 2, "scales")


def _numbers(placed: PlacedNode, index: int, what: str) -> tuple[float, ...] | None:
    if not placed.present(index):
        return None
    value = placed.constant(index)
    if value is None:
        raise UnresolvedError(f"its {what} ({placed.node.inputs[index]!r}) are computed from the data")
    return tuple(float(number) for number in value.reshape(-1)) if value.size else None


def _keep_aspect(lengths: Shape, sizes: Shape, policy: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    ratios = [np.float32(size) / np.float32(length) for size, length in zip(sizes, lengths, strict=True) if length]
    scale = min(ratios) if policy == "not_larger" else max(ratios)
    kept = tuple(float(math.floor(float(scale * np.float32(length)) + 0.5)) for length in lengths)
    return kept, (float(scale),) * len(lengths)
