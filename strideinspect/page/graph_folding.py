"""The window graph for drawing: window nodes and merges, with repeated blocks folded into one node on request."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from msgspec import Struct

from strideinspect import spelling
from strideinspect.report import field_text, number_text
from strideinspect.report.layer_names import layer_names
from strideinspect.report.repeated_blocks import Block, Row, fold
from strideinspect.results.report import Report
from strideinspect.results.rows import output_map

LONG = 25
"""Smaller graphs are not folded."""


class Graph(Struct, frozen=True):
    """Nodes by key, in an order in which edges go forwards, and edges between keys.

    A key is the first output of a window node or merge; `folded` are nodes that stand for several, with what to call
    them.
    """

    nodes: tuple[str, ...]
    edges: tuple[tuple[str, str], ...]
    folded: Mapping[str, str]


def whole(report: Report) -> Graph:
    """Every window node and merge."""
    order = _ranked(report)
    return Graph(tuple(order), tuple(report.edges), {})


def folded(report: Report) -> Graph | None:
    """The graph with the repetitions of each block in one node; None where nothing repeats."""
    if len(report.nodes) < LONG:
        return None
    ranks = _ranked(report)
    stands_for: dict[int, str] = {}
    names: dict[str, str] = {}
    for start, end, name in _repetitions(report):
        key = report.nodes[start].output
        names[key] = name
        stands_for.update(dict.fromkeys(range(start, end), key))
    if not names:
        return None
    shown = {key: stands_for.get(rank, key) for key, rank in ranks.items()}
    edges = dict.fromkeys((shown[a], shown[b]) for a, b in report.edges)
    return Graph(tuple(dict.fromkeys(shown.values())), tuple(edge for edge in edges if edge[0] != edge[1]), names)


def _ranked(report: Report) -> dict[str, int]:
    """Every node in an order in which edges go forwards, with the number of the last window node at or before it."""
    numbers = {node.output: number for number, node in enumerate(report.nodes)}
    before: dict[str, list[str]] = {}
    for start, end in report.edges:
        before.setdefault(end, []).append(start)
    ranks = dict(numbers)
    for merge in report.merges:  # in graph order: what a merge reads has its rank
        ranks[merge.output] = max((ranks.get(key, 0) for key in before.get(merge.output, ())), default=0)
    return dict(sorted(ranks.items(), key=lambda item: (item[1], item[0] not in numbers)))


def _repetitions(report: Report) -> Iterator[tuple[int, int, str]]:
    """First and last window, the latter excluded, of all but the first repetition of a block, and what to call them.

    Blocks are those of the model's source, where the names of layers tell them; else whatever repeats.
    """
    rows = [
        Row(
            node.label,
            re.sub(r"\d+", "#", node.label),
            field_text.size_cell(node.fields, ()),
            field_text.sizes(node.fields),
            (number_text.window(node), spelling.shape_text(output_map(node)), field_text.stride_cell(node.fields)),
        )
        for node in report.nodes
    ]
    names = [*layer_names(report.nodes).values()]
    scopes = [_scopes(name) for name in names]
    of_source = [*_of_source(rows, names, scopes, range(len(rows)), 0)]
    for block in _worth_folding(of_source) or _worth_folding(fold(rows)):
        start = block.start + block.length
        more = spelling.count(block.times - 1, "more block")
        layers = spelling.count(block.length, "layer")
        name = f"{spelling.count(block.times - 1, 'more layer')}" if block.length == 1 else f"{more} of {layers}"
        yield start, start + block.length * (block.times - 1), name


def _worth_folding(blocks: Sequence[Block]) -> list[Block]:
    """Those whose repetitions take more room than the node that would stand for them."""
    return [block for block in blocks if block.length * (block.times - 1) > 1]


def _scopes(name: str) -> Sequence[str]:
    """The blocks that a layer stands in, the outermost first: what ends with a number in the name of the source.

    `layer1.0.conv.1.bn` is in `layer1`, `layer1.0` and `layer1.0.conv.1`.
    """
    if named := re.match(r"(.*block\d+[a-z]?)_", name):  # as Keras' applications write it
        return (named[1],)
    return [name[: part.end()] for part in re.finditer(r"\d(?=[./])", name)]


def _of_source(
    rows: Sequence[Row], names: Sequence[str], scopes: Sequence[Sequence[str]], places: Sequence[int], depth: int
) -> Iterator[Block]:
    """Blocks of the source that follow one another and are alike in everything but numbers and receptive fields.

    The outermost blocks that repeat are taken; those that do not are searched for blocks in them.
    """

    def scope(place: int) -> str:
        return scopes[place][depth] if depth < len(scopes[place]) else ""

    groups = [(name, [*inside]) for name, inside in groupby(places, key=scope)]
    kinds = [
        (bool(name), *((re.sub(r"\d+", "#", names[p][len(name) :]), rows[p].cells) for p in inside))
        for name, inside in groups
    ]
    for (named, *_), same in groupby(range(len(groups)), key=lambda number: kinds[number]):
        numbers = [*same]
        inside = groups[numbers[0]][1]
        if named and len(numbers) > 1:
            yield Block(inside[0], len(inside), len(numbers))
        elif named:
            yield from _of_source(rows, names, scopes, inside, depth + 1)
