"""Output shapes of one node: from window arithmetic, from our own rules, else from the ONNX library."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np
import onnx
from msgspec import Struct
from onnx import numpy_helper
from onnx.shape_inference import InferenceError, infer_node_outputs

from strideinspect.limits import MOST_CONSTANT_INTEGERS
from strideinspect.model.bodies import Run, loop_outputs
from strideinspect.model.contrib_shapes import FURTHER_RULES
from strideinspect.model.declared_operators import declared_shape
from strideinspect.model.foreign_shapes import foreign_shapes
from strideinspect.model.node import WITH_BODIES, Node, Shape
from strideinspect.model.shape_rules import output_dtype, rule_of
from strideinspect.model.shapes import Shapes
from strideinspect.model.window import BrokenError, MisfitError, geometry, is_window


def outputs_of(result: Shapes, node: Node, run_body: Run) -> tuple[list[Shape | None], list[int]]:
    """Shapes (None where unknown) and element types of a node's outputs; a window node's geometry is added to `result`.

    Raises MisfitError where the node cannot run at this size, UnresolvedError where a shape depends on unknown values.
    """
    placed = result.placed(node)
    given = declared_shape(placed)
    if given is not None:
        return [given] * len(node.outputs), [result.dtypes[node.inputs[0]]] * len(node.outputs)
    if is_window(node):
        first = next((result.dtypes[n] for n in node.inputs if n in result.dtypes), onnx.TensorProto.FLOAT)
        window_geometry = geometry(placed, None if result.memo is None else result.memo.attributes)
        if node.key:
            result.geometries[node.key] = window_geometry
        shape = window_geometry.output_shape(placed.shape(window_geometry.data)[0])
        return [shape] * len(node.outputs), [first, onnx.TensorProto.INT64]
    rule = rule_of(node)
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
    """Raise MisfitError for nodes on which the ONNX library aborts the whole process."""
    if node.op == "Split" and node.has("num_outputs") and node.integer("num_outputs", 0) != len(node.outputs):
        wanted = node.integer("num_outputs", 0)
        raise MisfitError(f"num_outputs is {wanted}, it has {len(node.outputs)} outputs")


class _Given(Struct, frozen=True):
    """One input as passed to the library: its type, and its values where they are small and known."""

    name: str
    dtype: int
    shape: Shape
    kind: np.dtype[np.generic] | None
    numbers: bytes


class _Question(Struct, frozen=True):
    """A node as passed to the library, as a cache key: tensors are numbered, so that equal nodes share an answer.

    Only nodes with bodies keep their tensors' names, because the bodies refer to them.
    """

    op: str
    domain: str
    version: int
    attributes: tuple[bytes, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    given: tuple[_Given, ...]
    opsets: tuple[tuple[str, int], ...]


def _from_library(result: Shapes, node: Node) -> tuple[list[Shape | None], list[int]]:
    _refuse_fatal(node)
    if not onnx.defs.has(node.op, node.version, node.domain):
        foreign = foreign_shapes(result.placed(node))
        if foreign is None:
            return _declared(result, node)
        first = next((result.dtypes[name] for name in node.inputs if name), onnx.TensorProto.FLOAT)
        return list(foreign), [first] * len(foreign)
    bodies = node.op in WITH_BODIES
    names = {name: name if bodies or not name else f"input {i}" for i, name in enumerate(node.inputs)}
    question = _Question(
        node.op,
        node.domain,
        node.version,
        tuple(attribute.SerializeToString() for attribute in node.attributes.values()),
        tuple(names[name] for name in node.proto.input),
        tuple(name if bodies or not name else f"output {i}" for i, name in enumerate(node.outputs)),
        tuple(_given(result, name, called) for name, called in names.items() if name in result.shapes),
        tuple(result.network.opsets.items()),
    )
    answers = (_answer.__wrapped__ if bodies else _answer)(question)
    return [shape for shape, _ in answers], [dtype for _, dtype in answers]


def _given(result: Shapes, name: str, called: str) -> _Given:
    value = result.constants.known(name)
    passed = value is not None and value.size <= MOST_CONSTANT_INTEGERS and value.dtype != object
    return _Given(
        called,
        result.dtypes[name],
        result.shapes[name],
        value.dtype if value is not None and passed else None,
        value.tobytes() if value is not None and passed else b"",
    )


@lru_cache(maxsize=512)  # exporters repeat the same shape arithmetic many times
def _answer(asked: _Question) -> tuple[tuple[Shape | None, int], ...]:
    """Shape (None where unknown) and element type of each output. Raises MisfitError; BrokenError if no size helps."""
    types = {given.name: onnx.helper.make_tensor_type_proto(given.dtype, given.shape) for given in asked.given}
    try:
        inferred = _inferred(asked, types)
    except onnx.checker.ValidationError as error:
        raise BrokenError(_plain(str(error))) from error
    except InferenceError as error:
        if _fails_at_any_size(asked):
            raise BrokenError(_plain(str(error))) from error
        raise MisfitError(_plain(str(error))) from error
    infos = (inferred.get(name) for name in asked.outputs)
    return tuple(
        (None, onnx.TensorProto.FLOAT) if info is None else (_concrete(info), info.tensor_type.elem_type)
        for info in infos
    )


def _inferred(asked: _Question, types: Mapping[str, onnx.TypeProto]) -> Mapping[str, onnx.TypeProto]:
    """What the library infers for inputs of these types."""
    node = onnx.NodeProto(op_type=asked.op, domain=asked.domain, input=asked.inputs, output=asked.outputs)
    node.attribute.extend(map(onnx.AttributeProto.FromString, asked.attributes))
    return infer_node_outputs(
        onnx.defs.get_schema(asked.op, asked.version, asked.domain),
        node,
        dict(types),
        {
            given.name: numpy_helper.from_array(np.frombuffer(given.numbers, given.kind).reshape(given.shape))
            for given in asked.given
            if given.kind is not None
        },
        opset_imports=[onnx.helper.make_opsetid(domain, version) for domain, version in asked.opsets],
    )


def _fails_at_any_size(asked: _Question) -> bool:
    """Whether the library refuses the node for its attributes, types or numbers of axes: for inputs of open sizes, too.

    Inputs whose values are known keep their sizes.
    """
    open_types = {
        given.name: onnx.helper.make_tensor_type_proto(
            given.dtype, given.shape if given.kind is not None else [None] * len(given.shape)
        )
        for given in asked.given
    }
    try:
        _inferred(asked, open_types)
    except (onnx.checker.ValidationError, InferenceError):
        return True
    return False


def _declared(result: Shapes, node: Node) -> tuple[list[Shape | None], list[int]]:
    """Outputs of an operator that the library does not know: as the file declares, at the declared input size only."""
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


def _plain(text: str) -> str:
    """The library's message without its prefixes."""
    last = text.strip().splitlines()[-1] if text.strip() else "the ONNX library refuses it"
    return last.rsplit("] ", 1)[-1].removeprefix("(op_type:").strip()
