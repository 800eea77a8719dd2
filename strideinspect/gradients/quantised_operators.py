"""Operators on quantised tensors (QOperator format), passed straight through like quantisation itself.

Each is its plain operator on the real numbers that the tensors stand for. The gradient of a quantised tensor is that
with respect to its integers, taken for real numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from strideinspect.gradients.arrays import Array
from strideinspect.gradients.convolutions import through_convolution
from strideinspect.gradients.gradient_rules import GradientCall, reverses
from strideinspect.gradients.quantised import limits_of


class Plain(Struct, frozen=True):
    """The operator that a quantised one stands for, the operands that it takes, and where the result's scale is.

    Each operand is followed by its scale and its zero point.
    """

    op: str
    operands: tuple[int, ...]
    scale: int


PLAIN: Final[Mapping[str, Plain]] = {
    "QLinearAdd": Plain("Add", (0, 3), 6),
    "QLinearConv": Plain("Conv", (0, 3), 6),
    "QLinearGlobalAveragePool": Plain("GlobalAveragePool", (0,), 3),
    "QLinearMatMul": Plain("MatMul", (0, 3), 6),
    "QLinearMul": Plain("Mul", (0, 3), 6),
}
"""By quantised operator."""


def outgoing(call: GradientCall) -> Array:
    """The slope of rounding the result to its integers: one over the scale, zero where it is saturated."""
    low, high = limits_of(call.types, call.node.outputs[0])
    y = call.output()
    inside = (y > low) * (y < high)
    return inside / call.input(PLAIN[call.node.op].scale).reshape(())


def real(call: GradientCall, index: int) -> Array:
    """The numbers that an operand stands for."""
    values, zero = call.input(index), call.input(index + 2)
    return (values - _along(zero, values)) * _along(call.input(index + 1), values)


def _along(numbers: Array, values: Array) -> Array:
    """One number for all, or one per filter, along the first axis."""
    if numbers.shape in {(), (1,)}:
        return numbers.reshape(())
    return numbers.reshape((numbers.shape[0], *(1,) * (len(values.shape) - 1)))


def _scale(call: GradientCall, index: int) -> Array:
    return call.input(index + 1).reshape(())


@reverses("QLinearConv")
def convolution(call: GradientCall) -> Mapping[int, Array]:
    """As of a convolution."""
    back = through_convolution(call, call.gradient * outgoing(call), real(call, 3))
    return {0: back * _scale(call, 0)}


@reverses("QLinearAdd", domain="com.microsoft")
def total(call: GradientCall) -> Mapping[int, Array]:
    """As of a sum."""
    gradient = call.gradient * outgoing(call)
    return {0: gradient * _scale(call, 0), 3: gradient * _scale(call, 3)}


@reverses("QLinearMul", domain="com.microsoft")
def product(call: GradientCall) -> Mapping[int, Array]:
    """As of a product."""
    gradient = call.gradient * outgoing(call)
    return {0: gradient * real(call, 3) * _scale(call, 0), 3: gradient * real(call, 0) * _scale(call, 3)}


@reverses("QLinearMatMul")
def matrices(call: GradientCall) -> Mapping[int, Array]:
    """As of a product of matrices."""
    gradient = call.gradient * outgoing(call)
    left = gradient.matmul(real(call, 3).swapped()) * _scale(call, 0)
    right = real(call, 0).swapped().matmul(gradient) * _scale(call, 3)
    return {0: left, 3: right}


@reverses("QLinearGlobalAveragePool", domain="com.microsoft")
def global_average(call: GradientCall) -> Mapping[int, Array]:
    """As of an average over the map, which may have its channels last."""
    shape = call.placed.shape(0)
    axes = range(1, len(shape) - 1) if call.node.integer("channels_last", 0) else range(2, len(shape))
    count = 1
    for axis in axes:
        count *= shape[axis]
    return {0: (call.gradient * outgoing(call) * _scale(call, 0) / float(count)).expand(shape)}
