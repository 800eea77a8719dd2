"""A baseline's entries, and the report without the findings that they accept.

An entry goes with one finding at most. The exact names are tried first, then weaker and weaker ones, for a re-export
may count its nodes anew, fold a batch norm or put a layer in front. What still bears its name was not renamed: the
entry of a node that is there as it was vouches for no other.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from strideinspect.report import words
from strideinspect.report.fingerprint import layer_of, place
from strideinspect.report.model import Accepted, Finding, Report
from strideinspect.report.verdicts import Verdict
from strideinspect.rules import registry
from strideinspect.settings import Settings


@dataclass(frozen=True, slots=True)
class Entry:
    """A finding that is accepted: where it is, by every name that it had, and what it said.

    `model` is the path of the model's file relative to the baseline's folder, with slashes; `operator` the window or
    merge that `output` comes from (`MaxPool 3×3/2`), None for other places; `namesakes` how many windows and merges
    were called like it but for a number behind, itself included.
    """

    model: str
    rule: str
    layer: str | None
    node: str | None
    output: str | None
    operator: str | None
    namesakes: int
    input: str | None
    axes: tuple[int, ...]
    message: str

    @property
    def name(self) -> str:
        """What the node is called, by itself."""
        return self.node or self.output or ""

    @property
    def place(self) -> str:
        """The most lasting of its names, "" where it has none."""
        return place(self.layer, self.node, self.output)

    @property
    def title(self) -> str:
        """What is accepted, in a few words."""
        where = self.place or self.output or self.input
        return f"{self.rule} at {where}" if where else self.rule


@dataclass(frozen=True, slots=True)
class Match:
    """What became of the findings and the entries: both in the order in which they were given."""

    new: tuple[Finding, ...]
    accepted: tuple[Finding, ...]
    used: tuple[Entry, ...]
    unused: tuple[Entry, ...]


def entries(report: Report, model: str) -> tuple[Entry, ...]:
    """An entry for each finding of the report, in order."""
    operators = {merge.output: merge.op for merge in report.merges}
    operators |= {window.output: words.window(window) for window in report.nodes}
    namesakes = _Names(report).namesakes
    return tuple(
        Entry(
            model=model,
            rule=finding.rule,
            layer=layer_of(finding),
            node=finding.node,
            output=finding.output,
            operator=operators.get(finding.output or ""),
            namesakes=namesakes[_uncounted(finding.node or finding.output or "")],
            input=finding.input,
            axes=finding.axes,
            message=finding.message,
        )
        for finding in report.findings
    )


def order(entry: Entry) -> tuple[object, ...]:
    """By model, rule and place, numbers in names by their size: how a file lists entries, and how they are paired."""
    names = (entry.layer, entry.node, entry.output, entry.input)
    return (entry.model, entry.rule, *(_natural(name or "") for name in names), entry.axes, entry.message)


def judged(report: Report, settings: Settings) -> frozenset[str]:
    """The rules that had their say in a report; those about running have none where nothing ran."""
    rules = registry.chosen(settings.select, settings.ignore)
    if report.verification.status is not Verdict.NOT_CHECKED:
        return rules
    runtime = {rule.id for rule in registry.all_rules() if rule.group == "runtime"}
    return rules - runtime | {finding.rule for finding in report.findings}


def applied(report: Report, accepted: Sequence[Entry], *, baseline: str, rules: Collection[str]) -> Report:
    """The report without the findings that the entries of its model accept.

    An entry of a rule that is not among `rules` is not stale: nobody looked.
    """
    found = match(report, accepted)
    stale = tuple(entry.title for entry in found.unused if entry.rule in rules)
    return replace(report, findings=found.new, accepted=Accepted(baseline, found.accepted, stale))


def match(report: Report, accepted: Sequence[Entry]) -> Match:
    """Which entry accepts which finding: each goes with one of the other at most."""
    found = entries(report, "")
    if len(report.inputs) == 1:
        # There is no other input that it could be, whatever it is called by now.
        found, asked = (tuple(map(_of_the_only_input, group)) for group in (found, accepted))
    else:
        asked = tuple(accepted)
    names = _Names(report)
    free = sorted(range(len(asked)), key=lambda i: order(asked[i]))
    pairs: dict[int, int] = {}  # finding to entry
    for loosely in _LEVELS:
        waiting: dict[object, list[int]] = defaultdict(list)
        for i in free:
            if loosely.may_accept(asked[i], names):
                waiting[loosely.key(asked[i])].append(i)
        for j in sorted(set(range(len(found))) - set(pairs), key=lambda j: order(found[j])):
            key = loosely.key(found[j])
            fitting = [i for i in waiting[key] if set(found[j].axes) <= set(asked[i].axes)] if key else []
            if fitting:
                pairs[j] = min(fitting, key=lambda i: len(asked[i].axes))
                waiting[key].remove(pairs[j])
        free = [i for i in free if i not in set(pairs.values())]
    return Match(
        new=tuple(finding for j, finding in enumerate(report.findings) if j not in pairs),
        accepted=tuple(finding for j, finding in enumerate(report.findings) if j in pairs),
        used=tuple(entry for i, entry in enumerate(accepted) if i not in free),
        unused=tuple(entry for i, entry in enumerate(accepted) if i in free),
    )


class _Names:
    """What is called by which name in a model: its windows and merges, and the layers that they lie in."""

    def __init__(self, report: Report) -> None:
        named = [(n.name, n.output, n.source) for n in report.nodes] + [
            (m.name, m.output, m.source) for m in report.merges
        ]
        self.layers: dict[str, str | None] = {output.name: None for output in report.outputs}
        for name, output, source in named:
            self.layers |= dict.fromkeys((name, output), source.scope if source else None)
        self.layers.pop("", None)
        around = {path for layer in self.layers.values() if layer for path in _around(layer)}
        self.places = around | self.layers.keys()
        self.namesakes = Counter(map(_uncounted, self.layers))


@dataclass(frozen=True, slots=True)
class _Level:
    """A way to know an entry and a finding for the same; a key of None fits nothing.

    But for the exact one, no level takes an entry away from a node that is still in its layer and has as many namesakes
    as it had, so that none of them was renumbered. `renamed` levels take none away from a place that is still there.
    """

    key: Callable[[Entry], object]
    exact: bool = False
    renamed: bool = False

    def may_accept(self, entry: Entry, names: _Names) -> bool:
        """Whether the entry may go with a finding of the same key."""
        if self.renamed and entry.place in names.places:
            return False
        there = entry.name in names.layers and names.layers[entry.name] == entry.layer
        return self.exact or not (there and names.namesakes[_uncounted(entry.name)] == entry.namesakes)


def _exactly(entry: Entry) -> object:
    return entry.rule, entry.input, entry.layer, entry.node, entry.output


def _in_its_layer(entry: Entry) -> object:
    return (entry.rule, entry.input, entry.layer, _uncounted(entry.name)) if entry.layer else None


def _by_place(entry: Entry) -> object:
    return entry.rule, entry.input, entry.place


def _by_counted_name(entry: Entry) -> object:
    """PyTorch numbers what stands in no layer (`node_add_3`, `/Add_3`): the number says nothing of which it is."""
    return _uncounted_place(entry) if _counted(entry) else None


def _by_operator(entry: Entry) -> object:
    """PyTorch's two exporters call what stands in no layer by different names: `node_add_3` is `/Add_3` or `375`."""
    return (entry.rule, entry.input, entry.operator) if entry.operator and _counted(entry) else None


def _counted(entry: Entry) -> bool:
    return not entry.layer and (not entry.place or entry.place.startswith(("node_", "/")))


def _by_node(entry: Entry) -> object:
    return entry.rule, entry.input, entry.operator, entry.name


def _uncounted_place(entry: Entry) -> object:
    return entry.rule, entry.input, entry.operator, _uncounted(entry.place)


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


def _uncounted(name: str) -> str:
    """A path without the counters that exporters put behind its parts: `net_1/conv2d_3` is `net/conv2d`."""
    return re.sub(r"_\d+(?=[./]|$)", "", name)


def _of_the_only_input(entry: Entry) -> Entry:
    return replace(entry, input=entry.input and "*")


def _around(layer: str) -> Iterable[str]:
    """The path itself and those of the layers that it lies in."""
    return (layer[: found.start()] for found in re.finditer(r"[./]|$", layer))


def _natural(name: str) -> tuple[tuple[int, str], ...]:
    """A sort key under which `features.2` comes before `features.10`."""
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name))
