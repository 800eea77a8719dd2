"""Which window of one network stands in the same place of the graph as which window of another.

Exporters name nodes as they like, write the two branches of a block in either order, fold a sum into a convolution and
put padding into nodes of its own. What they all keep is from which windows a window gets its map and which ones get its
own. So a window is recognised by its own numbers together with those of everything before it, or everything behind it,
or by its nearest neighbours that are matched already; first all of its numbers have to agree, then fewer and fewer.
Windows that change nothing (kernel 1, stride 1: runtimes make such convolutions of normalisations) are at first passed
over. Only where several windows are alike in all of this do names decide, and last their order.

The labels grow with the graph as in the refinement of Weisfeiler and Lehman (1968), which tells graphs apart.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence

from msgspec import Struct, structs


class FlowNode(Struct, frozen=True):
    """A node of a network reduced to its windows, and to its inputs and outputs.

    `labels` are what is known of it, from all of its numbers to its kind alone; `before` and `after` the positions of
    the nodes that hand it their maps, and to which it hands its own. `neutral`: it leaves every map as it is.
    """

    name: str
    labels: tuple[Hashable, ...]
    before: frozenset[int]
    after: frozenset[int]
    neutral: bool = False


Flow = Sequence[FlowNode]
"""The nodes in the order of the graph."""

Pairs = dict[int, int]
"""Positions in the first flow, with those in the second one."""

Keys = list[Hashable]


def matched(a: Flow, b: Flow, known: Pairs) -> Pairs:
    """The pairs, the known ones included: those of inputs and outputs. Every node is in one pair at most."""
    levels = range(len(a[0].labels) if a else 0)
    places_a, places_b = ([i for i, node in enumerate(flow) if not node.neutral] for flow in (a, b))
    numbers = {place: number for number, place in enumerate(places_b)}
    begun = {places_a.index(i): numbers[k] for i, k in known.items()}
    sure = _at_levels(_passing_over(a, places_a), _passing_over(b, places_b), begun, levels[:SURE])
    return _at_levels(a, b, {places_a[i]: places_b[k] for i, k in sure.items()}, levels)


SURE = 2
"""How many of the labels hold all numbers of a node, with and without the size of its map."""


def _at_levels(a: Flow, b: Flow, known: Pairs, levels: Sequence[int]) -> Pairs:
    pairs = dict(known)
    for level in levels:
        while found := _found(a, b, pairs, level):
            pairs |= found
    return pairs


def _passing_over(flow: Flow, kept: Sequence[int]) -> Flow:
    """The flow of these nodes alone, with what comes before them through the others."""
    numbers = {place: number for number, place in enumerate(kept)}
    through: list[frozenset[int]] = []
    for node in flow:
        inner = [through[other] for other in node.before if other not in numbers]
        direct = {numbers[other] for other in node.before if other in numbers}
        through.append(frozenset(direct).union(*inner))
    after: list[set[int]] = [set() for _ in kept]
    for number, place in enumerate(kept):
        for other in through[place]:
            after[other].add(number)
    return [
        structs.replace(flow[place], before=through[place], after=frozenset(after[number]))
        for number, place in enumerate(kept)
    ]


def _found(a: Flow, b: Flow, pairs: Pairs, level: int) -> Pairs:
    """Further pairs of nodes that agree in this label and in their surroundings; the surest ones there are."""
    ids_a = {i: number for number, i in enumerate(pairs)}
    ids_b = {k: number for number, k in enumerate(pairs.values())}
    for keys in _WAYS:
        groups = _groups(keys(a, ids_a, level), keys(b, ids_b, level), ids_a, ids_b)
        single = {i[0]: k[0] for i, k in groups if len(i) == len(k) == 1}
        if single:
            return single
        if groups:  # one group at a time: which of them is which decides on those behind them
            return dict(_by_name(a, b, *groups[0]))
    return {}


def _groups(
    keys_a: Keys, keys_b: Keys, ids_a: dict[int, int], ids_b: dict[int, int]
) -> list[tuple[list[int], list[int]]]:
    """The nodes without a partner that have the same key, as positions in the one flow and in the other."""
    groups: dict[Hashable, tuple[list[int], list[int]]] = {}
    for side, (keys, ids) in enumerate(((keys_a, ids_a), (keys_b, ids_b))):
        for position, key in enumerate(keys):
            if position not in ids:
                groups.setdefault(key, ([], []))[side].append(position)
    return [(i, k) for i, k in groups.values() if i and k]


def _by_name(a: Flow, b: Flow, left: Sequence[int], right: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Those with the same name, then the others in their order."""
    named = {b[k].name: k for k in reversed(right)}
    same = {i: named[a[i].name] for i in left if a[i].name in named}
    same = {i: k for i, k in same.items() if list(same.values()).count(k) == 1}
    yield from same.items()
    taken = set(same.values())
    yield from zip((i for i in left if i not in same), (k for k in right if k not in taken), strict=False)


def _forward(flow: Flow, ids: dict[int, int], level: int) -> Keys:
    """The label together with those of everything before the node."""
    return _carried(flow, ids, level, range(len(flow)), lambda node: node.before)


def _backward(flow: Flow, ids: dict[int, int], level: int) -> Keys:
    """The label together with those of everything behind the node."""
    return _carried(flow, ids, level, range(len(flow) - 1, -1, -1), lambda node: node.after)


def _both(flow: Flow, ids: dict[int, int], level: int) -> Keys:
    return list(zip(_forward(flow, ids, level), _backward(flow, ids, level), strict=True))


def _carried(
    flow: Flow, ids: dict[int, int], level: int, order: Sequence[int], near: Callable[[FlowNode], frozenset[int]]
) -> Keys:
    """One number per node that holds its label and those of all before it; of a node with a partner the pair's."""
    keys: list[Hashable] = [None] * len(flow)
    for position in order:
        node = flow[position]
        pair = ids.get(position)
        around = frozenset(keys[other] for other in near(node))
        keys[position] = hash((node.labels[level], around)) if pair is None else ("pair", pair)
    return keys


def _between(flow: Flow, ids: dict[int, int], level: int) -> Keys:
    """The label together with the nearest pairs before and behind the node, whatever lies between."""
    before = _nearest(flow, ids, range(len(flow)), lambda node: node.before)
    behind = _nearest(flow, ids, range(len(flow) - 1, -1, -1), lambda node: node.after)
    return [(node.labels[level], before[i], behind[i]) for i, node in enumerate(flow)]


def _nearest(
    flow: Flow, ids: dict[int, int], order: Sequence[int], near: Callable[[FlowNode], frozenset[int]]
) -> list[int]:
    """The pairs nearest to every node on one side, as bits."""
    found = [0] * len(flow)
    for position in order:
        for other in near(flow[position]):
            found[position] |= 1 << ids[other] if other in ids else found[other]
    return found


_WAYS = (_both, _forward, _backward, _between)
"""From the surest to the least sure."""
