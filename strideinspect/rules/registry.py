"""The rules and what is known of them, our own and those of other packages.

Importing this loads no onnx, numpy or networkx: a rule imports what it needs when it is checked.
"""

from __future__ import annotations

import fnmatch
import pkgutil
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import cache
from importlib import import_module
from itertools import count
from typing import TYPE_CHECKING

from msgspec import Struct

import strideinspect.rules
from strideinspect.errors import UsageError
from strideinspect.nearest_name import nearest_name
from strideinspect.plugins import load_plugins
from strideinspect.results.report import Finding, RuleInfo, Severity
from strideinspect.rules.draft import Draft

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection

RuleCheck = Callable[["Inspection"], Iterable[Draft]]

_NO_RULES = {
    "bounds",
    "causal_axes",
    "causes",
    "clean_sizes",
    "contradictions",
    "control_inputs",
    "draft",
    "inspection",
    "page",
    "registry",
    "size_advice",
    "small_maps",
    "unused",
    "verified_sizes",
    "wording",
}
"""Files of this folder that rules share."""


class _Rule(Struct, frozen=True):
    info: RuleInfo
    check: RuleCheck
    after_verification: bool
    any_size: bool
    docstring: str


_RULES: dict[str, _Rule] = {}


def rule(
    group: str, severity: Severity, *, after_verification: bool = False, any_size: bool = False, page: str = ""
) -> Callable[[RuleCheck], RuleCheck]:
    """Register the check of a rule file: its name, with hyphens, is the rule's id, its docstring the rule's page.

    `severity` is that of every finding, unless a draft lowers it. `any_size` says that what the rule finds is so at
    every input size: other findings are warnings or notes where the program chose the size. `page` is the address of
    the documentation of a rule from another package. Raises ValueError for an id that is registered already.
    """

    def register(check: RuleCheck) -> RuleCheck:
        id_ = check.__module__.rsplit(".", 1)[-1].replace("_", "-")
        if id_ in _RULES:
            raise ValueError(f"rule {id_} is registered already")
        docstring = (import_module(check.__module__).__doc__ or "").strip()
        summary = docstring.partition("\n")[0].rstrip(".")
        _RULES[id_] = _Rule(
            RuleInfo(id_, group, severity, summary, page), check, after_verification, any_size, docstring
        )
        return check

    return register


@cache
def _all() -> tuple[_Rule, ...]:
    for module in pkgutil.iter_modules(strideinspect.rules.__path__):
        if module.name not in _NO_RULES:
            import_module(f"strideinspect.rules.{module.name}")
    load_plugins("strideinspect.rules")
    return tuple(sorted(_RULES.values(), key=lambda r: (r.info.group, r.info.id)))


def docstring_of(rule: RuleInfo) -> str:
    """The docstring of the rule's file: its page."""
    return _RULES[rule.id].docstring


def all_rules() -> tuple[RuleInfo, ...]:
    """Every rule, by group and id."""
    return tuple(r.info for r in _all())


def chosen(select: Sequence[str], ignore: Sequence[str]) -> frozenset[str]:
    """Ids of the rules that run: all or those selected, less those ignored; ids and groups may be named.

    Raises UsageError for a name that is neither, with the nearest one.
    """
    picked = named(select) if select else frozenset(r.info.id for r in _all())
    return picked - named(ignore)


def named(names: Sequence[str]) -> frozenset[str]:
    """Ids of the rules with these names or in these groups; `*` and `?` are wildcards.

    Raises UsageError for a name that is neither, and for a pattern that matches none.
    """
    groups: dict[str, set[str]] = {}
    for r in _all():
        groups.setdefault(r.info.group, set()).add(r.info.id)
    known = {r.info.id: {r.info.id} for r in _all()} | groups
    ids: set[str] = set()
    for name in names:
        matches = fnmatch.filter(known, name)
        if not matches:
            near = nearest_name(name, known, cutoff=0.5)
            hint = f"did you mean {near}?" if near else "`strideinspect rules` lists them"
            raise UsageError(f"there is no rule or group {name!r}", hint)
        ids |= set().union(*(known[match] for match in matches))
    return frozenset(ids)


def run(inspection: Inspection, ids: frozenset[str], *, after_verification: bool) -> list[list[Finding]]:
    """Findings of the rules that run before or after verification, one per place, in lists of one cause each.

    Within a cause they are in the order of the graph, consequences last. Where the model runs at no size that was
    tried, what is so at one of them is left out: it says nothing of the model.
    """
    order = {key: number for number, key in enumerate(inspection.analysis.nodes)}
    causes: dict[Hashable, list[_PlacedFinding]] = {}
    turn = count()
    for r in _all():
        if r.info.id in ids and r.after_verification is after_verification:
            for draft in r.check(inspection):
                if _never_runs(draft, inspection):
                    continue
                finding = _stamped(draft, r, inspection)
                if finding.assumed and inspection.refusal is not None:
                    continue
                cause = _said(draft, r.info.id, inspection) if draft.cause is None else draft.cause
                place = _PlacedFinding(draft.consequence, order.get(finding.output or "", 0), next(turn), finding)
                causes.setdefault(cause, []).append(place)
    ordered = [
        sorted(places, key=lambda place: (place.consequence, place.node, place.turn)) for places in causes.values()
    ]
    return [[place.finding for place in places] for places in sorted(ordered, key=lambda places: places[0].turn)]


def _never_runs(draft: Draft, inspection: Inspection) -> bool:
    """Whether the node is in a branch of an If that cannot run at this size: the other one has to be taken."""
    shapes = inspection.analysis.shapes
    return draft.node is not None and shapes.branches.get(draft.node) in shapes.unfit


class _PlacedFinding(Struct, frozen=True):
    """A finding at one place, and what decides on its order: the place in the graph, and when the rule gave it."""

    consequence: bool
    node: int
    turn: int
    finding: Finding


def _said(draft: Draft, id_: str, inspection: Inspection) -> Hashable:
    """What a draft says, without the name of its node."""
    node = None if draft.node is None else inspection.analysis.nodes[draft.node]
    message = draft.message if node is None else draft.message.removeprefix(f"{node.op} {node.label}")
    return id_, draft.severity, message, draft.help, draft.axes, draft.tensor, draft.input


def _stamped(draft: Draft, by: _Rule, inspection: Inspection) -> Finding:
    """The draft as a finding: with its rule, and the name and source line of its node."""
    analysis, rule = inspection.analysis, by.info
    any_size = by.any_size if draft.any_size is None else draft.any_size
    place = draft.written_by or draft.node
    return Finding(
        rule=rule.id,
        severity=draft.severity or rule.severity,
        message=draft.message,
        help=draft.help,
        node=None if draft.node is None else analysis.nodes[draft.node].name or None,
        output=draft.tensor or draft.node,
        input=draft.input,
        axes=draft.axes,
        ranges=draft.ranges,
        pixels=draft.pixels,
        sizes=draft.sizes,
        source=None if place is None else analysis.source_of(place),
        page=rule.page,
        assumed=bool(analysis.assumed) and not any_size,
    )
