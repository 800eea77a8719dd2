"""A graph's names: everything that is read is provided, once, and before it is read."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Final

import onnx

from strideinspect.errors import UnreadableModelError

_EXPORT_AGAIN: Final = "export the model again; onnx.checker.check_model says more"


def sort_graph(name: str, graph: onnx.GraphProto) -> None:
    """Bring the nodes of `graph` and of all its subgraphs into topological order; stable, in place.

    Raises UnreadableModelError, with `name` as what to call the model, where a tensor is read that nothing provides,
    where one name is given to two tensors of the same graph, and where nodes wait for each other.
    """
    for tensor, reader in _sort(name, graph).items():
        raise UnreadableModelError(f"{name}: {reader} reads {tensor!r}, which nothing provides", _EXPORT_AGAIN)


def _sort(name: str, graph: onnx.GraphProto) -> dict[str, str]:
    """Sort; what the graph reads from outside, with who reads it. Nesting is bounded by protobuf (about 33 graphs)."""
    given = {value.name for value in graph.input}
    if len(given) != len(graph.input):
        raise UnreadableModelError(f"{name}: two inputs of graph {graph.name!r} have the same name", _EXPORT_AGAIN)
    producers: dict[str, int] = {}
    for index, node in enumerate(graph.node):
        for output in node.output:
            if output and (output in producers or output in given):
                raise UnreadableModelError(
                    f"{name}: {_label(node)} produces {output!r}, which is another tensor's name already", _EXPORT_AGAIN
                )
            producers[output] = index
    given.update(tensor.name for tensor in graph.initializer)
    given.update(tensor.values.name for tensor in graph.sparse_initializer)
    outside: dict[str, str] = {}
    reads: list[list[int]] = []
    in_order = True
    for index, node in enumerate(graph.node):
        before = []
        for tensor, reader in _reads(name, node):
            producer = producers.get(tensor)
            if producer is not None:
                before.append(producer)
                in_order = in_order and producer < index
            elif tensor not in given:
                outside.setdefault(tensor, reader)
        reads.append(before)
    for value in graph.output:
        if value.name not in producers and value.name not in given:
            outside.setdefault(value.name, f"the output list of graph {graph.name!r}")
    if not in_order:
        ranks = iter(_ranks(name, graph, reads))
        graph.node.sort(key=lambda _: next(ranks))
    return outside


def _reads(name: str, node: onnx.NodeProto) -> Iterator[tuple[str, str]]:
    """The tensors that a node reads, through its subgraphs too, and who reads them."""
    for tensor in node.input:
        if tensor:
            yield tensor, _label(node)
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield from _sort(name, attribute.g).items()
        for graph in attribute.graphs:
            yield from _sort(name, graph).items()


def _ranks(name: str, graph: onnx.GraphProto, reads: list[list[int]]) -> list[int]:
    """Each node's place in the topological order that keeps closest to the present one (Kahn, smallest index first)."""
    readers: list[list[int]] = [[] for _ in reads]
    waiting = [len(before) for before in reads]
    for index, before in enumerate(reads):
        for producer in before:
            readers[producer].append(index)
    ready = [index for index, count in enumerate(waiting) if not count]
    order: list[int] = []
    while ready:
        index = heapq.heappop(ready)
        order.append(index)
        for reader in readers[index]:
            waiting[reader] -= 1
            if not waiting[reader]:
                heapq.heappush(ready, reader)
    if len(order) < len(reads):
        stuck = next(index for index, count in enumerate(waiting) if count)
        raise UnreadableModelError(
            f"{name}: {_label(graph.node[stuck])} waits for its own result (the graph has a cycle)", _EXPORT_AGAIN
        )
    ranks = [0] * len(order)
    for rank, index in enumerate(order):
        ranks[index] = rank
    return ranks


def _label(node: onnx.NodeProto) -> str:
    return f"{node.op_type} {node.name or next(iter(node.output), '')!r}"
