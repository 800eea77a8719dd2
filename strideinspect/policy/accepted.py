"""The report without the findings that a baseline accepts."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec import structs

from strideinspect.policy.entry import Entry
from strideinspect.policy.recognition import match
from strideinspect.results.one_cause import places_of
from strideinspect.results.report import Accepted, Report
from strideinspect.results.verdict import Verdict
from strideinspect.rules import registry
from strideinspect.settings import Settings


def judged(report: Report, settings: Settings) -> frozenset[str]:
    """The rules that were run for a report: those of the group runtime only if the model was run."""
    rules = registry.chosen(settings.select, settings.ignore)
    if report.verification.status is not Verdict.NOT_CHECKED:
        return rules
    runtime = {rule.id for rule in registry.all_rules() if rule.group == "runtime"}
    return rules - runtime | {place.rule for finding in report.findings for place in places_of(finding)}


def applied(report: Report, accepted: Sequence[Entry], *, baseline: str, rules: Collection[str]) -> Report:
    """The report without the findings that the entries of its model accept.

    An entry of a rule that is not among `rules` is not stale, since the rule was not run.
    """
    matches = match(report, accepted)
    stale = tuple(entry.title for entry in matches.unused if entry.rule in rules)
    return structs.replace(report, findings=matches.new, accepted=Accepted(baseline, matches.accepted, stale))
