"""The ladder: every change of the map on the paths from the graph inputs to the outputs, grouped into steps.

A Pad node belongs to the window behind it. Neighbouring nodes that only take indices off the borders (convolutions
without padding, a Slice), or only add some, are one step, and so are neighbouring nodes without a window that change
the stride in the same direction. Nodes that only move the elements of a map and bring them back, as around attention in
windows, are none.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

from msgspec import Struct, structs

from strideinspect.results.ladder import LadderStep
from strideinspect.windows.map_paths import MapLink

_Size = tuple[int, ...]
_Pair = tuple[_Size, _Size]

_MOVING = frozenset({"Concat", "Pad", "Reshape", "Slice", "Split", "Transpose"})
"""Operators by which exporters write the partition of a map into windows, its cyclic shift, and the ways back."""


class _Change(Struct, frozen=True):
    """Nodes that together change the map from `start` to `size`.

    `rescales` says that the stride changes too. `pairs` are the sizes before and after each of the nodes, by which
    nodes that do the same on another branch are found. `before` is the tensor that the first of them reads, `output`
    the one that the last of them makes.
    """

    before: str
    start: _Size
    size: _Size
    rescales: bool
    windows: tuple[str, ...]
    operators: tuple[str, ...]
    pairs: frozenset[_Pair]
    output: str

    @property
    def grows(self) -> bool:
        """Whether the map becomes larger."""
        return math.prod(self.size) > math.prod(self.start)

    @property
    def pads(self) -> bool:
        """Whether all of it is padding: by Pad nodes, or by concatenation with zeros or with the other end."""
        return self.grows and not (self.rescales or self.windows)

    @property
    def axes(self) -> frozenset[int]:
        """Which of the spatial axes change."""
        return frozenset(i for i, (old, new) in enumerate(zip(self.start, self.size, strict=True)) if old != new)


def ladder(
    paths: Mapping[str, Mapping[str, MapLink]], outputs: Sequence[str], windows: Collection[str]
) -> tuple[LadderStep, ...]:
    """The ladders of all graph inputs, each with its branches; these are numbered through.

    `paths` are the links of `map_paths` by graph input, `windows` the first outputs of the window nodes.
    """
    steps: list[LadderStep] = []
    for name, links in paths.items():
        first = steps[-1].branch + 1 if steps else 0
        for number, branch in enumerate(_branches(name, links, outputs, windows), first):
            steps += (structs.replace(step, branch=number, input=name) for step in branch)
    return tuple(steps)


def _branches(
    name: str, links: Mapping[str, MapLink], outputs: Sequence[str], windows: Collection[str]
) -> Iterator[list[LadderStep]]:
    """The steps of each branch: of the ways to the outputs, then of nodes that lead to none or that a path leaves out.

    A strided node that repeats a step of some branch, on the shortcut of a residual block, is part of that step.
    """
    strides, uneven = _strides(links), _uneven(links)
    taken = {name}
    ends = sorted((o for o in dict.fromkeys(outputs) if o in links), key=lambda o: math.prod(links[o].size))
    branches = [_steps_of(_way(links, end, taken), links, windows, strides) for end in ends]
    steps = {pair: change for branch in branches for change in branch for pair in change.pairs}
    beside: dict[_Change, list[str]] = {}
    for end in reversed([*_strided(links)]):  # the last first, whose way includes others
        if end in taken:
            continue
        branch = _steps_of(_way(links, end, taken), links, windows, strides)
        if all(change.pairs and change.pairs & steps.keys() for change in branch):
            for change in branch:
                beside.setdefault(next(steps[pair] for pair in change.pairs if pair in steps), []).extend(
                    change.windows
                )
        else:
            branches.append(branch)
            for change in branch:
                steps |= {pair: steps.get(pair, change) for pair in change.pairs}
    for branch in filter(None, branches):
        yield [
            structs.replace(
                _step(change, beside.get(change, ())), stride=strides[change.output], averaged=change.output in uneven
            )
            for change in branch
        ]


def _step(change: _Change, beside: Iterable[str]) -> LadderStep:
    operators = tuple(dict.fromkeys(change.operators))
    nodes = tuple(dict.fromkeys((*change.windows, *beside)))
    return LadderStep((), change.size, nodes, change.start, operators=operators)


def _uneven(links: Mapping[str, MapLink]) -> frozenset[str]:
    """The tensors on whose way some map has indices at unequal distances."""
    uneven: set[str] = set()
    for tensor, link in links.items():
        if link.uneven or link.before in uneven:
            uneven.add(tensor)
    return frozenset(uneven)


def _strides(links: Mapping[str, MapLink]) -> dict[str, tuple[Fraction, ...]]:
    """The effective stride of each tensor: the product of the factors on its way."""
    strides: dict[str, tuple[Fraction, ...]] = {}
    for tensor, link in links.items():
        before = strides.get(link.before)
        if before is None or not link.rescales:
            strides[tensor] = before or link.factor
        else:
            strides[tensor] = tuple(a * b for a, b in zip(before, link.factor, strict=True))
    return strides


def _strided(links: Mapping[str, MapLink]) -> Iterator[str]:
    """The tensors at which the stride changes and a position is left."""
    for tensor, link in links.items():
        if link.rescales and link.size != links[link.before].size and link.positions == len(link.place):
            yield tensor


def _way(links: Mapping[str, MapLink], end: str, taken: set[str]) -> list[str]:
    """The tensors from the first that is on no branch yet to `end`; they are now on one."""
    way = []
    tensor = end
    while tensor not in taken:
        way.append(tensor)
        taken.add(tensor)
        tensor = links[tensor].before
    return way[::-1]


def _changes(way: Iterable[str], links: Mapping[str, MapLink], windows: Collection[str]) -> Iterator[_Change]:
    """One change per node that changes the map."""
    for tensor in way:
        link = links[tensor]
        before = links[link.before].size
        rescales = link.rescales
        if link.node is not None and (link.size != before or (rescales and tensor in windows)):
            own = (tensor,) if tensor in windows else ()
            pairs = frozenset({(before, link.size)} if rescales else ())
            yield _Change(link.before, before, link.size, rescales, own, (link.node.op,), pairs, tensor)


def _grouped(changes: Iterable[_Change]) -> list[_Change]:
    """Neighbouring changes as one where they make one step; padding that the next window takes off again is none."""
    groups: list[_Change] = []
    for change in changes:
        if groups and _together(groups[-1], change):
            before = groups.pop()
            both = structs.replace(
                change,
                before=before.before,
                start=before.start,
                windows=before.windows + change.windows,
                operators=before.operators + change.operators,
                rescales=before.rescales or change.rescales,
                pairs=before.pairs | change.pairs,
            )
            if change.rescales and before.pads:
                both = structs.replace(both, pairs=both.pairs | {(both.start, both.size)})
            if both.rescales or both.start != both.size:
                groups.append(both)
        else:
            groups.append(change)
    return groups


def _steps_of(
    way: Iterable[str],
    links: Mapping[str, MapLink],
    windows: Collection[str],
    strides: Mapping[str, tuple[Fraction, ...]],
) -> list[_Change]:
    """The changes on a way, without those that are undone by moving the elements back."""
    steps: list[_Change] = []
    for change in _grouped(_changes(way, links, windows)):
        steps.append(change)
        for first in range(len(steps) - 1, -1, -1):
            if not _MOVING.issuperset(steps[first].operators) or steps[first].windows:
                break
            if steps[first].start == change.size and strides[steps[first].before] == strides[change.output]:
                del steps[first:]
                break
    return steps


def _together(one: _Change, other: _Change) -> bool:
    """Whether two neighbouring changes make one step."""
    if one.rescales or other.rescales:
        padded = one.pads and bool(other.windows)
        slices = one.rescales and other.rescales and not (one.windows or other.windows or one.axes & other.axes)
        return padded or slices
    return one.pads or (one.grows == other.grows and not other.pads)
