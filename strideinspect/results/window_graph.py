"""The window graph as a networkx.DiGraph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import networkx
from msgspec import structs

from strideinspect.results.field import Field
from strideinspect.results.graph_nodes import Source

Named = tuple[str, Mapping[str, object]]
"""A graph node: its first output tensor, and its attributes."""


def build(windows: Iterable[Named], merges: Iterable[Named], edges: Iterable[tuple[str, str]]) -> networkx.DiGraph[str]:
    """A node per window node and merge; the attribute `kind` is "window" or "merge"."""
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    for kind, items in (("window", windows), ("merge", merges)):
        for name, attributes in items:
            graph.add_node(name, kind=kind, **attributes)
    graph.add_edges_from(edges)
    return graph


def windows_only(graph: networkx.DiGraph[str]) -> networkx.DiGraph[str]:
    """The graph of window nodes alone: an edge where one leads to the next through merges only.

    After every merge the window nodes of each branch have an edge to each reader, so that edges may grow with the
    square of the window nodes that meet.
    """
    alone: networkx.DiGraph[str] = networkx.DiGraph()
    reach: dict[str, set[str]] = {}
    for key in networkx.topological_sort(graph):
        before = set[str]().union(*(reach[p] for p in graph.predecessors(key)))
        if graph.nodes[key]["kind"] == "merge":
            reach[key] = before
            continue
        alone.add_node(key, **graph.nodes[key])
        alone.add_edges_from((p, key) for p in sorted(before))
        reach[key] = {key}
    return alone


def plain(graph: networkx.DiGraph[str]) -> networkx.DiGraph[str]:
    """The same graph with texts and numbers as attributes, which every format of networkx can hold."""
    plainer: networkx.DiGraph[str] = networkx.DiGraph()
    for key, attributes in graph.nodes(data=True):
        plainer.add_node(key, **dict(_plain_attributes(attributes)))
    plainer.add_edges_from(graph.edges)
    return plainer


def _plain_attributes(attributes: Mapping[str, Any]) -> Iterator[tuple[str, str | int]]:
    for name, value in attributes.items():
        match name, value:
            case _, str() | int():
                yield name, value
            case "fields", (Field() as first, *_):
                alike = [field for field in value if field.input == first.input]
                if all(field.size is not None and field.stride is not None for field in alike):
                    yield "receptive_field", "x".join(str(field.size) for field in alike)
                    yield "effective_stride", "x".join(str(field.stride) for field in alike)
            case "source", Source():
                yield from ((part, known) for part, known in structs.asdict(value).items() if known is not None)
            case _, tuple() if value and all(isinstance(item, int) for item in value):
                yield name, "x".join(map(str, value))
