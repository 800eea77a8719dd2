"""What shapes one node makes: by window arithmetic, by rules of our own, else by the ONNX library."""

from __future__ import annotations

from functools import lru_cache

import onnx
from onnx import numpy_helper
from onnx.shape_inference import InferenceError, infer_node_outputs

from strideinspect.model.bodies import Run, loop_outputs
from strideinspect.model.contrib_shapes import FURTHER_RULES
from strideinspect.model.network import SMALL
from strideinspect.model.node import Node, Shape
from strideinspect.model.shape_rules import RULES, output_dtype
from strideinspect.model.shapes import Shapes
from strideinspect.model.window import MisfitError, geometry, is_window


def outputs_of(result: Shapes, node: Node, run_body: Run) -> tuple[list[Shape | None], list[int]]:
    """Shapes (None where unknown) and element types of a node's outputs; a window's geometry is entered into `result`.

    Raises MisfitError where the node cannot run at this size, UnresolvedError where that is not known.
    """
    placed = result.placed(node)
    if is_window(node):
        first = next((result.dtypes[n] for n in node.inputs if n in result.dtypes), onnx.TensorProto.FLOAT)
        found = geometry(placed)
        if node.key:
            result.geometries[node.key] = found
        shape = found.output_shape(placed.shape(found.data)[0])
        return [shape] * len(node.outputs), [first, onnx.TensorProto.INT64]
    rule = RULES.get((node.domain, node.op))
    if rule is not None and node.domain:
        further = (FURTHER_RULES.get((node.domain, node.op, i)) for i in range(1, len(node.outputs)))
        more = [None if other is None else other(placed) for other in further]
        return [rule(placed), *more], [output_dtype(node, [result.dtypes.get(n, 0) for n in node.inputs])] * (
            1 + len(more)
        )
    if rule is not None and (len(node.outputs) == 1 or node.op == "Dropout"):
        return [rule(placed)] * len(node.outputs), [
            output_dtype(node, [result.dtypes.get(n, 0) for n in node.inputs])
        ] * 2
    if node.op == "Loop" and not node.domain:
        return loop_outputs(placed, result.dtypes, run_body)
    return _from_library(result, node)


def _refuse_fatal(node: Node) -> None:
    """Raise MisfitError for what makes the ONNX library end the whole process."""
    if node.op == "Split" and node.has("num_outputs") and node.integer("num_outputs", 0) != len(node.outputs):
        wanted = node.integer("num_outputs", 0)
        raise MisfitError(f"num_outputs is {wanted}, it has {len(node.outputs)} outputs")


def _from_library(result: Shapes, node: Node) -> tuple[list[Shape | None], list[int]]:
    _refuse_fatal(node)
    try:
        schema = onnx.defs.get_schema(node.op, node.version, node.domain)
    except onnx.defs.SchemaError:
        return _declared(result, node)
    types = {name: _type(result.dtypes[name], result.shapes[name]) for name in node.inputs if name in result.shapes}
    data = {}
    for name in node.inputs:
        value = result.constants.known(name)
        if value is not None and value.size <= SMALL:
            data[name] = numpy_helper.from_array(value)
    opsets = [onnx.helper.make_opsetid(domain, version) for domain, version in result.network.opsets.items()]
    try:
        found = infer_node_outputs(schema, node.proto, types, data, opset_imports=opsets)
    except (InferenceError, onnx.checker.ValidationError) as error:
        raise MisfitError(_plain(str(error))) from error
    shapes: list[Shape | None] = []
    dtypes = []
    for name in node.outputs:
        info = found.get(name)
        shapes.append(_concrete(info) if info is not None else None)
        dtypes.append(info.tensor_type.elem_type if info is not None else onnx.TensorProto.FLOAT)
    return shapes, dtypes


def _declared(result: Shapes, node: Node) -> tuple[list[Shape | None], list[int]]:
    """An operator that the library does not know: what the file declares is all there is, at the declared size only."""
    shapes: list[Shape | None] = []
    dtypes = []
    for name in node.outputs:
        declared = result.network.declared.get(name)
        dims = declared.dims if declared is not None and not result.resized else None
        known = dims is not None and all(isinstance(d, int) for d in dims)
        shapes.append(tuple(int(d) for d in dims or () if isinstance(d, int)) if known else None)
        dtypes.append(declared.dtype if declared is not None else onnx.TensorProto.FLOAT)
    if None in shapes:
        for name in node.outputs:
            result.unknown[name] = f"{node.op} {node.label!r} of domain {node.domain or 'ai.onnx'!r} is not known"
    return shapes, dtypes


def _concrete(info: onnx.TypeProto) -> Shape | None:
    if not info.HasField("tensor_type") or not info.tensor_type.HasField("shape"):
        return None
    dims = info.tensor_type.shape.dim
    return tuple(int(d.dim_value) for d in dims) if all(d.HasField("dim_value") for d in dims) else None


@lru_cache(maxsize=4096)
def _type(dtype: int, shape: Shape) -> onnx.TypeProto:
    return onnx.helper.make_tensor_type_proto(dtype, shape)


def _plain(text: str) -> str:
    """The library's message without its prefixes."""
    last = text.strip().splitlines()[-1] if text.strip() else "the ONNX library refuses it"
    return last.rsplit("] ", 1)[-1].removeprefix("(op_type:").strip()
