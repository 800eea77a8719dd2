"""The window graph as a networkx.DiGraph."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import networkx

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
