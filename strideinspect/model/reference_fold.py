"""Constant folding by the ONNX library's reference implementation: which operators, and how much work they may take.

Only operators of shape arithmetic whose result depends on their inputs alone, and whose work is bounded, are computed.
Regular expressions may take exponential time, random generators give another result at every run, and neither is shape
arithmetic.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray

from strideinspect.limits import MOST_FOLDED_STEPS
from strideinspect.model.node import Node, UnresolvedError

_LINEAR = frozenset(
    {"Acos", "Acosh", "Asin", "Asinh", "Atan", "Atanh", "Celu", "Cos", "Cosh", "Elu", "Erf", "Exp", "Gelu"}
    | {"HardSigmoid", "HardSwish", "IsInf", "IsNaN", "LeakyRelu", "Log", "Mish", "Reciprocal", "Selu", "Sigmoid"}
    | {"Sign", "Sin", "Sinh", "Softmax", "Softplus", "Softsign", "Swish", "Tan", "Tanh", "ThresholdedRelu"}
    | {"BitShift", "BitwiseAnd", "BitwiseNot", "BitwiseOr", "BitwiseXor", "CastLike", "Mean", "PRelu", "Sum", "Xor"}
    | {"ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp", "ReduceMean", "ReduceSumSquare"}
    | {"ArgMax", "ArgMin", "Compress", "CumSum", "NonZero", "TopK", "Unique"}
    | {"EyeLike", "Flatten", "GatherElements", "GatherND", "OneHot", "Pad", "ReverseSequence", "Scatter"}
    | {"ScatterElements", "ScatterND", "Split", "Trilu"}
)
"""Operators whose work grows with the number of elements that they read and write (up to a logarithm)."""

_PLAIN = frozenset(
    {
        onnx.AttributeProto.FLOAT,
        onnx.AttributeProto.FLOATS,
        onnx.AttributeProto.INT,
        onnx.AttributeProto.INTS,
        onnx.AttributeProto.STRING,
        onnx.AttributeProto.STRINGS,
    }
)

_Array = NDArray[Any]


def by_reference(node: Node, values: Sequence[_Array | None]) -> tuple[_Array, ...] | None:
    """The outputs as the reference implementation computes them; None where that is not worth the work.

    Raises UnresolvedError where the values do not fit the operator.
    """
    if node.domain or _steps(node, values) > MOST_FOLDED_STEPS:
        return None
    if any(a.type not in _PLAIN for a in node.attributes.values()):
        return None  # a body; or a tensor, which may refer to an external file
    try:
        onnx.defs.get_schema(node.op, node.version, node.domain)
    except onnx.defs.SchemaError:
        return None
    from onnx.reference import ReferenceEvaluator

    opset = onnx.helper.make_opsetid(node.domain, node.version)
    given = {name: value for name, value in zip(node.inputs, values, strict=True) if name}
    try:
        evaluator = ReferenceEvaluator(node.proto, opsets={opset.domain: opset.version})
        outputs = evaluator.run(None, given)
    except Exception as error:  # the reference implementations raise whatever numpy raises
        raise UnresolvedError(f"the ONNX library cannot compute it ({error})") from error
    return tuple(np.asarray(value) for value in outputs)


def _steps(node: Node, values: Sequence[_Array | None]) -> float:
    """Multiplications and the like that the node takes, at most; infinite for an operator that is never folded."""
    shapes = [value.shape for value in values if value is not None]
    if node.op in _LINEAR:
        return float(sum(map(math.prod, shapes)))
    if node.op in ("MatMul", "Gemm", "MatMulInteger") and len(shapes) > 1:
        return float(math.prod(shapes[0]) * math.prod(shapes[1]))
    if node.op == "Einsum":
        return float(math.prod(map(math.prod, shapes)))  # no more than the product of all sizes, labels repeated
    return math.inf
