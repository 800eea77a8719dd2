"""The forward derivative of a model along a direction, in which linear operators are the model's own nodes.

It checks the reverse graph: ⟨J·v, u⟩ must be ⟨v, Jᵀ·u⟩ for any v and u. Convolutions, averages, slices, pads and all
else that is linear run as they stand in the file, without their biases, so that no pad, stride or group is computed a
second time. Smooth functions are differentiated numerically in double precision where onnxruntime has them; the slopes
of the others, and the choices of maxima, are those of the reverse graph.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from math import prod
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from strideinspect.gradients.activations import SLOPES
from strideinspect.gradients.arrays import PREFIX, Array
from strideinspect.gradients.normalising import local_response_factors
from strideinspect.gradients.reductions import reduced_axes
from strideinspect.gradients.registry import Call, rules
from strideinspect.gradients.reverse import REALS, RefusedError, Turned
from strideinspect.model.node import Shape

DIRECTION: Final = f"{PREFIX}direction_"
"""Begins the inputs of the tangent graph that hold the direction, before the name of the model's input."""

TANGENT: Final = f"{PREFIX}tangent"
"""Its output."""

_EVERY: Final = -1
_LINEAR: Final[Mapping[str, tuple[int, ...]]] = {
    "Add": (_EVERY,),
    "AveragePool": (),
    "BatchNormalization": (2, 3),
    "Cast": (),
    "CastLike": (),
    "Concat": (_EVERY,),
    "Conv": (2,),
    "ConvTranspose": (2,),
    "DepthToSpace": (),
    "Dropout": (),
    "Expand": (),
    "Flatten": (),
    "Gather": (),
    "GlobalAveragePool": (),
    "Identity": (),
    "Mean": (_EVERY,),
    "Neg": (),
    "Pad": (2,),
    "ReduceMean": (),
    "ReduceSum": (),
    "Reshape": (),
    "Resize": (),
    "Slice": (),
    "SpaceToDepth": (),
    "Split": (),
    "Squeeze": (),
    "Sub": (_EVERY,),
    "Sum": (_EVERY,),
    "Tile": (),
    "Transpose": (),
    "Unsqueeze": (),
    "Upsample": (),
    "Where": (1, 2),
}
"""Linear operators, with the inputs that are summands: those that do not depend on the model's input become zeros."""

_PRODUCTS: Final = frozenset({"Einsum", "MatMul", "Mul"})
_NUMERIC_SLOPE: Final = frozenset(
    {"Cos", "Exp", "Log", "Pow", "Reciprocal", "Sigmoid", "Sin", "Sqrt", "Tanh"},
)
"""Functions of one element that onnxruntime has in double precision."""

_NUMERIC: Final = frozenset(
    {
        *("GroupNormalization", "LayerNormalization", "LogSoftmax", "LpNormalization"),
        *("ReduceL1", "ReduceL2", "ReduceSumSquare", "Softmax"),
    }
)
"""Smooth functions of many elements that onnxruntime has in double precision."""


@dataclass(slots=True)
class TangentGraph:
    """The graph under construction, in the model's operator set.

    `fed` are the values of the model that it takes, `exposed` arrays of the reverse graph, by their names here.
    """

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, NDArray[Any]] = field(default_factory=dict)
    fed: set[str] = field(default_factory=set)
    exposed: dict[str, Array] = field(default_factory=dict)
    tangents: dict[str, str] = field(default_factory=dict)

    def add(self, op: str, inputs: Sequence[str], **attributes: Any) -> str:  # noqa: ANN401
        """The name of an operator's result."""
        name = f"{PREFIX}t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], **attributes))
        return name

    def constant(self, value: NDArray[Any]) -> str:
        """The name of a constant."""
        name = f"{PREFIX}tc{len(self.constants)}"
        self.constants[name] = value
        return name

    def number(self, value: float, kind: type[np.floating[Any]] = np.float64) -> str:
        """The name of a number."""
        return self.constant(np.array(value, kind))

    def value(self, name: str) -> str:
        """The name of a tensor of the model, which is fed."""
        self.fed.add(name)
        return name

    def expose(self, array: Array) -> str:
        """The name of an array of the reverse graph, which is fed."""
        name = f"{PREFIX}exposed_{len(self.exposed)}"
        self.exposed[name] = array
        return name

    def zeros(self, shape: Shape) -> str:
        """The name of zeros, which take no room in the graph."""
        filler = numpy_helper.from_array(np.zeros(1, np.float32))
        return self.add("ConstantOfShape", [self.constant(np.array(shape, np.int64))], value=filler)


