"""Control flow that is no choice: an If whose condition is a constant at this size is replaced by the branch taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import onnx

from strideinspect.model.node import Node, PlacedNode


@dataclass(frozen=True, slots=True)
class Branch:
    """The nodes of a branch, ending in one Identity per output of the If, and the branch's own constants."""

    nodes: tuple[Node, ...]
    initializers: Mapping[str, onnx.TensorProto]


def follow(placed: PlacedNode, opsets: Mapping[str, int]) -> Branch | None:
    """The branch that an If with a constant condition takes; None for any other node. Source: ONNX operator If."""
    node = placed.node
    if node.op != "If" or node.domain:
        return None
    condition = placed.constant(0)
    if condition is None:
        return None
    graph = node.graph("then_branch" if condition.reshape(-1)[0] else "else_branch")
    if graph is None:
        return None
    own = {name for n in graph.node for name in n.output if name} | {t.name for t in graph.initializer}
    # Two branches may use the same name for different tensors, and so may a branch and the graph around it.
    names = {name: f"{node.key}/{name}" if name in placed.shapes else name for name in own}
    nodes = [Node.of(_renamed(n, names), opsets) for n in graph.node]
    for inner, outer in zip(graph.output, node.outputs, strict=False):
        if outer:
            inside = names.get(inner.name, inner.name)
            nodes.append(Node.of(onnx.helper.make_node("Identity", [inside], [outer], name=node.name), opsets))
    return Branch(tuple(nodes), {names[t.name]: t for t in graph.initializer})


def _renamed(proto: onnx.NodeProto, names: Mapping[str, str]) -> onnx.NodeProto:
    copy = onnx.NodeProto()
    copy.CopyFrom(proto)
    copy.input[:] = [names.get(name, name) for name in proto.input]
    copy.output[:] = [names.get(name, name) for name in proto.output]
    return copy
