"""The window graph as networkx knows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import TYPE_CHECKING

import networkx

if TYPE_CHECKING:
    from strideinspect.report.model import Merge, WindowNode


def build(
    windows: Iterable[WindowNode], merges: Iterable[Merge], edges: Iterable[tuple[str, str]]
) -> networkx.DiGraph[str]:
    """A node per window node and merge, named by its first output tensor; attributes as in WindowNode and Merge.

    The attribute `kind` is "window" or "merge".
    """
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    for kind, items in (("window", windows), ("merge", merges)):
        for item in items:
            graph.add_node(item.output, kind=kind, **{f.name: getattr(item, f.name) for f in fields(item)})
    graph.add_edges_from(edges)
    return graph


def windows_only(graph: networkx.DiGraph[str]) -> networkx.DiGraph[str]:
    """The graph of window nodes alone: an edge where one reaches the next through merges only.

    Behind every merge each branch's windows are joined to each reader, so that edges may grow with the square of the
    windows that meet.
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
