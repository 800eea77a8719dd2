"""Walks over the graphs that control-flow nodes hold in their attributes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx


def graphs_in(attribute: onnx.AttributeProto) -> list[onnx.GraphProto]:
    """The graphs that an attribute holds."""
    if attribute.HasField("g"):
        return [attribute.g, *attribute.graphs]
    return list(attribute.graphs) if attribute.graphs else []


def named_subgraphs(node: onnx.NodeProto) -> Iterator[tuple[str, onnx.GraphProto]]:
    """The subgraphs of a node, each with the name of its attribute."""
    return ((attribute.name, graph) for attribute in node.attribute for graph in graphs_in(attribute))


def subgraphs(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    """The subgraphs of a node."""
    return (graph for attribute in node.attribute for graph in graphs_in(attribute))


def nested_subgraphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """The subgraphs of a graph's nodes and all subgraphs inside those, each before its own."""
    for node in graph.node:
        for inner in subgraphs(node):
            yield inner
            yield from nested_subgraphs(inner)


def nested_nodes(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    """These nodes and those of all their subgraphs, in no particular order."""
    pending = list(nodes)  # not recursive: a damaged file may nest functions deeper than Python's recursion limit
    while pending:
        node = pending.pop()
        yield node
        pending += [inner for graph in subgraphs(node) for inner in graph.node]


def captured(node: onnx.NodeProto) -> tuple[str, ...]:
    """The outer tensors that the subgraphs of a node use, each once, in the order of use."""
    return tuple(dict.fromkeys(name for graph in subgraphs(node) for name in captured_by(graph)))


def captured_by(graph: onnx.GraphProto) -> Iterator[str]:
    """The names that a graph uses but does not define, as often as it uses them."""
    own = set(defined(graph))
    for node in graph.node:
        yield from (name for name in (*node.input, *captured(node)) if name and name not in own)
    yield from (value.name for value in graph.output if value.name not in own)


def defined(graph: onnx.GraphProto) -> Iterator[str]:
    """The names that a graph itself defines."""
    yield from (value.name for value in graph.input)
    yield from (tensor.name for tensor in graph.initializer)
    yield from (tensor.values.name for tensor in graph.sparse_initializer)
    yield from (name for node in graph.node for name in node.output if name)
