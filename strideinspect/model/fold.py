"""Constant folding for shape arithmetic: values of small tensors that can be computed without running the model.

The common operators are numpy one-liners; some others are computed by the ONNX library's reference implementation,
which is imported on demand because the import takes 0.13 s.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from strideinspect.limits import MOST_CONSTANT_INTEGERS, MOST_SHAPE_REALS
from strideinspect.model.node import Node, Shape, UnresolvedError
from strideinspect.model.window import is_window

FoldedArray = NDArray[Any]
_Rule = Callable[[Node, Sequence[FoldedArray | None]], FoldedArray]


_QUANTISED = frozenset({"QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear"})
"""Never folded: they compute weights and maps, not shapes, and a quantised network has thousands of them."""


def fold(node: Node, values: Sequence[FoldedArray | None], size: int) -> tuple[FoldedArray, ...] | None:
    """Outputs of a node whose inputs are all known; None where that would be too large to be shape arithmetic.

    `values` holds None for an input left out, `size` is how many elements the output has.
    Raises UnresolvedError where the values do not fit the operator.
    """
    if size > MOST_CONSTANT_INTEGERS or is_window(node) or node.op in _QUANTISED:
        return None  # pools are not shape arithmetic, and the reference implementation computes them wrongly
    rule = _RULES.get(node.op) if not node.domain else None
    try:
        with np.errstate(all="ignore"):  # 1/0 among constants is valid in ONNX
            if rule is not None:
                return (np.asarray(rule(node, values)),)
        tiny = all(v is None or v.dtype.kind in "iub" or v.size <= MOST_SHAPE_REALS for v in values)
        if not tiny:
            return None
        from strideinspect.model.reference_fold import by_reference  # few models need it

        return by_reference(node, values)
    except (ValueError, TypeError, LookupError, ArithmeticError) as error:
        raise UnresolvedError(f"its constant inputs do not fit together ({error})") from error


def is_arithmetic(node: Node) -> bool:
    """Whether `fold_table` computes the node."""
    return not node.domain and node.op in _RULES


def fold_table(node: Node, constants: Mapping[str, FoldedArray]) -> FoldedArray:
    """The output of a node that computes indices from constants, of any size; Expand copies nothing.

    Raises UnresolvedError where the constants do not fit the operator.
    """
    try:
        with np.errstate(all="ignore"):
            return np.asarray(_RULES[node.op](node, [constants[name] if name else None for name in node.inputs]))
    except (ValueError, TypeError, LookupError, ArithmeticError) as error:
        raise UnresolvedError(f"the constants behind {node.key!r} do not fit together ({error})") from error


def shape_value(node: Node, shape: Shape) -> FoldedArray | None:
    """Value of a Shape or Size node for an input of this shape; None for any other node."""
    if node.domain:
        return None
    if node.op == "Shape":
        start, end = node.integer("start", 0), node.integer("end", len(shape))
        return np.array(shape[start:end], dtype=np.int64)
    if node.op == "Size":
        return np.array(math.prod(shape), dtype=np.int64)
    return None


def _constant(node: Node, _: Sequence[FoldedArray | None]) -> FoldedArray:
    for name, kind in (("value_int", np.int64), ("value_float", np.float32)):
        if node.has(name):
            return np.array(node.integer(name, 0) if name == "value_int" else node.real(name, 0.0), dtype=kind)
    if node.has("value_ints"):
        return np.array(node.integers("value_ints"), dtype=np.int64)
    if node.has("value_floats"):
        return np.array(node.reals("value_floats"), dtype=np.float32)
    raise ValueError("it has no numeric value")


def _cast(node: Node, values: Sequence[FoldedArray | None]) -> FoldedArray:
    dtype = onnx.helper.tensor_dtype_to_np_dtype(node.integer("to", onnx.TensorProto.FLOAT))
    return _first(values).astype(dtype)


def _first(values: Sequence[FoldedArray | None]) -> FoldedArray:
    if not values or values[0] is None:
        raise ValueError("its first input is missing")
    return values[0]


def _list(node: Node, values: Sequence[FoldedArray | None], index: int, attribute: str) -> list[int] | None:
    if node.has(attribute):
        return list(node.integers(attribute) or ())
    value = values[index] if index < len(values) else None
    return None if value is None else [int(v) for v in value.reshape(-1)]


def _divide(_: Node, values: Sequence[FoldedArray | None]) -> FoldedArray:
    a, b = values[:2]
    if a is None or b is None:
        raise ValueError("an input is missing")
    if a.dtype.kind in "iu":
        _refuse_zero(b)
        whole = np.sign(a) * np.sign(b) * (np.abs(a) // np.abs(b))  # ONNX truncates toward zero
        return np.asarray(whole, dtype=a.dtype)
    return np.asarray(a / b)


def _refuse_zero(divisor: FoldedArray) -> None:
    """Raise for an integer division by zero: numpy would return 0, onnxruntime fails."""
    if not divisor.all():
        raise ZeroDivisionError("it divides by zero")


def _mod(node: Node, values: Sequence[FoldedArray | None]) -> FoldedArray:
    a, b = _first(values), values[1]
    if b is not None and a.dtype.kind in "iu":
        _refuse_zero(b)
    return np.asarray(np.fmod(a, b) if node.integer("fmod", 0) else np.mod(a, b))  # type: ignore[arg-type]


def _squeeze(node: Node, values: Sequence[FoldedArray | None]) -> FoldedArray:
    axes = _list(node, values, 1, "axes")
    return np.squeeze(_first(values), None if axes is None else tuple(axes))


def _unsqueeze(node: Node, values: Sequence[FoldedArray | None]) -> FoldedArray:
    return np.expand_dims(_first(values), tuple(_list(node, values, 1, "axes") or ()))


def _reshape(node: Node, values: Sequence[FoldedArray | None]) -> FoldedArray:
    data, wanted = _first(values), _list(node, values, 1, "shape") or []
    if not node.integer("allowzero", 0):
        wanted = [data.shape[i] if n == 0 else n for i, n in enumerate(wanted)]
    return data.reshape(wanted)


def _slice(node: Node, values: Sequence[FoldedArray | None]) -> FoldedArray:
    data = _first(values)
    starts, ends = _list(node, values, 1, "starts") or [], _list(node, values, 2, "ends") or []
    axes = _list(node, values, 3, "axes") or list(range(len(starts)))
    steps = _list(node, values, 4, "steps") or [1] * len(starts)
    for axis, start, end, step in zip(axes, starts, ends, steps, strict=True):
        # In ONNX the lowest integer as the end of a backward slice includes index 0; numpy needs None for that.
        stop = None if step < 0 and end < -data.shape[axis] else end
        index = [slice(None)] * data.ndim
        index[axis] = slice(start, stop, step)
        data = data[tuple(index)]
    return np.asarray(data)


def _constant_of_shape(node: Node, values: Sequence[FoldedArray | None]) -> FoldedArray:
    fill = node.tensor("value")
    if fill is not None and fill.data_location == onnx.TensorProto.EXTERNAL:
        raise ValueError("its value is in another file")
    value = np.zeros(1, np.float32) if fill is None else numpy_helper.to_array(fill)
    return np.full([int(n) for n in _first(values)], value.reshape(-1)[0], dtype=value.dtype)


def _expand(_: Node, values: Sequence[FoldedArray | None]) -> FoldedArray:
    data, wanted = _first(values), values[1]
    if wanted is None:
        raise ValueError("its shape is missing")
    return np.broadcast_to(data, np.broadcast_shapes(data.shape, tuple(int(n) for n in wanted)))


def _reduce(function: Callable[..., Any]) -> _Rule:
    def rule(node: Node, values: Sequence[FoldedArray | None]) -> FoldedArray:
        axes = _list(node, values, 1, "axes")
        data = _first(values)
        return np.asarray(
            function(data, axis=tuple(axes) if axes else None, keepdims=bool(node.integer("keepdims", 1)))
        )

    return rule


def _clip(node: Node, values: Sequence[FoldedArray | None]) -> FoldedArray:
    data = _first(values)
    low = values[1] if len(values) > 1 else node.real("min", -math.inf) if node.has("min") else None
    high = values[2] if len(values) > 2 else node.real("max", math.inf) if node.has("max") else None
    return np.asarray(np.clip(data, low, high), dtype=data.dtype)


def _numpy(function: Callable[..., Any]) -> _Rule:
    return lambda _, values: np.asarray(function(*values))


_RULES: dict[str, _Rule] = {
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "Identity": lambda _, v: _first(v),
    "Cast": _cast,
    "Concat": lambda n, v: np.concatenate([x for x in v if x is not None], axis=n.integer("axis", 0)),
    "Gather": lambda n, v: np.take(_first(v), v[1].astype(np.int64), axis=n.integer("axis", 0)),  # type: ignore[union-attr]
    "Slice": _slice,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Reshape": _reshape,
    "Transpose": lambda n, v: np.transpose(_first(v), n.integers("perm")),
    "Expand": _expand,
    "Range": lambda _, v: np.arange(*(x.reshape(-1)[0] for x in v if x is not None)),
    "Tile": lambda _, v: np.tile(_first(v), tuple(int(n) for n in v[1])),  # type: ignore[union-attr]
    "Add": _numpy(np.add),
    "Sub": _numpy(np.subtract),
    "Mul": _numpy(np.multiply),
    "Div": _divide,
    "Mod": _mod,
    "Pow": _numpy(np.power),
    "Sqrt": _numpy(np.sqrt),
    "Max": lambda _, v: reduce(np.maximum, [x for x in v if x is not None]),
    "Min": lambda _, v: reduce(np.minimum, [x for x in v if x is not None]),
    "Clip": _clip,
    "Relu": lambda _, v: np.maximum(_first(v), 0),
    "Neg": _numpy(np.negative),
    "Abs": _numpy(np.abs),
    "Floor": _numpy(np.floor),
    "Ceil": _numpy(np.ceil),
    "Round": _numpy(np.round),
    "Equal": _numpy(np.equal),
    "Less": _numpy(np.less),
    "LessOrEqual": _numpy(np.less_equal),
    "Greater": _numpy(np.greater),
    "GreaterOrEqual": _numpy(np.greater_equal),
    "And": _numpy(np.logical_and),
    "Or": _numpy(np.logical_or),
    "Not": _numpy(np.logical_not),
    "Where": _numpy(np.where),
    "ReduceProd": _reduce(np.prod),
    "ReduceSum": _reduce(np.sum),
    "ReduceMax": _reduce(np.max),
    "ReduceMin": _reduce(np.min),
}
