"""Nodes for which the standard, the ONNX library and onnxruntime are known to disagree.

The cases come from a sweep over the operators' attributes in one dimension; they are the ones that `model.window` and
`model.resize_scales` implement as onnxruntime does.
"""

from __future__ import annotations

import onnx
from onnx import numpy_helper
from onnx.shape_inference import InferenceError, infer_node_outputs

from strideinspect.model.geometry import Geometry, Kind
from strideinspect.model.node import Node, Shape, UnresolvedError
from strideinspect.model.resize_scales import resizing
from strideinspect.model.shapes import Shapes

Outcome = Shape | str


def outcomes(shapes: Shapes, node: Node) -> dict[str, Outcome]:
    """Each source's output shape or padding for a node; empty where all agree, or no disagreement is known."""
    if node.domain or node.key not in shapes.shapes or not _may_part(shapes, node):
        return {}
    ours = shapes.shapes[node.key]
    others: dict[str, Outcome] = {}
    geometry = shapes.geometries.get(node.key)
    if geometry is not None:
        standard = _standard(node, geometry, ours)
        if _refused(node, geometry):
            return {"the standard makes": standard, "onnxruntime": "refuses to run it"}
        if standard != ours:
            others["the standard makes"] = standard
        elif any(w.begin < 0 for w in geometry.windows):
            cut = max(-w.begin for w in geometry.windows)
            return {"the standard pads": "nothing", "onnxruntime crops the front by": str(cut)}
    library = _library(shapes, node)
    if library is not None and library != ours:
        others["the ONNX library makes"] = library
    return {**others, "onnxruntime makes": ours} if others else {}


def _may_part(shapes: Shapes, node: Node) -> bool:
    if node.op in ("Resize", "Upsample"):
        return not _multiplies(shapes, node)
    geometry = shapes.geometries.get(node.key)
    if geometry is None or geometry.kind is Kind.GLOBAL:
        return False
    same = node.text("auto_pad", "NOTSET") in ("SAME_UPPER", "SAME_LOWER", "VALID")
    shaped = node.has("output_shape")
    return same or shaped or node.integer("ceil_mode", 0) == 1 or any(w.overhang for w in geometry.windows)


def _multiplies(shapes: Shapes, node: Node) -> bool:
    """Whether a Resize or Upsample has integer scales only: then nothing is rounded, and all agree."""
    if node.has("keep_aspect_ratio_policy"):
        return False
    try:
        parts = resizing(shapes.placed(node))
    except UnresolvedError:
        return False
    return all(part.by_scale and part.scale.is_integer() and part.roi == (0.0, 1.0) for part in parts)


def _standard(node: Node, geometry: Geometry, ours: Shape) -> Shape:
    """The output shape by the standard's formulas: ⌈L/s⌉ for SAME, L·s for a transposed SAME.

    For VALID it is ⌈(L − extent + 1)/s⌉, whether or not sizes are rounded up. Else it is 0 where the window is larger
    than the padded input, unless the size is rounded up.
    """
    same, valid = node.text("auto_pad", "NOTSET").startswith("SAME"), node.text("auto_pad", "NOTSET") == "VALID"
    if node.has("output_shape"):
        return ours
    sizes = list(ours)
    for axis, w in zip(geometry.axes, geometry.windows, strict=True):
        if same:
            sizes[axis] = w.length * w.stride if w.transposed else -(-w.length // w.stride)
        elif valid and not w.transposed:
            sizes[axis] = max(0, -(-(w.length - w.extent + 1) // w.stride))
        elif w.overhang and not w.transposed and not node.integer("ceil_mode", 0):
            sizes[axis] = 0
    return tuple(sizes)


def _refused(node: Node, geometry: Geometry) -> bool:
    """Whether onnxruntime refuses it: SAME with dilation in a Conv, or with kernel < stride in the older pools."""
    if not node.text("auto_pad", "NOTSET").startswith("SAME"):
        return False
    if geometry.kind is Kind.CONVOLUTION:
        return any(w.dilation > 1 for w in geometry.windows)
    old = node.op == "MaxPool" or (node.op == "AveragePool" and node.version < 19)
    cropped = any((w.size - 1) * w.stride + w.extent < w.length for w in geometry.windows)
    return old and cropped and all(w.dilation == 1 for w in geometry.windows)


def _library(shapes: Shapes, node: Node) -> Shape | None:
    """The output shape that the ONNX library infers; None where it infers none."""
    try:
        schema = onnx.defs.get_schema(node.op, node.version, node.domain)
        given = [name for name in node.inputs if name in shapes.shapes]
        types = {n: onnx.helper.make_tensor_type_proto(shapes.dtypes[n], shapes.shapes[n]) for n in given}
        values = {n: value for n in given if (value := shapes.constants.known(n)) is not None}
        data = {n: numpy_helper.from_array(value) for n, value in values.items()}
        inferred = infer_node_outputs(schema, node.proto, types, data)[node.key]
    except (InferenceError, onnx.checker.ValidationError, onnx.defs.SchemaError, KeyError, UnicodeDecodeError):
        return None
    dims = inferred.tensor_type.shape.dim
    return tuple(d.dim_value for d in dims) if all(d.HasField("dim_value") for d in dims) else None
