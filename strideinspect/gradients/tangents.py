"""The forward derivative of a model along a direction, in which linear operators are the model's own nodes.

It checks the reverse graph: ⟨J·v, u⟩ must be ⟨v, Jᵀ·u⟩ for any v and u. Convolutions, averages, slices, pads and all
else that is linear run as they stand in the file, without their biases, so that no pad, stride or group is computed a
second time. Smooth functions are differentiated numerically in double precision where onnxruntime has them; the slopes
of the others, and the choices of maxima, are those of the reverse graph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import onnx
from onnx import helper

from strideinspect.gradients.activations import SLOPES
from strideinspect.gradients.gradient_rules import GradientCall
from strideinspect.gradients.reverse import REALS, RefusedError, Turned
from strideinspect.gradients.special_tangents import SPECIAL
from strideinspect.gradients.tangent_builder import DIRECTION, TANGENT, Rule, TangentGraph

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
        *("GroupNormalization", "LayerNormalization", "LogSoftmax", "LpNormalization", "RMSNormalization"),
        *("ReduceL1", "ReduceL2", "ReduceSumSquare", "SimplifiedLayerNormalization", "Softmax"),
    }
)
"""Smooth functions of many elements that onnxruntime has in double precision."""


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


def _rule(call: GradientCall) -> Rule | None:
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
    return SPECIAL.get(op)


def _linear(graph: TangentGraph, call: GradientCall) -> None:
    summands = _LINEAR[call.node.op]
    inputs = []
    for i, name in enumerate(call.node.inputs):
        if i in call.wanted:
            inputs.append(graph.tangents[name])
        elif name and (i in summands or _EVERY in summands):
            inputs.append(graph.zeros(call.placed.shape(i)))
        else:
            inputs.append(graph.value(name) if name else "")
    graph.same(call, inputs)


def _product(graph: TangentGraph, call: GradientCall) -> None:
    """One term for each factor that depends on the input."""
    terms = []
    for i in sorted(call.wanted):
        names = [graph.tangents[n] if k == i else graph.value(n) for k, n in enumerate(call.node.inputs)]
        graph.same(call, names)
        terms.append(graph.tangents[call.node.key])
    graph.tangents[call.node.key] = graph.sum(terms)


def _double(graph: TangentGraph, name: str) -> str:
    return graph.add("Cast", [name], to=onnx.TensorProto.DOUBLE)


def _single(graph: TangentGraph, name: str) -> str:
    return graph.add("Cast", [name], to=onnx.TensorProto.FLOAT)


def _difference(graph: TangentGraph, call: GradientCall, steps: Mapping[int, str]) -> str:
    """f(x + step) − f(x − step) in double precision."""
    ends = []
    for sign in ("Add", "Sub"):
        names = []
        for i, name in enumerate(call.node.inputs):
            value = graph.value(name)
            if call.types.get(name) in REALS:
                value = _double(graph, value)
            names.append(graph.add(sign, [value, steps[i]]) if i in steps else value)
        graph.same(call, names)
        ends.append(graph.tangents[call.node.key])
    return graph.add("Sub", ends)


def _numeric_slope(graph: TangentGraph, call: GradientCall) -> None:
    """The slope at each element by a step of a millionth of the element."""
    x = _double(graph, graph.value(call.node.inputs[0]))
    size = graph.add("Mul", [graph.add("Abs", [x]), graph.number(1e-6)])
    step = graph.add("Add", [size, graph.number(1e-10)])
    slope = graph.add("Div", [_difference(graph, call, {0: step}), graph.add("Mul", [step, graph.number(2.0)])])
    tangent = _double(graph, graph.tangents[call.node.inputs[0]])
    graph.tangents[call.node.key] = _single(graph, graph.add("Mul", [slope, tangent]))


def _numeric(graph: TangentGraph, call: GradientCall) -> None:
    """A small step along the direction: a millionth of the largest element."""
    flat = graph.constant(np.array([-1], np.int64))

    def largest(name: str) -> str:
        row = graph.add("Reshape", [graph.add("Abs", [name]), flat])
        index = graph.add("ArgMax", [row], axis=0, keepdims=1)
        return graph.add("Gather", [row, index], axis=0)

    values = {i: _double(graph, graph.value(call.node.inputs[i])) for i in call.wanted}
    tangents = {i: _double(graph, graph.tangents[call.node.inputs[i]]) for i in call.wanted}
    longest = graph.sum([largest(t) for t in tangents.values()])
    widest = graph.sum([largest(x) for x in values.values()])
    scale = graph.add("Mul", [graph.add("Add", [widest, graph.number(1e-6)]), graph.number(1e-6)])
    scale = graph.add("Div", [scale, graph.add("Add", [longest, graph.number(1e-300)])])
    steps = {i: graph.add("Mul", [tangent, scale]) for i, tangent in tangents.items()}
    change = _difference(graph, call, steps)
    slope = graph.add("Div", [change, graph.add("Mul", [scale, graph.number(2.0)])])
    graph.tangents[call.node.key] = _single(graph, slope)


def _slope(graph: TangentGraph, call: GradientCall) -> None:
    slope = graph.expose(SLOPES[call.node.domain, call.node.op](call))
    graph.tangents[call.node.key] = graph.add("Mul", [graph.tangents[call.node.inputs[0]], slope])
