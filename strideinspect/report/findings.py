"""Findings for people: gravest first, notes that repeat said once with their count."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from strideinspect.report import words
from strideinspect.report.layout import Line, Span, Style, cells, hang, pad
from strideinspect.report.model import Finding, Report, Severity

STYLES = {Severity.NOTE: Style.NOTE, Severity.WARNING: Style.WARNING, Severity.ERROR: Style.ERROR}
NAMED = 3
"""How many further places of a repeated note are named."""


@dataclass(frozen=True, slots=True)
class Group:
    """A finding, and the others that say the same of other places."""

    finding: Finding
    others: tuple[Finding, ...] = ()

    @property
    def title(self) -> str:
        """The rule, with the count where there is more than one."""
        return self.finding.rule + (f" ×{len(self.others) + 1}" if self.others else "")


def grouped(findings: Sequence[Finding]) -> list[Group]:
    """Gravest first, else in the order given; notes of one rule together, graver ones each by itself."""
    groups: dict[object, list[Finding]] = {}
    for number, finding in enumerate(sorted(findings, key=lambda finding: -finding.severity.rank)):
        key = finding.rule if finding.severity is Severity.NOTE else number
        groups.setdefault(key, []).append(finding)
    return [Group(first, tuple(others)) for first, *others in groups.values()]


def render(report: Report, width: int, show: Severity) -> Iterator[Line]:
    """One paragraph per finding of this severity or graver: severity, rule, message, and a help line."""
    groups = grouped(list(report.at_least(show)))
    severity_width = max((cells(group.finding.severity) for group in groups), default=0)
    title_width = max((cells(group.title) for group in groups), default=0)
    for group in groups:
        style = STYLES[group.finding.severity]
        yield from hang(
            (
                Span(pad(group.finding.severity, severity_width + 2), style),
                Span(pad(group.title, title_width + 2), Style.STRONG),
            ),
            group.finding.message + _elsewhere(group),
            width,
        )
        if group.finding.help:
            head = " " * (severity_width + 2) + pad("help", title_width + 2)
            yield from hang((Span(head, Style.DIM),), group.finding.help, width, style=Style.DIM)


def _elsewhere(group: Group) -> str:
    if not group.others:
        return ""
    places = [place for finding in group.others if (place := finding.node or finding.output or finding.input)]
    named = ", ".join(places[:NAMED])
    left = len(group.others) - len(places[:NAMED])
    if not named:
        return f" (and {left} more)"
    return f" (also at {named})" if not left else f" (also at {named} and {left} more)"


def summary(report: Report) -> Line:
    """`1 error, 2 warnings, 5 notes`, or that there is nothing to say."""
    parts: list[Span] = []
    for severity in reversed(Severity):
        number = sum(finding.severity is severity for finding in report.findings)
        if number:
            parts += [Span(", "), Span(words.count(number, severity.value), STYLES[severity])]
    return tuple(parts[1:]) or (Span("no findings", Style.GOOD),)
