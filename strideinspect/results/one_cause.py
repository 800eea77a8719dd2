"""One finding per cause: findings that belong together become one, and can be taken apart again.

Settings, ignores and baselines concern places, so they take findings apart, change them, and join what is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from msgspec import structs

from strideinspect.results.report import Severity

if TYPE_CHECKING:
    from strideinspect.results.report import Finding


def places_of(finding: Finding) -> tuple[Finding, ...]:
    """The finding and all that it stands for, one finding per place."""
    return (structs.replace(finding, also=()), *finding.also)


def joined(causes: Iterable[Sequence[Finding]]) -> tuple[Finding, ...]:
    """One finding per cause, given the findings per place; the most severe first, else in order.

    The most severe place, the first of several, stands for the others. Notes of one rule are one finding whatever
    their causes are: each is true, and none asks for a change.
    """
    groups: dict[object, list[Finding]] = {}
    for number, places in enumerate(causes):
        ordered = sorted(places, key=lambda finding: -finding.severity.rank)
        if ordered:
            first = ordered[0]
            groups.setdefault(first.rule if first.severity is Severity.NOTE else number, []).extend(ordered)
    findings = (_whole(places) for places in groups.values())
    return tuple(sorted(findings, key=lambda finding: -finding.severity.rank))


def _whole(places: Sequence[Finding]) -> Finding:
    """The finding that stands for these places; if it has no advice of its own, with that of a consequence."""
    advice = next((place.help for place in places if place.help), "")
    return structs.replace(places[0], help=advice, also=tuple(places[1:]))
