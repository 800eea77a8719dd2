"""The window graph: edges from window to window along the data flow, with merge nodes.

Merge nodes (Add, Concat, …) stay in the graph, so that the number of edges grows with the number of nodes and not with
the number of paths: without them every window of one branch would need an edge to every window behind the merge.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from strideinspect.model.node import Node
from strideinspect.model.source import source_of
from strideinspect.results.report import Merge

Edge = tuple[str, str]


def window_flow(
    flows: Iterable[tuple[Node, Collection[str]]], windows: Collection[str]
) -> tuple[tuple[Merge, ...], tuple[Edge, ...]]:
    """Merges and edges. `flows` are the nodes in order, each with its inputs that depend on the graph's inputs.

    `windows` are the first outputs of the window nodes. Both ends of an edge are named by first output tensors.
    """
    merges: list[Merge] = []
    edges: list[Edge] = []
    latest: dict[str, str | None] = {}  # per tensor, the last window or merge before it
    for node, inputs in flows:
        behind = [key for key in dict.fromkeys(latest.get(name) for name in inputs) if key is not None]
        key: str | None = node.key
        if node.key not in windows and len(behind) < 2:
            key = behind[0] if behind else None
        else:
            edges.extend((before, node.key) for before in behind)
            if node.key not in windows:
                merges.append(Merge(node.name, node.op, node.key, source_of(node)))
        latest.update(dict.fromkeys(node.outputs, key))
    return tuple(merges), tuple(edges)
