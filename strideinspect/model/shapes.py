"""Every tensor's shape at a concrete input size, with the small constants that shape arithmetic needs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper
from onnx.shape_inference import InferenceError, infer_node_outputs

from strideinspect.model.branches import follow
from strideinspect.model.broadcasting import spell
from strideinspect.model.fold import fold, shape_value
from strideinspect.model.geometry import Geometry
from strideinspect.model.network import SMALL, SMALL_REAL, Constants, Network
from strideinspect.model.node import Node, PlacedNode, Shape, UnresolvedError
from strideinspect.model.shape_rules import MERGES, RULES, output_dtype
from strideinspect.model.window import MisfitError, geometry, is_window

LONGEST = 1 << 28
"""An axis longer than this is not followed."""

LARGEST = 1 << 36
"""Nor is a tensor of more elements than this."""


class Trouble(Enum):
    """Why a node has no output shape."""

    MERGE = "merge"  # branches that do not fit together
    HEAD = "head"  # sizes baked into the model that do not fit this input
    EMPTY = "empty"  # a map with no index
    FOREIGN = "foreign"  # an operator that the standard does not know


@dataclass(frozen=True, slots=True)
class Problem:
    """A node that cannot run at this size. `text` says why, in the node's own numbers."""

    node: Node
    trouble: Trouble
    text: str


@dataclass(slots=True)
class Shapes:
    """What is known of every tensor at one input size.

    `nodes` are the graph's nodes in order, with the taken branch of a constant If in its place. `unknown` gives the
    reason for each tensor that has no shape, `geometries` the windows of each window node by its first output.
    """

    network: Network
    nodes: list[Node] = field(default_factory=list)
    shapes: dict[str, Shape] = field(default_factory=dict)
    dtypes: dict[str, int] = field(default_factory=dict)
    constants: Constants = field(default_factory=lambda: Constants.__new__(Constants))
    problems: list[Problem] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)
    geometries: dict[str, Geometry] = field(default_factory=dict)
    sized: set[str] = field(default_factory=set)  # constants that were computed from shapes
    resized: bool = False  # whether the inputs differ from what the file declares

    def placed(self, node: Node) -> PlacedNode:
        """The node with the shapes and constants around it."""
        return PlacedNode(node, self.shapes, self.constants, self.sized)


def infer(network: Network, inputs: Mapping[str, Shape]) -> Shapes:
    """Shapes of all tensors for these input shapes; what cannot be known is listed with its reason, never raised."""
    result = Shapes(network, constants=network.constants.copy())
    for name, (shape, dtype) in network.weights.items():
        if min(shape, default=0) < 0 or not _followable(shape):
            result.unknown[name] = f"the shape of initializer {name!r} is given as {list(shape)}"
        else:
            result.shapes[name], result.dtypes[name] = shape, dtype
    for name, shape in inputs.items():
        declared = network.inputs[name]
        result.shapes[name], result.dtypes[name] = shape, declared.dtype or onnx.TensorProto.FLOAT
        for given, said in zip(shape, declared.dims or shape, strict=True):
            result.resized |= isinstance(said, int) and said > 0 and said != given
    pending = list(reversed(network.nodes))
    while pending:
        node = pending.pop()
        branch = follow(result.placed(node), network.opsets)
        if branch is not None:
            for name, tensor in branch.initializers.items():
                result.shapes[name], result.dtypes[name] = tuple(tensor.dims), tensor.data_type
                result.constants.declare(name, tensor)
            pending.extend(reversed(branch.nodes))
            continue
        result.nodes.append(node)
        _visit(result, node)
    return result


def _visit(result: Shapes, node: Node) -> None:
    missing = next((name for name in node.inputs if name and name not in result.shapes), None)
    if missing is not None:
        reason = result.unknown.get(missing, f"the shape of {missing!r} is unknown")
        _give_up(result, node, reason)
        return
    try:
        shapes, dtypes = _outputs(result, node)
        _refuse_unusable(shapes)
        for name, shape, dtype in zip(node.outputs, shapes, dtypes, strict=False):
            if name and shape is not None:
                result.shapes[name], result.dtypes[name] = shape, dtype
        _fold(result, node)
    except MisfitError as error:
        trouble = Trouble.EMPTY if error.empty else Trouble.MERGE if node.op in MERGES else Trouble.HEAD
        result.problems.append(Problem(node, trouble, str(error)))
        _give_up(result, node, f"{node.op} {node.label!r} cannot run at this size")
    except UnresolvedError as error:
        _give_up(result, node, f"{node.op} {node.label!r}: {error}")
    except (ValueError, IndexError, TypeError, ArithmeticError) as error:
        # A rule that stumbles over a damaged node: what it would have said is not known, and the report says so.
        _give_up(result, node, f"{node.op} {node.label!r} does not fit its inputs ({error})")
    for name in node.outputs:
        if name and name not in result.shapes and name not in result.unknown:
            result.unknown[name] = f"{node.op} {node.label!r}: its output shape depends on the data"


