"""The rules and what is known of them. Importing this loads no onnx, numpy or networkx: rules ask the inspection."""

from __future__ import annotations

import difflib
import pkgutil
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

import strideinspect.rules
from strideinspect.errors import UsageError
from strideinspect.results.report import Finding, RuleInfo, Severity

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection

RuleCheck = Callable[["Inspection"], Iterable[Finding]]

_NO_RULES = {"bounds", "registry", "inspection", "advice", "causes", "page", "wording"}


class _Rule(NamedTuple):
    info: RuleInfo
    check: RuleCheck
    after_verification: bool


_RULES: dict[str, _Rule] = {}


def rule(group: str, severity: Severity, *, after_verification: bool = False) -> Callable[[RuleCheck], RuleCheck]:
    """Register the check of a rule file. Raises ValueError for a second check in one file."""

    def register(check: RuleCheck) -> RuleCheck:
        id_ = check.__module__.rsplit(".", 1)[-1].replace("_", "-")
        if id_ in _RULES:
            raise ValueError(f"rule {id_} is registered already")
        summary = (import_module(check.__module__).__doc__ or "").strip().splitlines()[0].rstrip(".")
        _RULES[id_] = _Rule(RuleInfo(id_, group, severity, summary), check, after_verification)
        return check

    return register


@cache
def _all() -> tuple[_Rule, ...]:
    for module in pkgutil.iter_modules(strideinspect.rules.__path__):
        if module.name not in _NO_RULES:
            import_module(f"strideinspect.rules.{module.name}")
    return tuple(sorted(_RULES.values(), key=lambda r: (r.info.group, r.info.id)))


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
    """Ids of the rules that names of rules and groups stand for. Raises UsageError for a name that is neither."""
    groups: dict[str, set[str]] = {}
    for r in _all():
        groups.setdefault(r.info.group, set()).add(r.info.id)
    known = {r.info.id: {r.info.id} for r in _all()} | groups
    found: set[str] = set()
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else "`strideinspect rules` lists them"
            raise UsageError(f"there is no rule or group {name!r}", hint)
        found |= known[name]
    return frozenset(found)


def run(inspection: Inspection, ids: frozenset[str], *, after_verification: bool) -> list[Finding]:
    """Findings of the rules that run before or after verification."""
    return [
        finding
        for r in _all()
        if r.info.id in ids and r.after_verification is after_verification
        for finding in r.check(inspection)
    ]
