"""The rules and what is known of them, our own and those of other packages.

Importing this loads no onnx, numpy or networkx: a rule imports what it needs when it is checked.
"""

from __future__ import annotations

import difflib
import fnmatch
import pkgutil
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

import strideinspect.rules
from strideinspect.errors import UsageError
from strideinspect.plugins import load_plugins
from strideinspect.results.report import Finding, RuleInfo, Severity
from strideinspect.rules.draft import Draft

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection

RuleCheck = Callable[["Inspection"], Iterable[Draft]]

_NO_RULES = {
    "bounds",
    "causes",
    "contradictions",
    "draft",
    "inspection",
    "page",
    "registry",
    "size_advice",
    "unused",
    "wording",
}
"""Files of this folder that rules share."""


class _Rule(NamedTuple):
    info: RuleInfo
    check: RuleCheck
    after_verification: bool
    docstring: str


_RULES: dict[str, _Rule] = {}


def rule(
    group: str, severity: Severity, *, after_verification: bool = False, page: str = ""
) -> Callable[[RuleCheck], RuleCheck]:
    """Register the check of a rule file: its name, with hyphens, is the rule's id, its docstring the rule's page.

    `severity` is that of every finding, unless a draft lowers it. `page` is the address of the documentation of a rule
    from another package. Raises ValueError for an id that is registered already.
    """

    def register(check: RuleCheck) -> RuleCheck:
        id_ = check.__module__.rsplit(".", 1)[-1].replace("_", "-")
        if id_ in _RULES:
            raise ValueError(f"rule {id_} is registered already")
        docstring = (import_module(check.__module__).__doc__ or "").strip()
        summary = docstring.partition("\n")[0].rstrip(".")
        _RULES[id_] = _Rule(RuleInfo(id_, group, severity, summary, page), check, after_verification, docstring)
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
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else "`strideinspect rules` lists them"
            raise UsageError(f"there is no rule or group {name!r}", hint)
        ids |= set().union(*(known[match] for match in matches))
    return frozenset(ids)


def run(inspection: Inspection, ids: frozenset[str], *, after_verification: bool) -> list[Finding]:
    """Findings of the rules that run before or after verification."""
    return [
        _stamped(draft, r.info, inspection)
        for r in _all()
        if r.info.id in ids and r.after_verification is after_verification
        for draft in r.check(inspection)
    ]


def _stamped(draft: Draft, rule: RuleInfo, inspection: Inspection) -> Finding:
    """The draft as a finding: with its rule, and the name and source line of its node."""
    analysis = inspection.analysis
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
    )
