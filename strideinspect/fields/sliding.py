"""Minimum over the taps of a window, along one axis of an array: the basis of all composition of windows.

Taps outside the array count as `fill`, the neutral element. Source: index formulas of ONNX Conv and ConvTranspose.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def window_minimum(
    values: Array, axis: int, kernel: int, stride: int, dilation: int, begin: int, size: int, fill: int
) -> Array:
    """out[o] = min over j < kernel of values[o·stride − begin + dilation·j], for o < size.

    Doubling the covered taps makes the cost grow with log(kernel), not with the kernel.
    """
    length = values.shape[axis]
    first, last = -begin, (size - 1) * stride - begin + dilation * (kernel - 1)
    low, high = min(max(first, 0), length), max(min(last + 1, length), 0)
    inside = cut(values, axis, low, max(low, high))
    before = max(0, min(low, last + 1) - first) if first < low else 0
    after = max(0, last + 1 - first - before - inside.shape[axis])
    if before or after:
        inside = _padded(inside, axis, before, after, fill)
    covered = 1
    while covered < kernel:
        shift = min(covered, kernel - covered)
        span = inside.shape[axis] - shift * dilation
        inside = np.minimum(cut(inside, axis, 0, span), cut(inside, axis, shift * dilation, span + shift * dilation))
        covered += shift
    return cut(inside, axis, 0, (size - 1) * stride + 1, stride)


def transposed_minimum(
    values: Array, axis: int, kernel: int, stride: int, dilation: int, begin: int, size: int, fill: int
) -> Array:
    """out[o] = min over all i with o + begin − dilation·j = i·stride for some j < kernel of values[i], for o < size."""
    length = values.shape[axis]
    if stride > 1:
        shape = list(values.shape)
        shape[axis] = max(0, (length - 1) * stride + 1)
        stuffed = np.full(shape, fill, dtype=values.dtype)
        index: list[Any] = [slice(None)] * values.ndim
        index[axis] = slice(None, None, stride)
        stuffed[tuple(index)] = values
        values = stuffed
    return window_minimum(values, axis, kernel, 1, dilation, dilation * (kernel - 1) - begin, size, fill)


def _padded(values: Array, axis: int, before: int, after: int, fill: int) -> Array:
    """Like `np.pad`, which would take longer than the rest of `window_minimum`."""
    shape = list(values.shape)
    shape[axis] += before + after
    result = np.full(shape, fill, dtype=values.dtype)
    index: list[Any] = [slice(None)] * values.ndim
    index[axis] = slice(before, shape[axis] - after)
    result[tuple(index)] = values
    return result


def cut(values: Array, axis: int, start: int, stop: int, step: int = 1) -> Array:
    """The indices start, start + step … before stop along one axis; none if stop is before start."""
    index: list[Any] = [slice(None)] * values.ndim
    index[axis] = slice(start, max(start, stop), step)
    part: Array = values[tuple(index)]
    return part
