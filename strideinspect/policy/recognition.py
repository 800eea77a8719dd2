"""Matching of findings and baseline entries after a model has been exported again.

An entry matches one place of one finding at most. Exact names are tried first, then progressively weaker criteria,
because a new export may renumber nodes, fold a batch norm, add a layer or wrap the whole network. A node that still has
its name was not renamed, so its entry accepts no finding of another node.
"""

from __future__ import annotations

import re
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import count

from msgspec import Struct, structs

from strideinspect.policy.entry import Entry, count_namesakes, entries, order, uncounted
from strideinspect.results.one_cause import joined, places_of
from strideinspect.results.report import Finding, Merge, Report, WindowNode


class Match(Struct, frozen=True):
    """The result of matching findings and entries, each in their given order."""

    new: tuple[Finding, ...]
    accepted: tuple[Finding, ...]
    used: tuple[Entry, ...]
    unused: tuple[Entry, ...]


def match(report: Report, accepted: Sequence[Entry]) -> Match:
    """Match entries and places of findings one to one."""
    reported, asked = entries(report, ""), tuple(accepted)
    if len(report.inputs) == 1:
        # The only input is the same one even if it was renamed.
        reported, asked = (tuple(map(_of_the_only_input, group)) for group in (reported, asked))
    names = _Names(report)
    free = sorted(range(len(asked)), key=lambda i: order(asked[i]))
    left = sorted(range(len(reported)), key=lambda j: order(reported[j]))
    pairs: dict[int, int] = {}  # place to entry
    for level in _LEVELS:
        for asked_as, reported_as in _views(asked, reported, names):
            waiting: dict[object, dict[tuple[int, ...], deque[int]]] = defaultdict(lambda: defaultdict(deque))
            for i in free:
                if level.may_accept(asked[i], names):
                    waiting[level.key(asked_as[i])][asked[i].axes].append(i)
            for j in left:
                key = level.key(reported_as[j])
                by_axes = waiting[key] if key else {}
                fitting = [axes for axes, queue in by_axes.items() if queue and set(reported[j].axes) <= set(axes)]
                if fitting:
                    pairs[j] = by_axes[min(fitting, key=len)].popleft()
            taken = set(pairs.values())
            left, free = [j for j in left if j not in pairs], [i for i in free if i not in taken]
    new, known = _split(report, pairs)
    return Match(
        new=new,
        accepted=known,
        used=tuple(entry for i, entry in enumerate(accepted) if i not in free),
        unused=tuple(entry for i, entry in enumerate(accepted) if i in free),
    )


def _split(report: Report, pairs: Collection[int]) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """The findings without their accepted places, and those of these places. `pairs` numbers places of all findings."""
    number = count()
    new: list[list[Finding]] = []
    known: list[list[Finding]] = []
    for finding in report.findings:
        new.append([])
        known.append([])
        for place in places_of(finding):
            (known if next(number) in pairs else new)[-1].append(place)
    return joined(new), joined(known)


class _Names:
    """The names of a model's windows and merges, and of the layers that contain them."""

    def __init__(self, report: Report) -> None:
        items: tuple[WindowNode | Merge, ...] = (*report.nodes, *report.merges)
        self.layers: dict[str, str | None] = {output.name: None for output in report.outputs}
        self.operators: dict[str, set[str]] = defaultdict(set)
        for item in items:
            layer = item.source.scope if item.source else None
            self.layers |= dict.fromkeys((item.name, item.output), layer)
            for name in (layer or item.name, layer or item.output):
                self.operators[name].add(item.op)
        self.layers.pop("", None)
        self.namesakes = count_namesakes(name for item in items for name in (item.name, item.output))
        own = [layer for layer in self.layers.values() if layer]
        self.around = {path for layer in own for path in _around(layer)}
        self.wrapper = _wrapper(own)

    def has(self, entry: Entry) -> bool:
        """Whether the entry's place still exists, with the same operator type or with layers inside."""
        operator = entry.operator and entry.operator.partition(" ")[0]
        there = self.operators.get(entry.place, ())
        return entry.place in self.around or (operator in there if operator else bool(there))

    def unchanged(self, entry: Entry) -> bool:
        """Whether the entry's node is still in its layer, with the same number of namesakes (none renumbered)."""
        there = entry.name in self.layers and self.layers[entry.name] == entry.layer
        return there and self.namesakes[uncounted(entry.name)] == entry.namesakes


