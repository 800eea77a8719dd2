"""Where the nodes of a layered drawing stand: layers by the longest path, few crossings, short edges.

After Sugiyama, Tagawa and Toda, "Methods for Visual Understanding of Hierarchical System Structures" (1981): edges over
several layers get a place in each, layers are ordered by the barycenters of their neighbours, and each layer's
positions are the nearest ones to those of its neighbours that leave enough room.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

ORDERINGS = 6
ALIGNMENTS = 8
"""Passes up and down; more change little."""

LONGEST = 40
"""Layers that an edge may cross and have a place in each; a longer one runs straight, behind what is in its way."""

_Point = str | tuple[str, str, int]
"""A node, or the place of an edge in a layer that it crosses."""


class Layout(Struct, frozen=True):
    """The center of each node and the points of each edge, its ends included; x and layer."""

    nodes: Mapping[str, tuple[float, int]]
    edges: Mapping[tuple[str, str], Sequence[tuple[float, int]]]


def layout(
    nodes: Sequence[str], edges: Sequence[tuple[str, str]], widths: Mapping[str, float], gap: float, lane: float
) -> Layout:
    """The drawing of a graph whose edges go forwards in the order of its nodes.

    `gap` is left between two nodes of a layer, `lane` is the width of an edge that crosses it.
    """
    layers_of = _layers(nodes, edges)
    chains = {edge: _chain(edge, layers_of) for edge in edges}
    links = [link for chain in chains.values() for link in pairwise(chain)]
    level: dict[_Point, int] = dict(layers_of.items())
    for (start, _), chain in chains.items():
        level.update((point, layers_of[start] + number) for number, point in enumerate(chain[1:-1], 1))
    rows: list[list[_Point]] = [[] for _ in range(max(layers_of.values(), default=-1) + 1)]
    for point, layer in level.items():
        rows[layer].append(point)
    above, below = _neighbours(links)
    _order(rows, above, below)
    size = {point: widths[point] + gap if isinstance(point, str) else lane for point in level}
    x = _positions(rows, above, below, size)
    least = min((x[point] - size[point] / 2 for point in level), default=0)
    placed = {point: (x[point] - least, level[point]) for point in level}
    return Layout(
        {key: placed[key] for key in nodes},
        {edge: [placed[point] for point in chain] for edge, chain in chains.items()},
    )


def _layers(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    after: dict[str, list[str]] = {}
    for start, end in edges:
        after.setdefault(start, []).append(end)
    layers = dict.fromkeys(nodes, 0)
    for key in nodes:
        for end in after.get(key, ()):
            layers[end] = max(layers[end], layers[key] + 1)
    return layers


def _chain(edge: tuple[str, str], layers: Mapping[str, int]) -> list[_Point]:
    start, end = edge
    between = range(layers[start] + 1, layers[end]) if layers[end] - layers[start] <= LONGEST else ()
    return [start, *((start, end, layer) for layer in between), end]


def _neighbours(
    links: Sequence[tuple[_Point, _Point]],
) -> tuple[dict[_Point, list[_Point]], dict[_Point, list[_Point]]]:
    above: dict[_Point, list[_Point]] = {}
    below: dict[_Point, list[_Point]] = {}
    for start, end in links:
        below.setdefault(start, []).append(end)
        above.setdefault(end, []).append(start)
    return above, below


def _order(
    rows: Sequence[list[_Point]], above: Mapping[_Point, list[_Point]], below: Mapping[_Point, list[_Point]]
) -> None:
    """Sort each layer by the mean place of its neighbours in the other layers, down and up in turn."""
    place = {point: number / len(row) for row in rows for number, point in enumerate(row)}
    for turn in range(ORDERINGS):
        beside, way = (above, rows) if turn % 2 == 0 else (below, rows[::-1])
        for row in way:
            row.sort(key=lambda point: _mean([place[p] for p in beside.get(point, ())], place[point]))
            place.update((point, number / len(row)) for number, point in enumerate(row))


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _positions(
    rows: Sequence[Sequence[_Point]],
    above: Mapping[_Point, list[_Point]],
    below: Mapping[_Point, list[_Point]],
    size: Mapping[_Point, float],
) -> dict[_Point, float]:
    x: dict[_Point, float] = {}
    for row in rows:
        x.update(zip(row, _spread([0.0] * len(row), [size[point] for point in row]), strict=True))
    for turn in range(ALIGNMENTS):
        beside, way = (above, rows) if turn % 2 == 0 else (below, rows[::-1])
        for row in way:
            wanted = [_mean([x[p] for p in beside.get(point, ())], x[point]) for point in row]
            x.update(zip(row, _spread(wanted, [size[point] for point in row]), strict=True))
    return x


def _spread(wanted: Sequence[float], sizes: Sequence[float]) -> list[float]:
    """The positions nearest to the wanted ones (least squares) at which things of these sizes do not overlap.

    With the room up to each subtracted this is isotonic regression, by pooling adjacent violators.
    """
    offsets = [0.0]
    for one, other in pairwise(sizes):
        offsets.append(offsets[-1] + (one + other) / 2)
    pools: list[tuple[float, int]] = []
    for want, offset in zip(wanted, offsets, strict=False):
        total, count = want - offset, 1
        while pools and pools[-1][0] / pools[-1][1] >= total / count:
            former = pools.pop()
            total, count = total + former[0], count + former[1]
        pools.append((total, count))
    means = [total / count for total, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=False)]
