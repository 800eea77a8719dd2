"""Output shapes of operators that the ONNX library infers slowly, not at all, or unlike onnxruntime.

Source: the ONNX operators of the same names; multidirectional broadcasting as in the standard's Broadcasting.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import onnx

from strideinspect.model.broadcasting import broadcast
from strideinspect.model.contrib_shapes import CONTRIB_RULES, CONTRIB_TYPES
from strideinspect.model.einsum import einsum_shape
from strideinspect.model.node import Node, PlacedNode, Shape, UnresolvedError, normal_axis
from strideinspect.model.pointwise import BROADCAST, COMPARISONS, FUSED_BROADCAST, FUSED_UNARY, UNARY
from strideinspect.model.resize_scales import resized_shape
from strideinspect.model.window import BrokenError, MisfitError
from strideinspect.spelling import shape_text

MERGES = BROADCAST | FUSED_BROADCAST | {"Concat", "QLinearConcat"}
"""Operators that merge branches."""


_NAMED = {"Cast": "to", "QuantizeLinear": "output_dtype", "DequantizeLinear": "output_dtype"}
"""The attribute that names the element type of the output."""

_LIKE = {"QLinearConcat": 2, "If": 1, "QuantizeLinear": 2, "DequantizeLinear": 1}
"""The input whose element type the output has, where that is not the first: a zero point, a scale, a branch."""


def output_dtype(node: Node, dtypes: Sequence[int]) -> int:
    """Element type of the output of an operator with a rule here; `dtypes` are those of its inputs."""
    if (node.domain, node.op) in CONTRIB_TYPES:
        return CONTRIB_TYPES[node.domain, node.op]
    if node.op in COMPARISONS:
        return int(onnx.TensorProto.BOOL)
    named = node.integer(_NAMED[node.op], 0) if node.op in _NAMED else 0
    if named:
        return named
    if node.op in ("Constant", "ConstantOfShape"):
        value = node.tensor("value")
        if value is not None:
            return value.data_type
        whole = node.has("value_int") or node.has("value_ints")
        return int(onnx.TensorProto.INT64 if whole else onnx.TensorProto.FLOAT)
    at = _LIKE.get(node.op, 0)
    like = dtypes[at] if len(dtypes) > at else 0
    return like or int(onnx.TensorProto.UINT8 if node.op == "QuantizeLinear" else onnx.TensorProto.FLOAT)


def _first(placed: PlacedNode) -> Shape:
    return placed.shape(0)


def _in_groups(placed: PlacedNode) -> Shape:
    shape, groups = placed.shape(0), placed.node.integer("num_groups", 1)
    if len(shape) < 2:
        raise MisfitError(f"it needs an input with channels, but {placed.node.inputs[0]!r} has {len(shape)} axes")
    if groups < 1:
        raise BrokenError(f"its num_groups is {groups}")
    if shape[1] % groups:
        raise MisfitError(f"its {groups} groups do not divide {shape[1]} channels")
    return shape


def _all(placed: PlacedNode) -> Shape:
    if placed.node.version < 7 and placed.node.integer("broadcast", 0):
        return placed.shape(0)  # before opset 7 the second operand was broadcast to the first, starting at `axis`
    return broadcast([placed.shape(i) for i in range(len(placed.node.inputs)) if placed.present(i)])


def _quantised_pair(placed: PlacedNode) -> Shape:
    return broadcast([placed.shape(0), placed.shape(3)])


def _concat(placed: PlacedNode) -> Shape:
    return _concatenated(placed, range(len(placed.node.inputs)))


def _quantised_concat(placed: PlacedNode) -> Shape:
    return _concatenated(placed, range(2, len(placed.node.inputs), 3))


def _concatenated(placed: PlacedNode, inputs: Sequence[int]) -> Shape:
    shapes = [placed.shape(i) for i in inputs]
    axis = normal_axis(placed.node.integer("axis", 0), len(shapes[0]))
    for shape in shapes[1:]:
        if len(shape) != len(shapes[0]) or any(
            a != b for i, (a, b) in enumerate(zip(shape, shapes[0], strict=True)) if i != axis
        ):
            listed = " and ".join(dict.fromkeys(shape_text(s) for s in shapes))
            raise MisfitError(f"{listed} cannot be joined along axis {axis}, as other axes differ")
    return (*shapes[0][:axis], sum(shape[axis] for shape in shapes), *shapes[0][axis + 1 :])


def _transpose(placed: PlacedNode) -> Shape:
    shape = placed.shape(0)
    perm = placed.node.integers("perm") or tuple(reversed(range(len(shape))))
    if sorted(perm) != list(range(len(shape))):
        raise MisfitError(f"perm {list(perm)} does not fit an input of shape {shape_text(shape)}")
    return tuple(shape[axis] for axis in perm)


def _reshape(placed: PlacedNode) -> Shape:
    shape = placed.shape(0)
    wanted = placed.integers(1, "shape")
    if wanted is None:
        raise UnresolvedError("it has no target shape")
    sizes = list(wanted)
    if not placed.node.integer("allowzero", 0):
        if any(n == 0 and i >= len(shape) for i, n in enumerate(sizes)):
            raise MisfitError(f"it copies an axis that its input of shape {shape_text(shape)} does not have")
        sizes = [shape[i] if n == 0 else n for i, n in enumerate(sizes)]
    have, known = math.prod(shape), math.prod(n for n in sizes if n != -1)
    open_axes = sizes.count(-1)
    if open_axes > 1 or min(sizes, default=0) < -1:
        raise MisfitError(f"its target shape {list(wanted)} is not a valid shape")
    if open_axes and known and have % known == 0:
        sizes[sizes.index(-1)] = have // known
    elif open_axes or known != have:
        raise MisfitError(
            f"it reshapes {shape_text(shape)} ({have:,} values) to {shape_text(wanted)}, which does not fit"
        )
    return tuple(sizes)


def _constant(placed: PlacedNode) -> Shape:
    node = placed.node
    tensor = node.tensor("value")
    if tensor is not None:
        return tuple(tensor.dims)
    sparse = node.attributes.get("sparse_value")
    if sparse is not None:
        return tuple(sparse.sparse_tensor.dims)
    for name in ("value_ints", "value_floats"):
        if node.has(name):
            return (len(node.integers(name) or () if name == "value_ints" else node.reals(name) or ()),)
    if node.has("value_strings"):
        return (len(node.attributes["value_strings"].strings),)
    return ()


def _gemm(placed: PlacedNode) -> Shape:
    return _product(placed, placed.shape(0), placed.shape(1))


def _quantised_gemm(placed: PlacedNode) -> Shape:
    return _product(placed, placed.shape(0), placed.shape(3))


def _flatten(placed: PlacedNode) -> Shape:
    shape = placed.shape(0)
    axis = placed.node.integer("axis", 1)
    axis = axis if axis == len(shape) else normal_axis(axis, len(shape))
    return math.prod(shape[:axis]), math.prod(shape[axis:])


def _product(placed: PlacedNode, a: Shape, b: Shape) -> Shape:
    if len(a) != 2 or len(b) != 2:
        raise MisfitError(f"it multiplies {shape_text(a)} with {shape_text(b)}, both must have two axes")
    rows, inner = a[::-1] if placed.node.integer("transA", 0) else a
    other, columns = b[::-1] if placed.node.integer("transB", 0) else b
    if inner != other:
        raise MisfitError(f"it multiplies {shape_text(a)} with {shape_text(b)}, which does not fit")
    return rows, columns


def _filled(placed: PlacedNode) -> Shape:
    return tuple(placed.integers(0, "shape") or ())


def _unpooled(placed: PlacedNode) -> Shape:
    """The given shape of a MaxUnpool, or the smallest map that its windows cover."""
    given = placed.integers(2, "output_shape")
    if given is not None:
        return given
    node, shape = placed.node, placed.shape(0)
    kernel = node.integers("kernel_shape") or ()
    count = len(kernel)
    if count != len(shape) - 2:
        raise MisfitError(f"it unpools {len(shape)} axes with a kernel of {count}")
    strides, pads = node.integers("strides") or (1,) * count, node.integers("pads") or (0,) * (2 * count)
    padding = [before + after for before, after in zip(pads[:count], pads[count:], strict=True)]
    sizes = zip(shape[2:], strides, kernel, padding, strict=True)
    return (*shape[:2], *((size - 1) * stride + width - padded for size, stride, width, padded in sizes))


def _joined(placed: PlacedNode) -> Shape:
    """Shape of an If that joins two branches, where both have the same."""
    shapes = {placed.shape(i): None for i in range(1, len(placed.node.inputs))}
    if not shapes:
        raise MisfitError("it has no branch that can run at this size")
    if len(shapes) > 1:
        raise UnresolvedError(
            f"its branches make {' and '.join(map(shape_text, shapes))}, and which one is taken is not known"
        )
    (shape,) = shapes
    return shape


def _short_time(placed: PlacedNode) -> Shape:
    """The frames of an STFT: [batch, frames, frequencies, 2].

    Frequencies are onesided by default, as the standard says; the library takes the default to be 0.
    """
    signal = placed.shape(0)
    (step,) = placed.integers(1, "") or (0,)
    (frame,) = placed.integers(3, "") or (placed.shape(2) if placed.present(2) else (0,))
    if len(signal) < 2 or min(step, frame) < 1 or frame > signal[1]:
        raise MisfitError(f"frames of {frame} with step {step} do not fit a signal of {shape_text(signal)}")
    frequencies = frame // 2 + 1 if placed.node.integer("onesided", 1) else frame
    return signal[0], (signal[1] - frame) // step + 1, frequencies, 2


_Rule = Callable[[PlacedNode], Shape]


def _normalised_texts(placed: PlacedNode) -> Shape:
    if placed.node.has("stopwords"):
        raise UnresolvedError("it removes stopwords, so the length of its output depends on the data")
    return placed.shape(0)


def _sliced(placed: PlacedNode) -> Shape:
    """The shape after a Slice whose range is written in attributes, which may reach beyond the axis."""
    node, shape = placed.node, [*placed.shape(0)]
    starts, ends = node.integers("starts") or (), node.integers("ends") or ()
    axes = node.integers("axes") or tuple(range(len(starts)))
    if not len(starts) == len(ends) == len(axes):
        raise BrokenError("its starts, ends and axes differ in length")
    for given, start, end in zip(axes, starts, ends, strict=True):
        axis = normal_axis(given, len(shape))
        shape[axis] = len(range(*slice(start, end).indices(shape[axis])))
    return tuple(shape)


def rule_of(node: Node) -> _Rule | None:
    """The rule for the shape of a node's first output; None where the ONNX library is asked."""
    if node.op == "Slice" and not node.domain and node.has("starts"):
        return _sliced  # before operator set 10; the library does not infer ranges that begin before the axis
    return _RULES.get((node.domain, node.op))


