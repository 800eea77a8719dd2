"""Nodes of the drawing do not overlap, and edges go downwards."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from strideinspect.page.graph_layout import layout


@pytest.mark.parametrize("seed", range(8))
def test_no_two_nodes_overlap(seed: int) -> None:
    """In each layer there is the gap between neighbours, and every edge leads to a later layer."""
    choose = random.Random(seed)  # noqa: S311  # no secret
    nodes = [f"n{number}" for number in range(40)]
    pairs = {tuple(sorted(choose.sample(range(40), 2))) for _ in range(70)}
    edges = [(nodes[a], nodes[b]) for a, b in sorted(pairs)]
    placed = layout(nodes, edges, dict.fromkeys(nodes, 100.0), 20.0, 10.0)
    for layer in {layer for _, layer in placed.nodes.values()}:
        row = sorted(x for x, at in placed.nodes.values() if at == layer)
        assert all(b - a >= 119.999 for a, b in pairwise(row))
    for points in placed.edges.values():
        assert all(a[1] < b[1] for a, b in pairwise(points))


def test_a_chain_is_straight() -> None:
    """Nodes without branches stand under each other."""
    nodes = ["a", "b", "c", "d"]
    placed = layout(nodes, [*pairwise(nodes)], dict.fromkeys(nodes, 50.0), 20.0, 10.0)
    assert len({round(x, 6) for x, _ in placed.nodes.values()}) == 1


def test_a_shortcut_runs_beside_its_block() -> None:
    """An edge that crosses a layer keeps clear of the node in it."""
    placed = layout(["a", "b", "c"], [("a", "b"), ("b", "c"), ("a", "c")], dict.fromkeys("abc", 100.0), 20.0, 10.0)
    crossing = placed.edges["a", "c"][1][0]
    assert abs(crossing - placed.nodes["b"][0]) >= 64.999
