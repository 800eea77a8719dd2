"""An If whose condition is unknown in a run on zeros: both branches are run, so that both are observed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import onnx
from onnx import helper

from strideinspect.model.subgraphs import nested_nodes, subgraphs
from strideinspect.results.field import Shape
from strideinspect.verify.exactness import chooses


def beside_each_other(
    model: onnx.ModelProto, inexact: Collection[str], unfit: Mapping[str, str]
) -> onnx.ModelProto | None:
    """A copy in which both branches of every such If of the main graph run before it, and it only selects a result.

    `unfit` names the branch of an If that cannot run, by the If's name: the other one is taken. None where there is no
    such If. Names have to be unique throughout the model.
    """
    if not any(_undecided(node, inexact) for node in model.graph.node):
        return None
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    graph = copy.graph
    while any(_undecided(node, inexact) for node in graph.node):  # a branch may contain another If
        nodes = [inner for node in graph.node for inner in _taken_out(node, graph, inexact, unfit)]
        del graph.node[:]
        graph.node.extend(nodes)
    return copy


def conditions(graph: onnx.GraphProto, inexact: Collection[str]) -> dict[str, str]:
    """The conditions of the Ifs of the main graph that no data decide, by the names of the Ifs."""
    ifs = (node for node in graph.node if node.op_type == "If" and node.input and node.input[0] not in inexact)
    return {node.name: node.input[0] for node in ifs if _undecided(node, node.input)}


def agreed(graph: onnx.GraphProto, shapes: Mapping[str, Shape]) -> frozenset[str]:
    """The names of the Ifs of a graph that select one of two results of the same, observed shape."""
    names = []
    for node in graph.node:
        if chooses(node):
            sides = [[shapes.get(inner.input[0]) for inner in body.node] for body in subgraphs(node)]
            if sides[0] == sides[1] and None not in sides[0]:
                names.append(node.name)
    return frozenset(names)


def not_taken(graph: onnx.GraphProto, seen: Collection[str], labels: Mapping[str, str]) -> dict[str, str]:
    """For the tensors of branches that did not run, the reason why they were not observed."""
    reasons: dict[str, str] = {}
    for node in graph.node:
        for attribute in node.attribute if node.op_type == "If" else ():
            names = [name for inner in attribute.g.node for name in inner.output if name]
            if names and not any(name in seen for name in names):
                which = attribute.name.removesuffix("_branch")
                label = labels.get(node.name, node.name)
                reason = f"the {which} branch of If {label}, which contains it, was not taken"
                reasons |= dict.fromkeys(names, reason)
            reasons = not_taken(attribute.g, seen, labels) | reasons
    return reasons


def _undecided(node: onnx.NodeProto, inexact: Collection[str]) -> bool:
    return (
        node.op_type == "If"
        and not node.domain
        and node.input[0] in inexact
        and not chooses(node)
        and len(list(subgraphs(node))) == 2
    )


def enclosing(graph: onnx.GraphProto, name: str, inexact: Collection[str]) -> tuple[str, str] | None:
    """The innermost such If around a node, and the branch that the node is in; None where there is none."""
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                inner = enclosing(attribute.g, name, inexact)
                if inner is not None:
                    return inner
                if _undecided(node, inexact) and any(own.name == name for own in nested_nodes(attribute.g.node)):
                    return node.name, attribute.name
    return None


def tensors_of(graph: onnx.GraphProto, unfit: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The tensors in branches that cannot run, each with the name of the If."""
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                yield from tensors_of(attribute.g, unfit)
                if unfit.get(node.name) == attribute.name:
                    yield from ((name, node.name) for own in nested_nodes(attribute.g.node) for name in own.output)


def _taken_out(
    node: onnx.NodeProto, graph: onnx.GraphProto, inexact: Collection[str], unfit: Mapping[str, str]
) -> list[onnx.NodeProto]:
    """The nodes of both branches and the If that selects a result; the branches' initializers are added to `graph`."""
    if not _undecided(node, inexact):
        return [node]
    chosen = onnx.NodeProto(op_type="If", name=node.name, input=node.input, output=node.output)
    inner_nodes: list[onnx.NodeProto] = []
    for attribute in node.attribute:
        body = attribute.g
        if unfit.get(node.name) == attribute.name:
            continue
        graph.initializer.extend(body.initializer)
        graph.sparse_initializer.extend(body.sparse_initializer)
        inner_nodes += body.node
        if node.name in unfit:
            names = zip(body.output, node.output, strict=False)
            return [*inner_nodes, *(helper.make_node("Identity", [value.name], [name]) for value, name in names)]
        results = [f"strideinspect/{attribute.name}/{name}" for name in node.output]
        identities = [helper.make_node("Identity", [v.name], [r]) for v, r in zip(body.output, results, strict=False)]
        outputs = [onnx.ValueInfoProto(name=name) for name in results[: len(identities)]]
        chosen.attribute.append(
            helper.make_attribute(attribute.name, helper.make_graph(identities, body.name, [], outputs))
        )
    return [*inner_nodes, chosen]