_RULES: dict[tuple[str, str], _Rule] = {
    **CONTRIB_RULES,
    **{("", op): _first for op in UNARY - {"BitCast", "EyeLike"}},
    **{("", op): _first for op in ("InstanceNormalization", "MeanVarianceNormalization", "Softmax")},
    ("", "GroupNormalization"): _in_groups,
    **{("", op): _all for op in BROADCAST - {"Where", "PRelu"}},
    **{("com.microsoft", op): _first for op in FUSED_UNARY - {"BiasSplitGelu", "DynamicQuantizeLinear"}},
    **{("com.microsoft", op): _quantised_pair for op in FUSED_BROADCAST - {"QLinearWhere"}},
    ("com.microsoft", "QLinearConcat"): _quantised_concat,
    ("com.microsoft", "QLinearSoftmax"): _first,
    ("com.microsoft", "QGemm"): _quantised_gemm,
    ("", "Einsum"): einsum_shape,
    ("", "Flatten"): _flatten,
    ("", "Gemm"): _gemm,
    ("", "If"): _joined,
    ("", "MaxUnpool"): _unpooled,
    ("", "Constant"): _constant,
    ("", "ConstantOfShape"): _filled,
    ("", "Concat"): _concat,
    ("", "StringNormalizer"): _normalised_texts,
    ("", "STFT"): _short_time,
    ("", "Transpose"): _transpose,
    ("", "Reshape"): _reshape,
    ("", "Resize"): resized_shape,
    ("", "Upsample"): resized_shape,
    ("com.microsoft.nchwc", "Upsample"): resized_shape,
}
