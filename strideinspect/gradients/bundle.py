"""All that the process which runs the graphs needs: three graphs, and which tensors go from one into the next."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import onnx
from msgspec import Struct
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from strideinspect.gradients.reverse import RefusedError, Turned, ancestors_of, turned
from strideinspect.gradients.tangent_builder import DIRECTION, TANGENT, TangentGraph
from strideinspect.gradients.tangents import tangent_graph
from strideinspect.gradients.weights import Weight, external_file, is_filler, single, stand_in, stored
from strideinspect.model.node import WITH_BODIES, Node, Shape
from strideinspect.model.shapes import Shapes

GRADIENT: Final = "strideinspect_gradient_"
"""Begins the outputs of the reverse graph, before the name of the model's input."""

_FLOAT: Final = onnx.TensorProto.FLOAT
_HALF_OR_DOUBLE: Final = frozenset(
    {onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16, onnx.TensorProto.DOUBLE},
)
_OLDEST: Final = 7
"""The first operator set in which operands are broadcast as they are today."""


class Bundle(Struct, frozen=True):
    """The graphs of one model at one size, without its weights.

    `forward` gives the values `kept` for the reverse graph and, besides, `checked` for the tangent graph, which also
    takes the outputs `exposed` of the reverse graph. `constants` are small stored tensors, `inputs` the shape and type
    of every input that has to be fed.
    """

    key: str
    path: str
    forward: bytes
    reverse: bytes
    tangent: bytes
    target: str
    shape: Shape
    sources: tuple[str, ...]
    kept: tuple[str, ...]
    checked: tuple[str, ...]
    exposed: tuple[str, ...]
    weights: tuple[Weight, ...]
    constants: Mapping[str, NDArray[Any]]
    inputs: Mapping[str, tuple[Shape, int]]
    seed: int

    @property
    def has_random_weights(self) -> bool:
        """Whether the file lacks weights."""
        return any(weight.is_random for weight in self.weights)


def bundled(shapes: Shapes, target: str, sources: Sequence[str], seed: int) -> Bundle:
    """The graphs for the gradient of one tensor with respect to these inputs. Raises RefusedError."""
    nodes = ancestors_of(shapes, target)
    _check(shapes, nodes)
    way = turned(shapes, target, sources)
    reached = tuple(name for name in sources if name in way.gradients)
    tangent = tangent_graph(way, target, sources)
    tensors = _Stored(shapes, nodes)
    gradients = {f"{GRADIENT}{name}": way.gradients[name] for name in reached}
    reverse = way.graph.model({**gradients, **tangent.exposed})
    computed = {name for node in (*nodes, *_wrapped(way)) for name in node.outputs} - tensors.names
    needed = [entry.name for entry in reverse.graph.input]
    kept = tuple(name for name in needed if name in computed or name.startswith("strideinspect_beside"))
    checked = tuple(sorted((tangent.fed & computed) - {*kept}))
    forward = _forward(shapes, nodes, way, tensors, dict.fromkeys((*kept, *checked, target)))
    return Bundle(
        key=uuid.uuid4().hex,
        path=shapes.network.model.path,
        forward=forward.SerializeToString(),
        reverse=reverse.SerializeToString(),
        tangent=_tangent(shapes, tangent, sources).SerializeToString(),
        target=target,
        shape=shapes.shapes[target],
        sources=reached,
        kept=kept,
        checked=checked,
        exposed=tuple(tangent.exposed),
        weights=tuple(tensors.fed),
        constants=tensors.small,
        inputs={name: (shapes.shapes[name], shapes.dtypes[name]) for name in _inputs(shapes, nodes)},
        seed=seed,
    )


def _check(shapes: Shapes, nodes: Iterable[Node]) -> None:
    """Raise RefusedError for what could not run."""
    for node in nodes:
        if node.op == "If" and not node.proto.attribute:
            raise RefusedError(node, "which of its branches runs depends on the data")
        if not node.domain and node.op in WITH_BODIES:
            raise RefusedError(node, "what a body of its own computes is not followed")
        if not node.domain and shapes.network.opsets.get("", 1) < _OLDEST:
            version = shapes.network.opsets.get("", 1)
            raise RefusedError(node, f"the model has operator set {version}; gradients need {_OLDEST} or newer")


def _wrapped(way: Turned) -> list[Node]:
    return [Node.of(proto, {"": 1}) for proto in way.beside.nodes]


