"""If: the branch that a constant condition takes stands in its place; where it is not known, both do, and are joined.

Source: ONNX operator If. Names are unique by now (`model.naming`), so that branches can stand beside each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

import onnx

from strideinspect.model.node import Node, PlacedNode


class Side(NamedTuple):
    """A branch that may be taken or not: `key` is the If's first output, `label` what to call it."""

    key: str
    label: str
    name: Literal["then", "else"]


class BranchNodes(NamedTuple):
    """The nodes of a branch and its own constants. `side` is None for one that is taken for certain."""

    side: Side | None
    nodes: tuple[Node, ...]
    initializers: Mapping[str, onnx.TensorProto]


class Opened(NamedTuple):
    """What stands in place of an If: its branches, then a node per output.

    Of one branch that is an Identity. Of two it is an If without bodies, whose inputs are the condition and what
    either branch makes.
    """

    branches: tuple[BranchNodes, ...]
    ends: tuple[Node, ...]
    sides: tuple[Side, Side] | None = None


def opened(placed: PlacedNode, opsets: Mapping[str, int]) -> Opened | None:
    """What to put in place of an If; None for any other node, and for an If that has not both branches."""
    node = placed.node
    if node.op != "If" or node.domain:
        return None
    then, otherwise = node.graph("then_branch"), node.graph("else_branch")
    if then is None or otherwise is None:
        return None
    condition = placed.constant(0)
    if condition is not None and condition.size == 1:
        taken = then if condition.reshape(-1)[0] else otherwise
        ends = (_end(node, opsets, "Identity", (inner.name,), name) for inner, name in _outputs(node, taken))
        return Opened((_branch(None, taken, opsets),), tuple(ends))
    sides = Side(node.key, node.label, "then"), Side(node.key, node.label, "else")
    branches = _branch(sides[0], then, opsets), _branch(sides[1], otherwise, opsets)
    both = zip(_outputs(node, then), _outputs(node, otherwise), strict=False)
    ends = (_end(node, opsets, "If", (node.inputs[0], a.name, b.name), name) for (a, name), (b, _) in both)
    return Opened(branches, tuple(ends), sides)


def _branch(side: Side | None, graph: onnx.GraphProto, opsets: Mapping[str, int]) -> BranchNodes:
    return BranchNodes(side, tuple(Node.of(n, opsets) for n in graph.node), {t.name: t for t in graph.initializer})


def _outputs(node: Node, graph: onnx.GraphProto) -> Iterator[tuple[onnx.ValueInfoProto, str]]:
    """The outputs of a branch that the If hands on, and under which names."""
    return ((inner, name) for inner, name in zip(graph.output, node.outputs, strict=False) if name)


def _end(node: Node, opsets: Mapping[str, int], op: str, inputs: tuple[str, ...], output: str) -> Node:
    proto = onnx.helper.make_node(op, inputs, [output], name=node.name)
    proto.metadata_props.extend(node.proto.metadata_props)
    return Node.of(proto, opsets)
