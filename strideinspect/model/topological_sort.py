"""Check that every tensor a graph uses is defined exactly once, and sort nodes into topological order."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final

from strideinspect.errors import UnreadableModelError
from strideinspect.model.subgraphs import subgraphs
from strideinspect.model.utf8 import check_graph_text, check_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    import onnx

_REMEDY: Final = "export the model again (onnx.checker.check_model gives details)"


def sort_graph(name: str, graph: onnx.GraphProto, *, nested: bool) -> None:
    """Bring the nodes of `graph`, and with `nested` those of its subgraphs, into topological order: stable, in place.

    Raises UnreadableModelError, with `name` as the model's name, where a tensor is used but not defined, where two
    tensors have the same name, where nodes form a cycle, and where a name is not valid text.
    """
    if not nested and _is_ordered(name, graph):
        check_graph_text(name, graph)
        return
    for tensor, reader in _sort(name, graph).items():
        raise UnreadableModelError(f"{name}: {reader} uses {tensor!r}, but nothing defines it", _REMEDY)


def _is_ordered(name: str, graph: onnx.GraphProto) -> bool:
    """Whether the graph is valid and sorted already, as in nearly every file; fast, but gives no reason."""
    known = _given(graph)
    known.add("")  # an optional input that is left out
    for node in graph.node:
        outputs = node.output
        count = len(known) + len(outputs)
        if not known.issuperset(node.input):
            return False
        known.update(outputs)
        if len(known) < count:
            return False
    check_text(name, known)
    return known.issuperset(value.name for value in graph.output)


def _given(graph: onnx.GraphProto) -> set[str]:
    """The names that the graph has before its first node runs."""
    names = {value.name for value in graph.input}
    names.update(tensor.name for tensor in graph.initializer)
    names.update(tensor.values.name for tensor in graph.sparse_initializer)
    return names


def _sort(name: str, graph: onnx.GraphProto) -> dict[str, str]:
    """Sort; return the outer tensors that the graph uses and their readers. Protobuf allows about 33 nested graphs."""
    check_graph_text(name, graph)
    given = _given(graph)
    producers = _producers(name, graph, given)
    check_text(name, given | producers.keys())
    outside: dict[str, str] = {}
    before: list[list[int]] = []  # per node, the nodes whose outputs it uses
    for node in graph.node:
        waits = []
        for tensor, reader in _reads(name, node):
            if tensor in producers:
                waits.append(producers[tensor])
            elif tensor not in given:
                outside.setdefault(tensor, reader)
        before.append(waits)
    for value in graph.output:
        if value.name not in producers and value.name not in given:
            outside.setdefault(value.name, f"the output list of graph {graph.name!r}")
    if any(max(waits, default=-1) >= index for index, waits in enumerate(before)):
        ranks = iter(_ranks(name, graph, before))
        graph.node.sort(key=lambda _: next(ranks))
    return outside


def _producers(name: str, graph: onnx.GraphProto, given: set[str]) -> dict[str, int]:
    """Index of the node that produces each tensor."""
    producers: dict[str, int] = {}
    for index, node in enumerate(graph.node):
        for output in filter(None, node.output):
            if output in producers or output in given:
                raise UnreadableModelError(
                    f"{name}: {_label(node)} produces {output!r}, but another tensor has that name already", _REMEDY
                )
            producers[output] = index
    return producers


def _reads(name: str, node: onnx.NodeProto) -> Iterator[tuple[str, str]]:
    """The tensors that a node and its subgraphs read, each with its reader."""
    label = _label(node)
    for tensor in filter(None, node.input):
        yield tensor, label
    for graph in subgraphs(node):
        yield from _sort(name, graph).items()


def _ranks(name: str, graph: onnx.GraphProto, before: list[list[int]]) -> list[int]:
    """Each node's place in the topological order that takes the first node that can run (Kahn)."""
    readers: list[list[int]] = [[] for _ in before]
    for index, waits in enumerate(before):
        for producer in waits:
            readers[producer].append(index)
    waiting = [len(waits) for waits in before]
    ready = [index for index, count in enumerate(waiting) if not count]  # ascending, so it is already a heap
    ranks = [-1] * len(before)
    for rank in range(len(before)):
        if not ready:
            stuck = graph.node[ranks.index(-1)]
            raise UnreadableModelError(f"{name}: {_label(stuck)} depends on its own result (a cycle)", _REMEDY)
        index = heapq.heappop(ready)
        ranks[index] = rank
        for reader in readers[index]:
            waiting[reader] -= 1
            if not waiting[reader]:
                heapq.heappush(ready, reader)
    return ranks


def _label(node: onnx.NodeProto) -> str:
    return f"{node.op_type} {node.name or next(iter(node.output), '')!r}"
