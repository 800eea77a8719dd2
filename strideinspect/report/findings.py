"""Findings for people: gravest first, notes that repeat said once with their count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from strideinspect.report import pages, places, words
from strideinspect.report.layout import Line, Span, Style, cells, hang, pad
from strideinspect.report.model import Finding, Report, Severity

STYLES = {Severity.NOTE: Style.NOTE, Severity.WARNING: Style.WARNING, Severity.ERROR: Style.ERROR}
NAMED = 3
"""How many further places of a repeated note are named."""


@dataclass(frozen=True, slots=True)
class Group:
    """Findings of one rule that share their help: a paragraph."""

    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """The finding that stands for all of them."""
        return self.findings[0]

    def messages(self) -> list[tuple[str, Finding]]:
        """What is said and of which finding: all grave ones, but of notes the first alone, with the others' places."""
        if self.first.severity is Severity.NOTE:
            return [(self.first.message + _elsewhere(self.findings), self.first)]
        return [(finding.message, finding) for finding in self.findings]

    def told(self, files: places.Files) -> Iterator[tuple[str, str]]:
        """Each message with its place in source code, where that is known; the same place once, after the last."""
        told = [(message, places.at(finding, files)) for message, finding in self.messages()]
        for (message, place), (_, following) in zip(told, [*told[1:], ("", "")], strict=True):
            yield message, "" if place == following else place


def grouped(findings: Iterable[Finding]) -> list[Group]:
    """Gravest first, else in the order given; notes of one rule together, graver ones where their help agrees too."""
    groups: dict[tuple[str, Severity, str], list[Finding]] = {}
    for finding in sorted(findings, key=lambda finding: -finding.severity.rank):
        advice = "" if finding.severity is Severity.NOTE else finding.help
        groups.setdefault((finding.rule, finding.severity, advice), []).append(finding)
    return [Group(tuple(found)) for found in groups.values()]


def render(report: Report, width: int, show: Severity, files: places.Files) -> Iterator[Line]:
    """A paragraph per group of findings of this severity or graver: severity, rule, messages, places, a help line."""
    groups = grouped(report.at_least(show))
    severity_width = max((cells(group.first.severity) for group in groups), default=0) + 2
    rule_width = max((cells(group.first.rule) for group in groups), default=0) + 2
    for group in groups:
        severity = Span(pad(group.first.severity, severity_width), STYLES[group.first.severity])
        rule = group.first.rule
        gap = Span(" " * (rule_width - cells(rule)))
        head: tuple[Span, ...] = (severity, Span(rule, Style.STRONG, pages.address(rule)), gap)
        for message, place in group.told(files):
            yield from _beside(head, message, width, severity_width)
            head = (Span(" " * severity_width), Span(" " * rule_width))
            if place:
                yield from _beside(head, f"at {place}", width, severity_width, Style.DIM)
        if group.first.help:
            head = (Span(" " * severity_width + pad("help", rule_width), Style.DIM),)
            yield from hang(head, group.first.help, width, style=Style.DIM)


def _beside(head: tuple[Span, ...], message: str, width: int, below: int, style: Style = Style.PLAIN) -> Iterator[Line]:
    """The message beside its head; below it, indented less, where a name in it is too long for that."""
    longest = max(map(cells, message.split()), default=0)
    if longest <= width - sum(cells(span.text) for span in head):
        yield from hang(head, message, width, style=style)
        return
    if any(span.text.strip() for span in head):
        yield head
    yield from hang((Span(" " * below),), message, width, style=style)


def _elsewhere(findings: Sequence[Finding]) -> str:
    """That this is said of other places too: ` (3 times; also at a, b)`."""
    if len(findings) == 1:
        return ""
    _, *others = dict.fromkeys(finding.node or finding.output or finding.input or "" for finding in findings)
    places = [place for place in others if place]
    named, left = ", ".join(places[:NAMED]), len(places[NAMED:])
    also = f"; also at {named}" + (f" and {left} more" if left else "") if named else ""
    return f" ({len(findings):,} times{also})"


def summary(report: Report) -> Line:
    """`1 error, 2 warnings, 5 notes`, or that there is nothing to say."""
    parts: list[Span] = []
    for severity in reversed(Severity):
        number = sum(finding.severity is severity for finding in report.findings)
        if number:
            parts += [Span(", "), Span(words.count(number, severity.value), STYLES[severity])]
    return tuple(parts[1:]) or (Span("no findings", Style.GOOD),)


def accepted(report: Report) -> Iterator[str]:
    """`12 findings accepted in strideinspect-baseline.json`, where a baseline took any out of the report."""
    if report.accepted is not None and report.accepted.findings:
        yield f"{words.count(len(report.accepted.findings), 'finding')} accepted in {report.accepted.baseline}"
