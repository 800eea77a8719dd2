"""The operators whose output index reads the same index of each input, after broadcasting."""

from __future__ import annotations

UNARY = frozenset(
    {
        "Abs",
        "Acos",
        "Acosh",
        "Asin",
        "Asinh",
        "Atan",
        "Atanh",
        "BatchNormalization",
        "Bernoulli",
        "BitCast",
        "BitwiseNot",
        "Cast",
        "Ceil",
        "Celu",
        "Clip",
        "Cos",
        "Cosh",
        "DequantizeLinear",
        "Dropout",
        "Elu",
        "Erf",
        "Exp",
        "EyeLike",
        "Floor",
        "Gelu",
        "HardSigmoid",
        "HardSwish",
        "Identity",
        "IsInf",
        "IsNaN",
        "LRN",
        "LeakyRelu",
        "Log",
        "Mish",
        "Neg",
        "Not",
        "QuantizeLinear",
        "RandomNormalLike",
        "RandomUniformLike",
        "Reciprocal",
        "Relu",
        "Round",
        "Selu",
        "Shrink",
        "Sigmoid",
        "Sign",
        "Sin",
        "Sinh",
        "Softplus",
        "Softsign",
        "Sqrt",
        "StringNormalizer",
        "Swish",
        "Tan",
        "Tanh",
        "ThresholdedRelu",
    }
)
"""Operators of the standard whose output has the shape of their first input; other inputs are parameters."""

BROADCAST = frozenset(
    {
        "Add",
        "And",
        "BitShift",
        "BitwiseAnd",
        "BitwiseOr",
        "BitwiseXor",
        "Div",
        "Equal",
        "Greater",
        "GreaterOrEqual",
        "Less",
        "LessOrEqual",
        "Max",
        "Mean",
        "Min",
        "Mod",
        "Mul",
        "Or",
        "PRelu",
        "Pow",
        "StringConcat",
        "Sub",
        "Sum",
        "Where",
        "Xor",
    }
)
"""Operators of the standard that broadcast their inputs against each other."""

COMPARISONS = frozenset(
    {
        "And",
        "Equal",
        "Greater",
        "GreaterOrEqual",
        "IsInf",
        "IsNaN",
        "Less",
        "LessOrEqual",
        "Not",
        "Or",
        "Xor",
    }
)
"""Operators with boolean output."""

FUSED_UNARY = frozenset(
    {
        "BiasGelu",
        "BiasSplitGelu",
        "FastGelu",
        "Gelu",
        "QLinearLeakyRelu",
        "QLinearSigmoid",
        "QuickGelu",
        "DequantizeLinear",
        "QuantizeLinear",
        "DynamicQuantizeLinear",
    }
)
"""Unary operators of com.microsoft; a bias is added along the last axis."""

FUSED_BROADCAST = frozenset(
    {
        "QLinearAdd",
        "QLinearMul",
        "QLinearWhere",
    }
)
"""Broadcasting operators of com.microsoft; each operand is followed by its scale and zero point."""
