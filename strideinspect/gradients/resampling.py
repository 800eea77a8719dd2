"""Resize and Upsample: along each axis a matrix, which onnxruntime itself gives for the images of single pixels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from strideinspect.gradients.arrays import Array
from strideinspect.gradients.gradient_rules import GradientCall, NoGradientError, reverses
from strideinspect.model.resize_scales import Resizing, resizing


@reverses("Resize", "Upsample")
def resized(call: GradientCall) -> Mapping[int, Array]:
    """The transposed matrix of each axis, one after the other: all modes of interpolation are separable."""
    node = call.node
    if node.text("coordinate_transformation_mode", "half_pixel") == "tf_crop_and_resize":
        raise NoGradientError("it crops before it resizes")
    if node.text("keep_aspect_ratio_policy", "stretch") != "stretch":
        raise NoGradientError("it keeps the aspect ratio")
    gradient = call.gradient
    for part in resizing(call.placed):
        if part.size == part.length and part.scale == 1:
            continue
        matrix = _matrix(call, part)  # of shape [length, size]: row i is the image of pixel i
        rank = len(gradient.shape)
        order = [*(a for a in range(rank) if a != part.axis), part.axis]
        rows = gradient.transpose(order)
        gradient = rows.matmul(matrix.swapped()).transpose(np.argsort(order).tolist())
    return {0: gradient}


def _matrix(call: GradientCall, part: Resizing) -> Array:
    """The node's own operator on the unit matrix, resized along its last axis alone."""
    unit = np.eye(part.length, dtype=np.float32).reshape(1, 1, part.length, part.length)
    shape = (1, 1, part.length, part.size)
    scales = np.array([1, 1, 1, part.scale], np.float32)
    node = call.node
    if node.op == "Upsample":
        if node.has("scales"):
            return call.again([unit], shape, scales=scales.tolist()).reshape(shape[2:])
        return call.again([unit, scales], shape).reshape(shape[2:])
    if node.version < 11:
        return call.again([unit, scales], shape).reshape(shape[2:])
    nothing = np.zeros(0, np.float32) if node.version < 13 else None
    inputs = [unit, nothing, scales] if part.by_scale else [unit, nothing, nothing, np.array(shape, np.int64)]
    return call.again(inputs, shape, without=("axes",)).reshape(shape[2:])
