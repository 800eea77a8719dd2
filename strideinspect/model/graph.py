"""The window graph: Conv, Pool and merge nodes, an edge where data flows from one to the next through anything else.

Merge nodes (Add, Concat, …) stay in the graph, so that its edges grow with the number of nodes and not with that of
paths: two branches meet in one node, however many windows lie behind each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import networkx

from strideinspect.model.node import Node


def window_graph(
    flows: Iterable[tuple[Node, Collection[str]]], windows: Mapping[str, Mapping[str, object]]
) -> networkx.DiGraph[str]:
    """Build the graph from nodes in order, each with those of its inputs that depend on the graph's inputs.

    `windows` maps the first output of every window node to the attributes of its graph node. Graph nodes are named by
    first output tensors and have an attribute `kind`, "window" or "merge", and `op`.
    """
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    latest: dict[str, str | None] = {}  # per tensor the last window or merge that its data came through
    for node, inputs in flows:
        behind = list(dict.fromkeys(latest[name] for name in inputs if latest.get(name) is not None))
        key = node.key
        if key in windows:
            graph.add_node(key, kind="window", op=node.op, name=node.name, **windows[key])
        elif len(behind) > 1:
            graph.add_node(key, kind="merge", op=node.op, name=node.name)
        else:
            latest.update(dict.fromkeys(node.outputs, behind[0] if behind else None))
            continue
        graph.add_edges_from((before, key) for before in behind if before is not None)
        latest.update(dict.fromkeys(node.outputs, key))
    return graph


def windows_only(graph: networkx.DiGraph[str]) -> networkx.DiGraph[str]:
    """The graph of window nodes alone: an edge where one reaches the next through merges only.

    Behind every merge each branch's windows are joined to each reader, so that edges may grow with the square of the
    windows that meet.
    """
    alone: networkx.DiGraph[str] = networkx.DiGraph()
    reach: dict[str, set[str]] = {}
    for key in networkx.topological_sort(graph):
        before = set().union(*(reach[p] for p in graph.predecessors(key)))
        if graph.nodes[key]["kind"] == "merge":
            reach[key] = before
            continue
        alone.add_node(key, **graph.nodes[key])
        alone.add_edges_from((p, key) for p in sorted(before))
        reach[key] = {key}
    return alone
