"""Output shapes of onnxruntime's own operators, and of operators of ai.onnx.ml that the ONNX library does not infer.

Source: the operator schemas of onnxruntime (com.microsoft, and removed standard operators that it still supports).
"""

from __future__ import annotations

from collections.abc import Callable

import onnx

from strideinspect.model.broadcasting import broadcast, matrix_product
from strideinspect.model.node import PlacedNode, Shape, UnresolvedError, normal_axes, normal_axis
from strideinspect.model.window import MisfitError
from strideinspect.spelling import shape_text

Rule = Callable[[PlacedNode], Shape]


def _first(placed: PlacedNode) -> Shape:
    return placed.shape(0)


def _operands(placed: PlacedNode) -> Shape:
    return broadcast([placed.shape(0), placed.shape(2)])


def _packed_product(placed: PlacedNode) -> Shape:
    a, inner = placed.shape(0), placed.node.integer("K", 0)
    if not a or a[-1] != inner:
        raise MisfitError(f"it multiplies {shape_text(a)} with a matrix of {inner} rows, which does not fit")
    return (*a[:-1], placed.node.integer("N", 0))


def _distances(placed: PlacedNode) -> Shape:
    return placed.shape(0)[0], placed.shape(1)[0]


def _halved(placed: PlacedNode) -> Shape:
    shape = placed.shape(0)
    return (*shape[:-1], shape[-1] // 2)


def _reduced(placed: PlacedNode) -> Shape:
    shape = placed.shape(0)
    axes = normal_axes(placed.node.integers("axes") or tuple(range(len(shape))), len(shape))
    if placed.node.integer("keepdims", 1):
        return tuple(1 if axis in axes else n for axis, n in enumerate(shape))
    return tuple(n for axis, n in enumerate(shape) if axis not in axes)


def _padded(placed: PlacedNode) -> Shape:
    shape, pads = placed.shape(0), placed.integers(1, "pads")
    if pads is None or len(pads) != 2 * len(shape):
        raise UnresolvedError("it has no pads that fit its input")
    return tuple(n + pads[i] + pads[i + len(shape)] for i, n in enumerate(shape))


def _cropped(placed: PlacedNode) -> Shape:
    n, c, h, w = placed.shape(0)
    left, top, right, bottom = placed.node.integers("border") or (0, 0, 0, 0)
    scale = placed.node.integers("scale")
    return (n, c, *scale) if scale else (n, c, h - top - bottom, w - left - right)


def _gathered(placed: PlacedNode) -> Shape:
    """GatherND, including the standard's: the ONNX library does not infer its shape where the output is a scalar."""
    data, indices = placed.shape(0), placed.shape(1)
    batch = placed.node.integer("batch_dims", 0)
    if not indices or not 0 <= batch <= batch + indices[-1] <= len(data):
        raise MisfitError(f"its indices of shape {shape_text(indices)} do not fit {shape_text(data)}")
    return (*indices[:-1], *data[batch + indices[-1] :])


def _expanded(placed: PlacedNode) -> Shape:
    shape, axis = placed.shape(0), placed.integers(1, "axis")
    if axis is None:
        raise UnresolvedError("it has no axis")
    place = normal_axis(axis[0], len(shape) + 1)
    return (*shape[:place], 1, *shape[place:])


def _unfolded(placed: PlacedNode) -> Shape:
    shape, node = placed.shape(0), placed.node
    axis, size = normal_axis(node.integer("dim", -1), len(shape)), node.integer("size", 1)
    count = (shape[axis] - size) // node.integer("step", 1) + 1
    return (*shape[:axis], count, *shape[axis + 1 :], size)


def _spectrum(placed: PlacedNode) -> Shape:
    shape = placed.shape(0)
    if placed.node.op == "Rfft":
        return (*shape[:-1], shape[-1] // 2 + 1 if placed.node.integer("onesided", 1) else shape[-1], 2)
    return (*shape[:-2], 2 * (shape[-2] - 1) if placed.node.integer("onesided", 1) else shape[-2])


def _attended(placed: PlacedNode) -> Shape:
    """Attention with its projections packed into one weight [input, query + key + value]."""
    shape, weight = placed.shape(0), placed.shape(1)
    sizes = placed.node.integers("qkv_hidden_sizes")
    return (*shape[:-1], sizes[2] if sizes else weight[-1] // 3)


def _multi_head(placed: PlacedNode) -> Shape:
    query = placed.shape(0)
    value = placed.shape(2) if placed.present(2) else ()
    if len(query) != 3 or len(value) != 3:
        raise UnresolvedError("its query, key and value are packed")
    return (*query[:2], value[2])


def _targets(placed: PlacedNode) -> Shape:
    """One row of results per sample."""
    shape, node = placed.shape(0), placed.node
    samples = shape[0] if len(shape) > 1 else 1
    return samples, node.integer("targets", node.integer("n_targets", 1))


def _vectorised(placed: PlacedNode) -> Shape:
    shapes = [placed.shape(i) for i in range(len(placed.node.inputs))]
    if any(len(shape) != 2 for shape in shapes):
        raise UnresolvedError("its inputs are not rows of features")
    return shapes[0][0], sum(shape[1] for shape in shapes)


def _blocked(placed: PlacedNode) -> Shape:
    """Channels first, padded to blocks of 8 or 16 channels, depending on the processor on which the model was saved.

    `model.nchwc` adds the attribute `channels` where the padded number can be inferred.
    """
    shape, channels = placed.shape(0), placed.node.integer("channels", 0)
    if placed.node.integer("channels_last", 0):
        shape = (shape[0], shape[-1], *shape[1:-1])
    if channels >= shape[1]:
        return (shape[0], channels, *shape[2:])
    if shape[1] % 16:
        raise UnresolvedError(f"the file does not say to how many channels it pads the {shape[1]} of its input")
    return shape


def _unblocked(placed: PlacedNode) -> Shape:
    shape, channels = placed.shape(0), placed.node.integer("channels", 0)
    if not 1 <= channels <= shape[1]:
        raise MisfitError(f"it keeps {channels} of {shape[1]} channels")
    if placed.node.integer("channels_last", 0):
        return (shape[0], *shape[2:], channels)
    return (shape[0], channels, *shape[2:])


def _sequence(placed: PlacedNode) -> Shape:
    return placed.shape(0)[0], *_state(placed)


def _state(placed: PlacedNode) -> Shape:
    directions = 2 if placed.node.text("direction", "forward") == "bidirectional" else 1
    return directions, placed.shape(0)[1], placed.node.integer("hidden_size", 1)


_MICROSOFT: dict[str, Rule] = {
    **dict.fromkeys(
        ("BiasAdd", "BiasDropout", "BiasSoftmax", "GatedAdd", "GroupNorm", "Inverse", "ScaledSiLU"), _first
    ),
    **dict.fromkeys(("RotaryEmbedding", "SkipGroupNorm", "SkipLayerNormalization", "Trilu"), _first),
    **dict.fromkeys(("LayerNormalization", "SimplifiedLayerNormalization", "SkipSimplifiedLayerNormalization"), _first),
    **dict.fromkeys(("FusedMatMul", "FusedMatMulActivation", "TransposeMatMul", "FusedGemm"), matrix_product),
    **dict.fromkeys(
        ("DynamicQuantizeMatMul", "GemmFastGelu", "MatMulInteger16", "MatMulIntegerToFloat"), matrix_product
    ),
    **dict.fromkeys(("MatMulBnb4", "MatMulFpQ4", "MatMulNBits"), _packed_product),
    **dict.fromkeys(("QLinearReduceMean", "ReduceSumInteger"), _reduced),
    **dict.fromkeys(("Rfft", "Irfft"), _spectrum),
    **dict.fromkeys(("Attention", "QAttention"), _attended),
    "BiasSplitGelu": _halved,
    "CDist": _distances,
    "DynamicQuantizeLSTM": _sequence,
    "ExpandDims": _expanded,
    "GatherND": _gathered,
    "MulInteger": _operands,
    "MultiHeadAttention": _multi_head,
    "Pad": _padded,
    "UnfoldTensor": _unfolded,
}

CONTRIB_RULES: dict[tuple[str, str], Rule] = {
    **{("com.microsoft", op): rule for op, rule in _MICROSOFT.items()},
    **{
        ("", op): _first
        for op in (
            "Affine",
            "ImageScaler",
            "LayerNormalization",  # onnxruntime fuses into it in models of any opset; the standard has it from 17 on
            "ParametricSoftplus",
            "Scale",
            "ScaledTanh",
            "SimplifiedLayerNormalization",
        )
    },
    ("", "Crop"): _cropped,
    ("", "GatherND"): _gathered,
    ("com.microsoft.nchwc", "ReorderInput"): _blocked,
    ("com.microsoft.nchwc", "ReorderOutput"): _unblocked,
    **{("ai.onnx.ml", op): _first for op in ("Imputer", "Normalizer", "Scaler")},
    **{("ai.onnx.ml", op): _targets for op in ("LinearRegressor", "SVMRegressor", "TreeEnsembleRegressor")},
    ("ai.onnx.ml", "FeatureVectorizer"): _vectorised,
}

FURTHER_RULES: dict[tuple[str, str, int], Rule] = {
    ("com.microsoft", "SkipLayerNormalization", 3): _first,
    ("com.microsoft", "SkipSimplifiedLayerNormalization", 3): _first,
    ("com.microsoft", "SkipGroupNorm", 1): _first,
    ("com.microsoft", "BiasDropout", 1): _first,
    ("com.microsoft", "BitmaskDropout", 1): _first,
    ("com.microsoft", "DynamicQuantizeLSTM", 1): _state,
    ("com.microsoft", "DynamicQuantizeLSTM", 2): _state,
}
"""Shapes of outputs after the first, by output index: a sum or a mask has the shape of the first input."""

CONTRIB_TYPES: dict[tuple[str, str], int] = {
    ("com.microsoft", "MatMulInteger16"): onnx.TensorProto.INT32,
    ("com.microsoft", "MatMulIntegerToFloat"): onnx.TensorProto.FLOAT,
    ("com.microsoft", "MulInteger"): onnx.TensorProto.INT32,
    ("com.microsoft", "QAttention"): onnx.TensorProto.FLOAT,
    ("com.microsoft", "ReduceSumInteger"): onnx.TensorProto.INT32,
}
"""Element types of outputs that differ from the first input's."""
