"""Dependency sets of the operators that work element by element, and of those that read no element at all."""

from __future__ import annotations

import numpy as np

from tests.oracle_sets import OracleLimitError, Reads, Step, broadcast, operator

_UNARY = [
    "Relu",
    "LeakyRelu",
    "Elu",
    "Selu",
    "Celu",
    "Sigmoid",
    "HardSigmoid",
    "HardSwish",
    "Tanh",
    "Softplus",
    "Softsign",
    "Gelu",
    "Mish",
    "ThresholdedRelu",
    "Swish",
    "Abs",
    "Neg",
    "Exp",
    "Log",
    "Sqrt",
    "Reciprocal",
    "Floor",
    "Ceil",
    "Round",
    "Sign",
    "Erf",
    "Sin",
    "Cos",
    "Tan",
    "Asin",
    "Acos",
    "Atan",
    "Sinh",
    "Cosh",
    "Asinh",
    "Acosh",
    "Atanh",
    "Not",
    "IsNaN",
    "IsInf",
    "Identity",
    "Cast",
    "Shrink",
    "Clip",
    "QuantizeLinear",
    "DequantizeLinear",
    "BitShift",
]
_BINARY = [
    "Add",
    "Sub",
    "Mul",
    "Div",
    "Pow",
    "Max",
    "Min",
    "Sum",
    "Mean",
    "PRelu",
    "And",
    "Or",
    "Xor",
    "Equal",
    "Greater",
    "GreaterOrEqual",
    "Less",
    "LessOrEqual",
    "Mod",
]


@operator(*_UNARY)
def unary(step: Step) -> list[Reads]:
    """The element of input 0; bounds, scales and zero points are numbers."""
    if not all(step.known[1:]):
        raise OracleLimitError(f"{step.op}: a parameter depends on what is fed")
    return [Reads(step.shape(), {0: [broadcast(step.shape(), step.shape())]})]


@operator(*_BINARY)
def binary(step: Step) -> list[Reads]:
    """The elements at the same place, with numpy's broadcasting."""
    shapes = [step.shape(number) for number in range(len(step.inputs))]
    shape = np.broadcast_shapes(*shapes)
    return [Reads(shape, {number: [broadcast(own, shape)] for number, own in enumerate(shapes)}, spreads=True)]


@operator("Where")
def where(step: Step) -> list[Reads]:
    """By a constant condition an element comes from one of the two inputs, and sees nothing of the other."""
    if not step.known[0]:
        return binary(step)
    shape = np.broadcast_shapes(*(step.shape(number) for number in range(3)))
    chosen = np.broadcast_to(step.constant(0), shape).astype(np.bool_)
    taps = {
        number: np.where(taken, broadcast(step.shape(number), shape), -1)
        for number, taken in ((1, chosen), (2, ~chosen))
    }
    return [Reads(shape, {number: [tap] for number, tap in taps.items()}, spreads=True)]


@operator("CastLike")
def cast_like(step: Step) -> list[Reads]:
    """The element of input 0; input 1 lends its type, no element."""
    return [Reads(step.shape(), {0: [broadcast(step.shape(), step.shape())]})]


@operator("Dropout")
def dropout(step: Step) -> list[Reads]:
    """The identity at inference; the mask reads nothing."""
    if step.given(2) and bool(step.constant(2)):
        raise OracleLimitError("Dropout: training mode")
    same = Reads(step.shape(), {0: [broadcast(step.shape(), step.shape())]})
    return [same, Reads(step.shape())][: step.outputs]


@operator("Shape")
def shape_(step: Step) -> list[Reads]:
    """Only the shape, no element."""
    return [Reads(np.array(step.shape()[slice(step.whole("start", 0), step.whole("end", 1 << 30))]).shape)]


@operator("Size")
def size(step: Step) -> list[Reads]:
    """Only the shape, no element."""
    assert step.inputs
    return [Reads(())]