def tangent_graph(turned: Turned, target: str, sources: Sequence[str]) -> TangentGraph:
    """The derivative of the target along a direction of the sources. Raises RefusedError."""
    graph = TangentGraph(tangents={name: f"{DIRECTION}{name}" for name in sources})
    for call in turned.calls:
        rule = _rule(call)
        if rule is None:
            raise RefusedError(call.node, "its gradient cannot be checked")
        rule(graph, call)
    graph.nodes.append(helper.make_node("Identity", [graph.tangents[target]], [TANGENT]))
    return graph


Rule = Callable[[TangentGraph, Call], None]


def _rule(call: Call) -> Rule | None:
    key, op = (call.node.domain, call.node.op), call.node.op
    if not call.node.domain and op in _LINEAR:
        return _linear
    if not call.node.domain and op in _PRODUCTS:
        return _product
    if not call.node.domain and op in _NUMERIC_SLOPE:
        return _numeric_slope
    if op in _NUMERIC:
        return _numeric
    if key in SLOPES:
        return _slope
    return _OTHERS.get(op)


def _linear(graph: TangentGraph, call: Call) -> None:
    summands = _LINEAR[call.node.op]
    inputs = []
    for i, name in enumerate(call.node.inputs):
        if i in call.wanted:
            inputs.append(graph.tangents[name])
        elif name and (i in summands or _EVERY in summands):
            inputs.append(graph.zeros(call.placed.shape(i)))
        else:
            inputs.append(graph.value(name) if name else "")
    _same(graph, call, inputs)


def _same(graph: TangentGraph, call: Call, inputs: Sequence[str]) -> None:
    """The node itself on other inputs."""
    outputs = [f"{PREFIX}t{len(graph.nodes)}_{k}" if name else "" for k, name in enumerate(call.node.outputs)]
    proto = onnx.NodeProto()
    proto.CopyFrom(call.node.proto)
    proto.name = ""  # it may occur more than once
    del proto.input[:], proto.output[:]
    proto.input.extend(inputs)
    proto.output.extend(outputs)
    graph.nodes.append(proto)
    graph.tangents |= {name: out for name, out in zip(call.node.outputs, outputs, strict=True) if name}


def _product(graph: TangentGraph, call: Call) -> None:
    """One term for each factor that depends on the input."""
    terms = []
    for i in sorted(call.wanted):
        names = [graph.tangents[n] if k == i else graph.value(n) for k, n in enumerate(call.node.inputs)]
        _same(graph, call, names)
        terms.append(graph.tangents[call.node.key])
    graph.tangents[call.node.key] = reduce(lambda a, b: graph.add("Add", [a, b]), terms)


def _gemm(graph: TangentGraph, call: Call) -> None:
    terms = []
    for i in sorted(call.wanted):
        names = [graph.tangents[n] if k == i else graph.value(n) for k, n in enumerate(call.node.inputs[:2])]
        if i == 2:
            names[0] = graph.zeros(call.placed.shape(0))
        third = [graph.tangents[call.node.inputs[2]]] if i == 2 else []
        if not third and call.placed.present(2):
            third = [graph.zeros(call.placed.shape(2))]  # until version 11 there has to be one
        _same(graph, call, [*names, *third])
        terms.append(graph.tangents[call.node.key])
    graph.tangents[call.node.key] = reduce(lambda a, b: graph.add("Add", [a, b]), terms)


def _double(graph: TangentGraph, name: str) -> str:
    return graph.add("Cast", [name], to=onnx.TensorProto.DOUBLE)


def _single(graph: TangentGraph, name: str) -> str:
    return graph.add("Cast", [name], to=onnx.TensorProto.FLOAT)


def _difference(graph: TangentGraph, call: Call, steps: Mapping[int, str]) -> str:
    """f(x + step) − f(x − step) in double precision."""
    ends = []
    for sign in ("Add", "Sub"):
        names = []
        for i, name in enumerate(call.node.inputs):
            value = graph.value(name)
            if call.types.get(name) in REALS:
                value = _double(graph, value)
            names.append(graph.add(sign, [value, steps[i]]) if i in steps else value)
        _same(graph, call, names)
        ends.append(graph.tangents[call.node.key])
    return graph.add("Sub", ends)