class _Stored:
    """The stored tensors that the nodes use: small ones with their values, large ones to be fed, missing ones drawn."""

    def __init__(self, shapes: Shapes, nodes: Sequence[Node]) -> None:
        model = shapes.network.model
        tensors = stored(model)
        users: dict[str, list[tuple[Node, int]]] = {}
        for node in nodes:
            for i, name in enumerate(node.inputs):
                users.setdefault(name, []).append((node, i))
        self.small: dict[str, NDArray[Any]] = {}
        self.fed: list[Weight] = []
        made = {name: node for node in nodes for name in node.outputs}
        fillers = self._fillers(shapes, users, made)
        for name in dict.fromkeys([*users, *made]):
            maker, tensor = made.get(name), tensors.get(name)
            if tensor is not None and (maker is None or maker.op == "Constant"):
                consumers = list(_consumers(users, name))
                self._enter(model.path, name, tensor, consumers, left_out=model.is_left_out(tensor))
                if name in self.small:
                    self.small[name] = single(numpy_helper.to_array(tensor))
            elif name in fillers:
                self.fed.append(fillers[name])
        self.names = {*self.small, *(weight.name for weight in self.fed)}

    @staticmethod
    def _fillers(
        shapes: Shapes, users: Mapping[str, list[tuple[Node, int]]], made: Mapping[str, Node]
    ) -> dict[str, Weight]:
        """What replaces fillers; nothing where none stands for a kernel or a matrix.

        A network may add or multiply by a tensor of one number itself, such as the stride at each anchor of a detector.
        """
        found = {}
        for name, maker in made.items():
            consumers = list(_consumers(users, name))
            if is_filler(maker, shapes.shapes[name], consumers):
                found[name] = stand_in(name, shapes.shapes[name], shapes.dtypes[name], consumers)
        return found if any(weight.fill is None for weight in found.values()) else {}

    def _enter(
        self, path: str, name: str, tensor: onnx.TensorProto, users: list[tuple[Node, int]], *, left_out: bool
    ) -> None:
        shape, kind = tuple(tensor.dims), tensor.data_type
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            missing = external_file(path, tensor) is None
            self.fed.append(stand_in(name, shape, kind, users) if missing else Weight(name, shape, kind))
        elif left_out:
            self.fed.append(Weight(name, shape, kind))
        else:
            self.small[name] = np.zeros(0)


def _consumers(users: Mapping[str, list[tuple[Node, int]]], name: str) -> Iterator[tuple[Node, int]]:
    """The nodes that use a tensor, also through Identity: exporters merge equal weights."""
    for node, index in users.get(name, []):
        if node.op == "Identity" and not node.domain:
            yield from _consumers(users, node.key)
        else:
            yield node, index


def _inputs(shapes: Shapes, nodes: Iterable[Node]) -> list[str]:
    used = {name for node in nodes for name in node.inputs}
    return [name for name in shapes.network.inputs if name in used]


def _forward(
    shapes: Shapes, nodes: Sequence[Node], way: Turned, tensors: _Stored, outputs: Iterable[str]
) -> onnx.ModelProto:
    """The model's own nodes in single precision, with what runs beside them."""
    kept = [_single(node.proto) for node in nodes if tensors.names.isdisjoint(node.outputs)]
    inputs = [
        helper.make_tensor_value_info(name, _kind(shapes.dtypes[name]), [None] * len(shapes.shapes[name]))
        for name in _inputs(shapes, nodes)
    ]
    inputs += [helper.make_tensor_value_info(w.name, _kind(w.kind), w.shape) for w in tensors.fed]
    values = {**tensors.small, **way.beside.constants}
    return _model(shapes, [*kept, *way.beside.nodes], inputs, outputs, values)


def _tangent(shapes: Shapes, graph: TangentGraph, sources: Iterable[str]) -> onnx.ModelProto:
    """The tangent graph; all that it takes of the model is an input."""
    inputs = [helper.make_tensor_value_info(f"{DIRECTION}{name}", _FLOAT, shapes.shapes[name]) for name in sources]
    inputs += [helper.make_tensor_value_info(n, _kind(shapes.dtypes[n]), shapes.shapes[n]) for n in sorted(graph.fed)]
    inputs += [helper.make_tensor_value_info(name, _FLOAT, array.shape) for name, array in graph.exposed.items()]
    nodes = [_single(node) if node.op_type != "Cast" else node for node in graph.nodes]
    return _model(shapes, nodes, inputs, [TANGENT], graph.constants)


def _model(
    shapes: Shapes,
    nodes: Sequence[onnx.NodeProto],
    inputs: Sequence[onnx.ValueInfoProto],
    outputs: Iterable[str],
    values: Mapping[str, NDArray[Any]],
) -> onnx.ModelProto:
    results = [onnx.ValueInfoProto(name=name) for name in outputs]
    graph = helper.make_graph(
        nodes, "model", inputs, results, [numpy_helper.from_array(value, name) for name, value in values.items()]
    )
    # Version 8 only adds to version 7 what is needed here: MaxPool's indices.
    versions = {**shapes.network.opsets, "": max(8, shapes.network.opsets.get("", 1))}
    imports = [helper.make_opsetid(domain, version) for domain, version in versions.items()]
    return helper.make_model(
        graph, opset_imports=imports, ir_version=max(8, min(10, shapes.network.model.proto.ir_version))
    )


def _kind(kind: int) -> int:
    return _FLOAT if kind in _HALF_OR_DOUBLE else kind


def _single(proto: onnx.NodeProto) -> onnx.NodeProto:
    """The node in single precision, without the notes of the exporter."""
    found = onnx.NodeProto()
    found.CopyFrom(proto)
    del found.metadata_props[:]
    found.doc_string = ""
    for attribute in found.attribute:
        if attribute.name in {"to", "dtype"} and attribute.i in _HALF_OR_DOUBLE:
            attribute.i = _FLOAT
        if attribute.HasField("t") and attribute.t.data_type in _HALF_OR_DOUBLE:
            attribute.t.CopyFrom(numpy_helper.from_array(single(numpy_helper.to_array(attribute.t)), attribute.t.name))
    return found