def _refuse_unusable(shapes: Sequence[Shape | None]) -> None:
    known = [shape for shape in shapes if shape is not None]
    if any(n < 0 for shape in known for n in shape):
        raise MisfitError("its output would have a negative size", empty=True)
    for shape in known:
        if not _followable(shape):
            raise UnresolvedError(f"its output would be {spell(shape)}, which is too large to follow")


def _followable(shape: Shape) -> bool:
    return max(shape, default=0) <= LONGEST and math.prod(shape) <= LARGEST


def _give_up(result: Shapes, node: Node, reason: str) -> None:
    result.geometries.pop(node.key, None)
    for name in node.outputs:
        result.unknown[name] = reason


def _outputs(result: Shapes, node: Node) -> tuple[list[Shape | None], list[int]]:
    placed = result.placed(node)
    first = next((result.dtypes[n] for n in node.inputs if n in result.dtypes), onnx.TensorProto.FLOAT)
    if is_window(node):
        found = geometry(placed)
        result.geometries[node.key] = found
        shape = found.output_shape(placed.shape(found.data)[0])
        return [shape] * len(node.outputs), [first, onnx.TensorProto.INT64]
    rule = RULES.get((node.domain, node.op))
    if rule is not None and node.domain:
        # Further outputs of contrib operators: some hand on the sum or the mask, which is shaped like the first input.
        more = [placed.shape(0) if _hands_on(node, i) else None for i in range(1, len(node.outputs))]
        return [rule(placed), *more], [output_dtype(node, [result.dtypes.get(n, 0) for n in node.inputs])] * (
            1 + len(more)
        )
    if rule is not None and (len(node.outputs) == 1 or node.op == "Dropout"):
        return [rule(placed)] * len(node.outputs), [
            output_dtype(node, [result.dtypes.get(n, 0) for n in node.inputs])
        ] * 2
    return _from_library(result, node)


def _hands_on(node: Node, output: int) -> bool:
    return (node.op, output) in {
        ("SkipLayerNormalization", 3),
        ("SkipSimplifiedLayerNormalization", 3),
        ("SkipGroupNorm", 1),
        ("BiasDropout", 1),
        ("BitmaskDropout", 1),
    }


def _from_library(result: Shapes, node: Node) -> tuple[list[Shape | None], list[int]]:
    try:
        schema = onnx.defs.get_schema(node.op, node.version, node.domain)
    except onnx.defs.SchemaError:
        return _declared(result, node)
    types = {name: _type(result.dtypes[name], result.shapes[name]) for name in node.inputs if name in result.shapes}
    if any(a.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS) for a in node.attributes.values()):
        types |= {n: _type(result.dtypes[n], s) for n, s in result.shapes.items()}  # bodies see outer names
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


def _fold_shape(result: Shapes, node: Node) -> bool:
    """Remember the value of a node that reads only a shape; whether it is one."""
    source = node.inputs[0] if len(node.outputs) == 1 and node.inputs else ""
    value = shape_value(node, result.shapes[source]) if source in result.shapes else None
    if value is None:
        return False
    result.constants.add(node.outputs[0], value)
    fixed = source in result.network.weights or result.constants.known(source) is not None
    if source in result.sized or not fixed:
        result.sized.add(node.outputs[0])
    return True


def _fold(result: Shapes, node: Node) -> None:
    """Remember the node's outputs where they are small and known."""
    if _fold_shape(result, node):
        return
    tensor = node.tensor("value") if node.op == "Constant" and not node.domain else None
    if tensor is not None:
        result.constants.declare(node.outputs[0], tensor)
        return
    shape = result.shapes.get(node.outputs[0]) if node.outputs else None
    size = math.prod(shape or ())
    if size > SMALL or (size > SMALL_REAL and result.dtypes.get(node.outputs[0]) == onnx.TensorProto.FLOAT):
        return
    values: list[NDArray[np.generic] | None] = []
    for name in node.inputs:
        value = result.constants.known(name) if name else None
        if name and value is None:
            return
        values.append(value)
    if shape is None and values:
        return
    folded = fold(node, values, size)
    for name, value in zip(node.outputs, folded or (), strict=False):
        if name:
            result.constants.add(name, value)
            if any(given in result.sized for given in node.inputs):
                result.sized.add(name)
            result.shapes.setdefault(name, value.shape)