def _numeric_slope(graph: TangentGraph, call: Call) -> None:
    """The slope at each element by a step of a millionth of the element."""
    x = _double(graph, graph.value(call.node.inputs[0]))
    size = graph.add("Mul", [graph.add("Abs", [x]), graph.number(1e-6)])
    step = graph.add("Add", [size, graph.number(1e-10)])
    slope = graph.add("Div", [_difference(graph, call, {0: step}), graph.add("Mul", [step, graph.number(2.0)])])
    tangent = _double(graph, graph.tangents[call.node.inputs[0]])
    graph.tangents[call.node.key] = _single(graph, graph.add("Mul", [slope, tangent]))


def _numeric(graph: TangentGraph, call: Call) -> None:
    """A small step along the direction: a millionth of the largest element."""
    flat = graph.constant(np.array([-1], np.int64))

    def largest(name: str) -> str:
        row = graph.add("Reshape", [graph.add("Abs", [name]), flat])
        index = graph.add("ArgMax", [row], axis=0, keepdims=1)
        return graph.add("Gather", [row, index], axis=0)

    values = {i: _double(graph, graph.value(call.node.inputs[i])) for i in call.wanted}
    tangents = {i: _double(graph, graph.tangents[call.node.inputs[i]]) for i in call.wanted}
    longest = reduce(lambda a, b: graph.add("Add", [a, b]), [largest(t) for t in tangents.values()])
    widest = reduce(lambda a, b: graph.add("Add", [a, b]), [largest(x) for x in values.values()])
    scale = graph.add("Mul", [graph.add("Add", [widest, graph.number(1e-6)]), graph.number(1e-6)])
    scale = graph.add("Div", [scale, graph.add("Add", [longest, graph.number(1e-300)])])
    steps = {i: graph.add("Mul", [tangent, scale]) for i, tangent in tangents.items()}
    change = _difference(graph, call, steps)
    slope = graph.add("Div", [change, graph.add("Mul", [scale, graph.number(2.0)])])
    graph.tangents[call.node.key] = _single(graph, slope)


def _slope(graph: TangentGraph, call: Call) -> None:
    slope = graph.expose(SLOPES[call.node.domain, call.node.op](call))
    graph.tangents[call.node.key] = graph.add("Mul", [graph.tangents[call.node.inputs[0]], slope])


def _quotient(graph: TangentGraph, call: Call) -> None:
    """ta/b − y·tb/b."""
    below = graph.value(call.node.inputs[1])
    terms = []
    if 0 in call.wanted:
        terms.append(graph.add("Div", [graph.tangents[call.node.inputs[0]], below]))
    if 1 in call.wanted:
        times = graph.add("Mul", [graph.value(call.node.key), graph.tangents[call.node.inputs[1]]])
        terms.append(graph.add("Neg", [graph.add("Div", [times, below])]))
    graph.tangents[call.node.key] = reduce(lambda a, b: graph.add("Add", [a, b]), terms)


def _maximum(graph: TangentGraph, call: Call) -> None:
    """The tangents of the elements that the node itself chooses."""
    shape, output = call.placed.shape(0), call.placed.output_shape()
    proto = onnx.NodeProto()
    proto.CopyFrom(call.node.proto)
    proto.name = ""
    if proto.op_type == "GlobalMaxPool":
        proto.op_type = "MaxPool"
        proto.attribute.append(helper.make_attribute("kernel_shape", shape[2:]))
    del proto.input[:], proto.output[:]
    proto.input.append(graph.value(call.node.inputs[0]))
    indices = f"{PREFIX}t{len(graph.nodes)}_indices"
    proto.output.extend([f"{PREFIX}t{len(graph.nodes)}_largest", indices])
    graph.nodes.append(proto)
    flat = graph.add("Reshape", [graph.tangents[call.node.inputs[0]], graph.constant(np.array([prod(shape)]))])
    rows = graph.add("Reshape", [indices, graph.constant(np.array([prod(output)]))])
    chosen = graph.add("Gather", [flat, rows], axis=0)
    graph.tangents[call.node.key] = graph.add("Reshape", [chosen, graph.constant(np.array(output))])


