"""Forward derivatives of operators that are neither linear, nor products, nor smooth functions: one rule each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Final

import numpy as np
import onnx
from onnx import helper

from strideinspect.gradients.arrays import PREFIX
from strideinspect.gradients.gradient_rules import GradientCall, rules
from strideinspect.gradients.normalising import local_response_factors
from strideinspect.gradients.quantised_operators import PLAIN, outgoing, real
from strideinspect.gradients.reducing import reduced_axes
from strideinspect.gradients.reverse import RefusedError
from strideinspect.gradients.tangent_builder import Rule, TangentGraph
from strideinspect.model.node import Shape


def _gemm(graph: TangentGraph, call: GradientCall) -> None:
    terms = []
    for i in sorted(call.wanted):
        names = [graph.tangents[n] if k == i else graph.value(n) for k, n in enumerate(call.node.inputs[:2])]
        if i == 2:
            names[0] = graph.zeros(call.placed.shape(0))
        third = [graph.tangents[call.node.inputs[2]]] if i == 2 else []
        if not third and call.placed.present(2):
            third = [graph.zeros(call.placed.shape(2))]  # until version 11 there has to be one
        graph.same(call, [*names, *third])
        terms.append(graph.tangents[call.node.key])
    graph.tangents[call.node.key] = graph.sum(terms)


def _quotient(graph: TangentGraph, call: GradientCall) -> None:
    """ta/b − y·tb/b."""
    below = graph.value(call.node.inputs[1])
    terms = []
    if 0 in call.wanted:
        terms.append(graph.add("Div", [graph.tangents[call.node.inputs[0]], below]))
    if 1 in call.wanted:
        times = graph.add("Mul", [graph.value(call.node.key), graph.tangents[call.node.inputs[1]]])
        terms.append(graph.add("Neg", [graph.add("Div", [times, below])]))
    graph.tangents[call.node.key] = graph.sum(terms)


def _maximum(graph: TangentGraph, call: GradientCall) -> None:
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


def _from_reverse(graph: TangentGraph, call: GradientCall) -> None:
    """Where a node chooses, the shares are those of the reverse graph, found with a gradient of ones."""
    ones = call.graph.full(call.placed.output_shape(), 1.0)
    shares = rules()[call.node.domain, call.node.op](
        GradientCall(call.placed, call.graph, call.beside, (ones,), call.wanted, call.types)
    )
    terms = [
        graph.add("Mul", [graph.tangents[call.node.inputs[i]], graph.expose(shares[i])]) for i in sorted(call.wanted)
    ]
    summed = graph.sum(terms)
    inside, outside = np.broadcast_shapes(*(call.placed.shape(i) for i in call.wanted)), call.placed.output_shape()
    if prod(inside) != prod(outside):
        summed = graph.add(
            "Reshape", [_total(graph, summed, inside, call), graph.constant(np.array(outside, np.int64))]
        )
    graph.tangents[call.node.key] = summed


def _total(graph: TangentGraph, name: str, shape: Shape, call: GradientCall) -> str:
    """Summed along the axes that a reduction reduces."""
    axes = reduced_axes(call)
    order = [*(a for a in range(len(shape)) if a not in axes), *axes]
    rows = prod(n for a, n in enumerate(shape) if a not in axes)
    moved = graph.add("Transpose", [name], perm=order)
    flat = graph.add("Reshape", [moved, graph.constant(np.array([rows, -1], np.int64))])
    ones = graph.constant(np.ones((prod(shape[a] for a in axes), 1), np.float32))
    return graph.add("MatMul", [flat, ones])


def _mean(graph: TangentGraph, call: GradientCall, name: str, axes: Sequence[int]) -> str:
    if call.node.version < 18:
        return graph.add("ReduceMean", [name], axes=list(axes), keepdims=1)
    return graph.add("ReduceMean", [name, graph.constant(np.array(axes, np.int64))], keepdims=1)


def _instance(graph: TangentGraph, call: GradientCall) -> None:
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


def _local_response(graph: TangentGraph, call: GradientCall) -> None:
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


def _quantised(graph: TangentGraph, call: GradientCall) -> None:
    """The plain operator on real numbers, with the attributes of the node, and the slope of rounding its result."""
    plain = PLAIN[call.node.op]
    terms = []
    for i in sorted(call.wanted & {*plain.operands}):
        scale = graph.expose(call.input(i + 1).reshape(()))
        tangent = graph.add("Mul", [graph.tangents[call.node.inputs[i]], scale])
        if plain.op == "Add":  # broadcast as the other operand would
            terms.append(graph.add("Add", [tangent, graph.zeros(call.placed.output_shape())]))
            continue
        proto = helper.make_node(
            plain.op,
            [tangent if k == i else graph.expose(real(call, k)) for k in plain.operands],
            [f"{PREFIX}t{len(graph.nodes)}"],
        )
        proto.attribute.extend(a for a in call.node.proto.attribute if a.name != "channels_last")
        if call.node.integer("channels_last", 0):
            raise RefusedError(call.node, "its channels are last, which is not checked")
        graph.nodes.append(proto)
        terms.append(proto.output[0])
    summed = graph.sum(terms)
    graph.tangents[call.node.key] = graph.add("Mul", [summed, graph.expose(outgoing(call))])


SPECIAL: Final[Mapping[str, Rule]] = {
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
    **dict.fromkeys(PLAIN, _quantised),
    "ReduceMax": _from_reverse,
    "ReduceMin": _from_reverse,
}
"""By operator, whatever its domain."""
