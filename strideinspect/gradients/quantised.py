"""Quantisation is passed straight through: rounding counts as the identity, saturation as the clipping that it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import onnx

from strideinspect.gradients.arrays import Array
from strideinspect.gradients.gradient_rules import GradientCall, NoGradientError, reverses
from strideinspect.model.node import normal_axis

_LIMITS: Final[Mapping[int, tuple[float, float]]] = {
    onnx.TensorProto.UINT8: (0.0, 255.0),
    onnx.TensorProto.INT8: (-128.0, 127.0),
    onnx.TensorProto.UINT16: (0.0, 65535.0),
    onnx.TensorProto.INT16: (-32768.0, 32767.0),
}


def limits_of(types: Mapping[str, int], name: str) -> tuple[float, float]:
    """The least and the greatest integer of a quantised tensor. Raises NoGradientError for another type."""
    kind = types.get(name, onnx.TensorProto.UINT8)
    if kind not in _LIMITS:
        raise NoGradientError(f"it quantises to {onnx.TensorProto.DataType.Name(kind).lower()}")
    return _LIMITS[kind]


@reverses("QuantizeLinear")
@reverses("QuantizeLinear", domain="com.microsoft")
def quantised(call: GradientCall) -> Mapping[int, Array]:
    """The gradient in steps of the scale, where the result is not saturated."""
    low, high = limits_of(call.types, call.node.outputs[0])
    scale = _along(call, 1)
    steps = call.input(0) / scale
    if call.placed.present(2):
        steps = steps + _along(call, 2)
    return {0: call.gradient / scale * (steps >= low - 0.5) * (steps <= high + 0.5)}


@reverses("DequantizeLinear")
@reverses("DequantizeLinear", domain="com.microsoft")
def restored(call: GradientCall) -> Mapping[int, Array]:
    """The scale times the gradient."""
    return {0: call.gradient * _along(call, 1)}


def _along(call: GradientCall, index: int) -> Array:
    """The scale or the zero point of each index of an axis."""
    values, rank = call.input(index), len(call.placed.shape(0))
    if len(values.shape) == 0 or values.shape == (1,):
        return values.reshape(())
    if len(values.shape) > 1 or call.node.integer("block_size", 0):
        raise NoGradientError("it quantises blocks")
    axis = normal_axis(call.node.integer("axis", 1), rank)
    return values.reshape(tuple(values.shape[0] if a == axis else 1 for a in range(rank)))