def _from_reverse(graph: TangentGraph, call: Call) -> None:
    """Where a node chooses, the shares are those of the reverse graph, found with a gradient of ones."""
    ones = call.graph.full(call.placed.output_shape(), 1.0)
    shares = rules()[call.node.domain, call.node.op](
        Call(call.placed, call.graph, call.beside, (ones,), call.wanted, call.types)
    )
    terms = [
        graph.add("Mul", [graph.tangents[call.node.inputs[i]], graph.expose(shares[i])]) for i in sorted(call.wanted)
    ]
    summed = reduce(lambda a, b: graph.add("Add", [a, b]), terms)
    inside, outside = np.broadcast_shapes(*(call.placed.shape(i) for i in call.wanted)), call.placed.output_shape()
    if prod(inside) != prod(outside):
        summed = graph.add(
            "Reshape", [_total(graph, summed, inside, call), graph.constant(np.array(outside, np.int64))]
        )
    graph.tangents[call.node.key] = summed


def _total(graph: TangentGraph, name: str, shape: Shape, call: Call) -> str:
    """Summed along the axes that a reduction reduces."""
    axes = reduced_axes(call)
    order = [*(a for a in range(len(shape)) if a not in axes), *axes]
    rows = prod(n for a, n in enumerate(shape) if a not in axes)
    moved = graph.add("Transpose", [name], perm=order)
    flat = graph.add("Reshape", [moved, graph.constant(np.array([rows, -1], np.int64))])
    ones = graph.constant(np.ones((prod(shape[a] for a in axes), 1), np.float32))
    return graph.add("MatMul", [flat, ones])


def _mean(graph: TangentGraph, call: Call, name: str, axes: Sequence[int]) -> str:
    if call.node.version < 18:
        return graph.add("ReduceMean", [name], axes=list(axes), keepdims=1)
    return graph.add("ReduceMean", [name, graph.constant(np.array(axes, np.int64))], keepdims=1)


def _instance(graph: TangentGraph, call: Call) -> None:
    """s·(t − mean(t) − u·mean(u·t))/deviation."""
    name, shape = call.node.inputs[0], call.placed.shape(0)
    axes = range(2, len(shape))
    x, tangent = graph.value(name), graph.tangents[name]
    centered = graph.add("Sub", [x, _mean(graph, call, x, axes)])
    spread = _mean(graph, call, graph.add("Mul", [centered, centered]), axes)
    epsilon = graph.number(call.node.real("epsilon", 1e-5), np.float32)
    inverse = graph.add("Reciprocal", [graph.add("Sqrt", [graph.add("Add", [spread, epsilon])])])
    unit = graph.add("Mul", [centered, inverse])
    along = graph.add("Mul", [unit, _mean(graph, call, graph.add("Mul", [unit, tangent]), axes)])
    rest = graph.add("Sub", [graph.add("Sub", [tangent, _mean(graph, call, tangent, axes)]), along])
    columns = graph.constant(np.array([shape[1], *(1,) * len(axes)], np.int64))
    scale = graph.add("Reshape", [graph.value(call.node.inputs[1]), columns])
    graph.tangents[call.node.key] = graph.add("Mul", [graph.add("Mul", [rest, inverse]), scale])


def _local_response(graph: TangentGraph, call: Call) -> None:
    """P·t − R·Σ x·t over the same neighbouring channels as in the node."""
    size, shape = call.node.integer("size", 1), call.placed.shape(0)
    own, neighbours = local_response_factors(call)
    name = call.node.inputs[0]
    times = graph.add("Mul", [graph.value(name), graph.tangents[name]])
    rows = graph.add("Reshape", [times, graph.constant(np.array([shape[0], 1, shape[1], -1], np.int64))])
    ones = graph.constant(np.ones((1, 1, size, 1), np.float32))
    summed = graph.add("Conv", [rows, ones], kernel_shape=[size, 1], pads=[(size - 1) // 2, 0, size // 2, 0])
    back = graph.add("Reshape", [summed, graph.constant(np.array(shape, np.int64))])
    terms = [
        graph.add("Mul", [graph.expose(own), graph.tangents[name]]),
        graph.add("Mul", [graph.expose(neighbours), back]),
    ]
    graph.tangents[call.node.key] = graph.add("Sub", terms)


_OTHERS: Final[Mapping[str, Rule]] = {
    "DequantizeLinear": _from_reverse,
    "Div": _quotient,
    "Gemm": _gemm,
    "GlobalMaxPool": _maximum,
    "InstanceNormalization": _instance,
    "LRN": _local_response,
    "Max": _from_reverse,
    "MaxPool": _maximum,
    "Min": _from_reverse,
    "QuantizeLinear": _from_reverse,
    "ReduceMax": _from_reverse,
    "ReduceMin": _from_reverse,
}