def _views(
    asked: Sequence[Entry], reported: Sequence[Entry], names: _Names
) -> Iterator[tuple[Sequence[Entry], Sequence[Entry]]]:
    """Entries and findings with their own names, then without a layer that wraps all others, now or in the entries."""
    yield asked, reported
    if names.wrapper:
        yield asked, [_without(names.wrapper, entry) for entry in reported]
    wrapper = _wrapper([entry.layer for entry in asked if entry.layer])
    if wrapper:
        yield [_without(wrapper, entry) for entry in asked], reported


def _wrapper(layers: Sequence[str]) -> str | None:
    """The outermost layer if all layers have the same one."""
    outermost = {re.split(r"[./]", layer, maxsplit=1)[0] for layer in layers}
    return outermost.pop() if len(outermost) == 1 else None


def _without(wrapper: str, entry: Entry) -> Entry:
    layer = entry.layer or ""
    inside = layer[len(wrapper) + 1 :] if re.match(re.escape(wrapper) + r"([./]|$)", layer) else layer
    return structs.replace(entry, layer=inside or None)


class _Level(Struct, frozen=True):
    """A criterion: an entry and a finding match if their keys are equal; a key of None matches nothing.

    All levels but the exact one skip entries whose node is unchanged. `renamed` levels also skip entries whose place
    still exists.
    """

    key: Callable[[Entry], object]
    exact: bool = False
    renamed: bool = False

    def may_accept(self, entry: Entry, names: _Names) -> bool:
        """Whether the entry may match a finding with the same key."""
        return self.exact or not (names.unchanged(entry) or (self.renamed and names.has(entry)))


def _exactly(entry: Entry) -> object:
    return entry.rule, entry.input, entry.layer, entry.node, entry.output


def _in_its_layer(entry: Entry) -> object:
    return (entry.rule, entry.input, entry.layer, uncounted(entry.name)) if entry.layer else None


def _by_place(entry: Entry) -> object:
    return entry.rule, entry.input, entry.place


def _by_counted_name(entry: Entry) -> object:
    """PyTorch numbers nodes outside layers (`node_add_3`, `/Add_3`), and the numbers change between exports."""
    return _uncounted_place(entry) if _counted(entry) else None


def _by_operator(entry: Entry) -> object:
    """PyTorch's two exporters name nodes outside layers differently: `node_add_3` is `/Add_3` or `375`."""
    return (entry.rule, entry.input, entry.operator) if entry.operator and _counted(entry) else None


def _counted(entry: Entry) -> bool:
    return not entry.layer and (not entry.place or entry.place.startswith(("node_", "/")))


def _by_node(entry: Entry) -> object:
    return entry.rule, entry.input, entry.operator, entry.name


def _uncounted_place(entry: Entry) -> object:
    return entry.rule, entry.input, entry.operator, uncounted(entry.place)


def _without_numbers(entry: Entry) -> object:
    return entry.rule, entry.input, entry.operator, re.sub(r"\d+", "#", entry.place)


def _beside(entry: Entry) -> object:
    """`layer1.0.bn2` for `layer1.0.conv2`: a convolution takes the name of the batch norm that is folded into it."""
    return (entry.rule, entry.input, entry.operator, re.sub(r"[^./]*$", "", entry.layer)) if entry.layer else None


_LEVELS = (
    _Level(_exactly, exact=True),
    _Level(_in_its_layer),
    _Level(_by_place),
    _Level(_by_counted_name),
    _Level(_by_node, renamed=True),
    _Level(_uncounted_place, renamed=True),
    _Level(_without_numbers, renamed=True),
    _Level(_beside, renamed=True),
    _Level(_by_operator, renamed=True),
)


def _of_the_only_input(entry: Entry) -> Entry:
    return structs.replace(entry, input=entry.input and "*")


def _around(layer: str) -> Iterable[str]:
    """The layers that contain a layer."""
    return (layer[: separator.start()] for separator in re.finditer(r"[./]", layer))
