"""Operators whose output index reads the same index of each input, with broadcasting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from strideinspect.verify.probe.call import Call, operators
from strideinspect.verify.probe.value import InexpressibleError, Value

_ALL_INPUTS: Final = (
    "Abs", "Acos", "Acosh", "Add", "Affine", "And", "Asin", "Asinh", "Atan", "Atanh", "Bernoulli", "BitCast",
    "BitShift", "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor", "Cast", "Ceil", "Celu", "Clip", "Cos",
    "Cosh", "Div", "Elu", "Equal", "Erf", "Exp", "Floor", "Gelu", "Greater", "GreaterOrEqual", "HardSigmoid",
    "HardSwish", "Identity", "If", "ImageScaler", "IsInf", "IsNaN", "LeakyRelu", "Less", "LessOrEqual", "Log",
    "Max", "Mean", "Min", "Mish", "Mod", "Mul", "Neg", "Not", "Or", "ParametricSoftplus", "Pow", "PRelu",
    "Reciprocal", "Relu", "Round", "Scale", "ScaledTanh", "Selu", "Shrink", "Sigmoid", "Sign", "Sin", "Sinh",
    "Softplus", "Softsign", "Sqrt", "Sub", "Sum", "Swish", "Tan", "Tanh", "ThresholdedRelu", "Xor",
    "com.microsoft:BiasGelu", "com.microsoft:FastGelu", "com.microsoft:Gelu", "com.microsoft:QuickGelu",
)  # fmt: skip

# Operator -> its data inputs; scales, zero points and the like are expected to be constants.
_SOME_INPUTS: Final[dict[str, tuple[int, ...]]] = {
    "CastLike": (0,),
    "DequantizeLinear": (0, 1, 2),
    "QuantizeLinear": (0, 1, 2),
    "Trilu": (0,),
    "com.microsoft:DequantizeLinear": (0, 1, 2),
    "com.microsoft:QLinearAdd": (0, 3),
    "com.microsoft:QLinearLeakyRelu": (0,),
    "com.microsoft:QLinearMul": (0, 3),
    "com.microsoft:QLinearSigmoid": (0,),
    "com.microsoft:QLinearWhere": (0, 1, 4),
    "com.microsoft:QuantizeLinear": (0, 1, 2),
    "com.microsoft:Trilu": (0,),
}

ELEMENTWISE: Final = frozenset((*_ALL_INPUTS, *_SOME_INPUTS, "Where"))
"""Operators whose output index reads the same index of each input."""


@operators(*_ALL_INPUTS)
def elementwise(call: Call) -> Sequence[Value | None]:
    """The output depends on every input."""
    return [call.broadcast(call.inputs, call.shape_out())]


@operators("Where")
def where(call: Call) -> Sequence[Value | None]:
    """An element comes from one of two inputs; of a condition that depends on the data, from both and from that."""
    shape = call.shape_out()
    condition = call.known.values.get(call.node.input[0])
    if call.value(0) is not None or condition is None:
        return [call.broadcast(call.inputs, shape)]
    chosen = np.asarray(condition, dtype=bool).reshape((1,) * (len(shape) - condition.ndim) + condition.shape)
    parts = [
        call.build.chosen(value, mask)
        for value, mask in (
            (call.broadcast([call.value(1)], shape), chosen),
            (call.broadcast([call.value(2)], shape), ~chosen),
        )
        if value is not None and mask.any()
    ]
    return [call.build.union(parts, shape) if parts else None]


@operators(*_SOME_INPUTS)
def with_parameters(call: Call) -> Sequence[Value | None]:
    """The output depends on the data, and on a scale or zero point where that is a scalar."""
    positions = _SOME_INPUTS[call.node.kind]
    if call.node.op_type != "CastLike":
        call.only(*positions)
    scales = [value for value in call.inputs[1:] if value is not None]
    if call.node.op_type.endswith("tizeLinear") and any(value.shape not in {(), (1,)} for value in scales):
        raise InexpressibleError("its scale, one per channel, depends on the data")
    return [call.broadcast([call.value(k) for k in positions], call.shape_out())]


@operators("Dropout")
def dropout(call: Call) -> Sequence[Value | None]:
    """The data are not changed; the mask depends on no pixel."""
    call.only(0)
    return [call.required(), None]


@operators("BatchNormalization")
def batch_normalization(call: Call) -> Sequence[Value | None]:
    """Elementwise, with the parameters along the channels; in training also normalised over batch and space."""
    value = call.value(0)
    shape = call.shape_out()
    parts: list[Value | None] = [value]
    for parameter in call.inputs[1:]:
        if parameter is not None:
            ones = (1,) * max(0, len(shape) - 2)
            parts.append(
                call.build.resized(parameter, parameter.extents + ones, parameter.shape + ones, parameter.roles)
            )
    result = call.broadcast(parts, shape)
    training = call.integer("training_mode", 0) == 1 or (call.known.opset < 14 and sum(map(bool, call.node.output)) > 1)
    if result is not None and training:
        result = call.normalised(result, [0, *range(2, len(shape))])
    return [result]


@operators("OneHot")
def one_hot(call: Call) -> Sequence[Value | None]:
    """Every index of the new axis reads the index that it encodes."""
    call.only(0)
    value = call.required()
    rank = len(value.shape) + 1
    axis = call.integer("axis", -1) % rank
    places = {k: k + (k >= axis) for k in range(rank - 1)}
    extents = (*value.extents[:axis], 1, *value.extents[axis:])
    return [call.build.resized(value, extents, call.shape_out(), value.roles.moved(places))]
