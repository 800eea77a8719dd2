"""Severities that a project sets for rules, and layers in which it ignores them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from msgspec import structs

from strideinspect.results.layer_paths import enclosing
from strideinspect.results.one_cause import joined, places_of
from strideinspect.results.report import Finding, Report, Severity
from strideinspect.rules import registry


def applied(
    report: Report,
    severity: Mapping[str, Severity],
    per_node_ignores: Sequence[tuple[str, Sequence[str]]],
) -> Report:
    """The report without ignored findings, the others with the severities that the project sets.

    The keys of `severity` are rules or groups, a rule's own severity overriding its group's. `per_node_ignores` are
    rules or groups by pattern of a layer path (its own or that of a module around it), node name or output; they
    concern each place of a finding. The findings are sorted by severity again.

    Raises UsageError for a name that is neither a rule nor a group.
    """
    if not severity and not per_node_ignores:
        return report
    severities = _by_rule(severity)
    ignores = [(pattern, registry.named(names)) for pattern, names in per_node_ignores]
    causes = (
        [
            structs.replace(place, severity=severities.get(place.rule, place.severity))
            for place in places_of(finding)
            if not any(_ignored(place, *entry) for entry in ignores)
        ]
        for finding in report.findings
    )
    return structs.replace(report, findings=joined(causes))


def _by_rule(severity: Mapping[str, Severity]) -> dict[str, Severity]:
    """Severities by rule; groups are applied first, so that a rule overrides its group."""
    wanted = [(registry.named([name]), name) for name in severity]
    groups_first = sorted(wanted, key=lambda entry: next(iter(entry[0])) == entry[1])
    return {rule: severity[name] for rules, name in groups_first for rule in rules}


def _ignored(finding: Finding, pattern: str, rules: frozenset[str]) -> bool:
    layer = finding.source.scope if finding.source else None
    places = filter(None, (*(enclosing(layer) if layer else ()), finding.node, finding.output))
    return finding.rule in rules and any(fnmatchcase(place, pattern) for place in places)
