"""Of the sizes that the program may choose, one at which nothing is found above a note: warnings are for real sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strideinspect.results.report import Finding, Severity
from strideinspect.rules import registry
from strideinspect.rules.inspection import Inspection
from strideinspect.rules.verified_sizes import accepted
from strideinspect.settings import Settings

if TYPE_CHECKING:
    from strideinspect.analysis import Analysis
    from strideinspect.results.field import InputAxis
    from strideinspect.studies.size_trials import Attempt, SizeTrials


def preferred(trials: SizeTrials) -> Attempt:
    """The first size that runs if nothing speaks against it; else, of a few others, the one with the fewest findings.

    Of two with as many, the one in which more layers have a position.

    Only findings above a note that hold at the chosen size count, whatever the user expects or ignores. The others are
    analysed, not run.
    """
    first = trials.best()
    if first.reason is not None or not first.analysis.assumed:
        return first
    found = fewest = _found(first.analysis)
    better: Attempt | None = None
    placed = 0
    for other in trials.others(_ends(found)) if found else ():
        there = _found(other.analysis)
        better_placed = better is not None and len(there) == len(fewest) and _placed(other.analysis) > placed
        if len(there) < len(fewest) or better_placed:
            better, fewest, placed = other, there, _placed(other.analysis)
        if not there:
            break
    if better is None:
        return first
    return trials.prefer(better, ", ".join(dict.fromkeys(finding.rule for finding in found)))


def _found(analysis: Analysis) -> list[Finding]:
    """What an inspection at a size finds above a note, and only there."""
    ids = frozenset(rule.id for rule in registry.all_rules())
    causes = registry.run(Inspection(analysis, Settings(), accepted, advises=False), ids, after_verification=False)
    return [
        finding for places in causes for finding in places if finding.assumed and finding.severity is not Severity.NOTE
    ]


def _placed(analysis: Analysis) -> int:
    """How many layers have a position with a closed form: fewer where sizes mix axes that the model keeps apart."""
    return sum(any(field.size is not None for field in window.fields) for window in analysis.windows)


def _ends(found: list[Finding]) -> dict[InputAxis, int]:
    """Per axis of an input, where what reaches no output begins, if that is its end."""
    return {
        (finding.input, axis): finding.ranges[0][0]
        for finding in found
        if finding.rule == "unseen-input" and finding.input and len(finding.ranges) == 1 and finding.ranges[0][0] > 0
        for axis in finding.axes
    }
