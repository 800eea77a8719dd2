"""If: replaced by the branch that a constant condition selects, or by both branches where it is not constant.

Source: ONNX operator If. `model.naming` has made all names unique, so the nodes of both branches fit in one graph.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

import onnx
from msgspec import Struct

from strideinspect.model.node import Node, PlacedNode


class IfBranch(Struct, frozen=True):
    """A branch that may or may not be taken: `key` is the If's first output, `label` its name in messages."""

    key: str
    label: str
    name: Literal["then", "else"]


class BranchGraph(Struct, frozen=True):
    """The nodes of a branch and its initializers. `branch` is None for a branch that is always taken."""

    branch: IfBranch | None
    nodes: tuple[Node, ...]
    initializers: Mapping[str, onnx.TensorProto]


class Replacement(Struct, frozen=True):
    """What replaces an If: the nodes of its branches, then one node per output.

    For one branch that node is an Identity. For two it is an If without subgraphs, whose inputs are the condition and
    the results of both branches.
    """

    branches: tuple[BranchGraph, ...]
    output_nodes: tuple[Node, ...]
    undecided: tuple[IfBranch, IfBranch] | None = None


def decided(placed: PlacedNode) -> bool | None:
    """The condition of an If, where it is constant; else None."""
    condition = placed.constant(0)
    return None if condition is None or condition.size != 1 else bool(condition.reshape(-1)[0])


def replacement(node: Node, condition: bool | None, opsets: Mapping[str, int]) -> Replacement | None:  # noqa: FBT001
    """What replaces an If, given the condition where it is constant.

    None for any other node, and for an If without both branches.
    """
    if node.op != "If" or node.domain:
        return None
    then, otherwise = node.graph("then_branch"), node.graph("else_branch")
    if then is None or otherwise is None:
        return None
    if condition is not None:
        taken = then if condition else otherwise
        results = (_output_node(node, opsets, "Identity", (inner.name,), name) for inner, name in _outputs(node, taken))
        return Replacement((_branch(None, taken, opsets),), tuple(results))
    undecided = IfBranch(node.key, node.label, "then"), IfBranch(node.key, node.label, "else")
    branches = _branch(undecided[0], then, opsets), _branch(undecided[1], otherwise, opsets)
    both = zip(_outputs(node, then), _outputs(node, otherwise), strict=False)
    results = (_output_node(node, opsets, "If", (node.inputs[0], a.name, b.name), name) for (a, name), (b, _) in both)
    return Replacement(branches, tuple(results), undecided)


def _branch(branch: IfBranch | None, graph: onnx.GraphProto, opsets: Mapping[str, int]) -> BranchGraph:
    return BranchGraph(branch, tuple(Node.of(n, opsets) for n in graph.node), {t.name: t for t in graph.initializer})


def _outputs(node: Node, graph: onnx.GraphProto) -> Iterator[tuple[onnx.ValueInfoProto, str]]:
    """The outputs of a branch that the If returns, with the names of the If's outputs."""
    return ((inner, name) for inner, name in zip(graph.output, node.outputs, strict=False) if name)


def _output_node(node: Node, opsets: Mapping[str, int], op: str, inputs: tuple[str, ...], output: str) -> Node:
    proto = onnx.helper.make_node(op, inputs, [output], name=node.name)
    proto.metadata_props.extend(node.proto.metadata_props)
    return Node.of(proto, opsets)
