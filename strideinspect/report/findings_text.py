"""Findings as text: the most severe first; repeated notes once, with their count."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct

from strideinspect import spelling
from strideinspect.report import source_lines
from strideinspect.report.layout import (
    Line,
    Segment,
    Style,
    cells,
    hang,
    pad,
)
from strideinspect.results import rule_links
from strideinspect.results.fingerprint import layer_of
from strideinspect.results.one_cause import places_of
from strideinspect.results.report import Finding, Report, Severity

STYLES = {Severity.NOTE: Style.NOTE, Severity.WARNING: Style.WARNING, Severity.ERROR: Style.ERROR}
NAMED = 3
"""Number of further places of a repeated finding that are named."""
_NUMBERS = r"[\d.,]+"
MOST = 8
"""Number of warnings or errors of one kind that are listed one by one."""


class Group(Struct, frozen=True):
    """Findings of one rule that share their help, and the places that they stand for: a paragraph."""

    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """The finding that stands for all of them."""
        return self.findings[0]

    @property
    def every_place(self) -> tuple[Finding, ...]:
        """One finding per place."""
        return tuple(place for finding in self.findings for place in places_of(finding))

    def messages(self, most: int | None = None) -> list[tuple[str, Finding]]:
        """Each message with its finding: of notes only the first, with the places of the others; else one per text.

        Of more than `most` texts, the last message names the places of all that remain. Consequences of other rules are
        named in a message of their own.
        """
        own = [place for place in self.every_place if place.rule == self.first.rule]
        consequences = [place for place in self.every_place if place.rule != self.first.rule]
        included = [(_included(consequences), self.first)] if consequences else []
        if self.first.severity is Severity.NOTE:
            return [(self.first.message + _elsewhere(own), self.first), *included]
        texts: dict[object, list[Finding]] = {}
        for number, finding in enumerate(self.findings):
            for place in places_of(finding):
                if place.rule == self.first.rule:
                    text = _without_name(place)
                    # Places of one cause that differ in numbers only: those of the first one are enough to see it.
                    texts.setdefault((number, re.sub(_NUMBERS, "", text)) if finding.also else text, []).append(place)
        many = most is not None and len(texts) > most
        one_by_one = list(texts.values())[: (most or 0) - 1] if many else list(texts.values())
        listed = [(alike[0].message + _elsewhere(alike), alike[0]) for alike in one_by_one]
        rest = [place for alike in list(texts.values())[len(listed) :] for place in alike]
        left = [(f"and {len(rest):,} more, at {_named(rest)}", rest[0])] if rest else []
        return [*listed, *left, *included]

    def lines(self, files: source_lines.Files) -> Iterator[tuple[str, str]]:
        """Each message with its place in source code, where known; a place that several share once, after the last."""
        placed = [(message, source_lines.at(finding, files)) for message, finding in self.messages(MOST)]
        for (message, place), (_, following) in zip(placed, [*placed[1:], ("", "")], strict=True):
            yield message, "" if place == following else place


def grouped(findings: Iterable[Finding]) -> list[Group]:
    """The most severe first, else in the order given; notes grouped by rule, warnings and errors by rule and help."""
    groups: dict[tuple[str, Severity, str], list[Finding]] = {}
    for finding in sorted(findings, key=lambda finding: -finding.severity.rank):
        advice = "" if finding.severity is Severity.NOTE else finding.help
        groups.setdefault((finding.rule, finding.severity, advice), []).append(finding)
    return [Group(tuple(members)) for members in groups.values()]


def render(report: Report, width: int, show: Severity, files: source_lines.Files) -> Iterator[Line]:
    """A paragraph per group of findings of this severity or higher: severity, rule, messages, places, a help line."""
    groups = grouped(report.at_least(show))
    severity_width = max((cells(group.first.severity) for group in groups), default=0) + 2
    rule_width = max((cells(group.first.rule) for group in groups), default=0) + 2
    for group in groups:
        severity = Segment(pad(group.first.severity, severity_width), STYLES[group.first.severity])
        rule = group.first.rule
        gap = Segment(" " * (rule_width - cells(rule)))
        head: tuple[Segment, ...] = (
            severity,
            Segment(rule, Style.STRONG, rule_links.address(rule, group.first.page)),
            gap,
        )
        for message, place in group.lines(files):
            yield from _beside(head, message, width, severity_width)
            head = (Segment(" " * severity_width), Segment(" " * rule_width))
            if place:
                yield from _beside(head, f"at {place}", width, severity_width, Style.DIM)
        if group.first.help:
            head = (Segment(" " * severity_width + pad("help", rule_width), Style.DIM),)
            yield from hang(head, group.first.help, width, style=Style.DIM)


def _beside(
    head: tuple[Segment, ...], message: str, width: int, below: int, style: Style = Style.PLAIN
) -> Iterator[Line]:
    """The message beside its head; below it, indented less, where a name in it is too long to fit."""
    longest = max(map(cells, message.split()), default=0)
    if longest <= width - sum(cells(span.text) for span in head):
        yield from hang(head, message, width, style=style)
        return
    if any(span.text.strip() for span in head):
        yield head
    yield from hang((Segment(" " * below),), message, width, style=style)


def _included(consequences: Sequence[Finding]) -> str:
    """`includes padding-only-window at b, c; unproductive-layer at c`."""
    rules: dict[str, list[Finding]] = {}
    for place in consequences:
        rules.setdefault(place.rule, []).append(place)
    return "includes " + "; ".join(f"{rule} at {_named(places)}" for rule, places in rules.items())


def _elsewhere(findings: Sequence[Finding]) -> str:
    """The other places of a repeated finding: ` (3 times; also at a, b)`; `likewise` where numbers differ."""
    if len(findings) == 1:
        return ""
    others = _named(findings[1:], but=findings[0])
    same = len({_without_name(finding) for finding in findings}) == 1 or findings[0].severity is Severity.NOTE
    where = f"; {'also' if same else 'likewise'} at {others}" if others else ""
    return f" ({len(findings):,} times{where})"


def _named(findings: Iterable[Finding], but: Finding | None = None) -> str:
    """The first few places of these findings, each once, and how many there are besides.

    Where a place is in the same layer as `but`, the node is named.
    """
    here = None if but is None else _place(but)
    places = [_node(finding) if _place(finding) == here else _place(finding) for finding in findings]
    unique = [place for place in dict.fromkeys(places) if place and (but is None or place != _node(but))]
    named, left = ", ".join(unique[:NAMED]), len(unique[NAMED:])
    return named + (f" and {left} more" if left else "")


def _without_name(finding: Finding) -> str:
    """The message from behind the name of the node on: what repeated findings have in common."""
    before, name, behind = finding.message.partition(f" {finding.node or finding.output}")
    return behind if name else before


def _place(finding: Finding) -> str:
    return layer_of(finding) or _node(finding)


def _node(finding: Finding) -> str:
    return finding.node or finding.output or finding.input or ""


def summary(report: Report) -> Line:
    """`1 error, 2 warnings, 5 notes`, or `no findings`."""
    parts: list[Segment] = []
    for severity in reversed(Severity):
        number = sum(finding.severity is severity for finding in report.findings)
        if number:
            parts += [Segment(", "), Segment(spelling.count(number, severity.value), STYLES[severity])]
    return tuple(parts[1:]) or (Segment("no findings", Style.GOOD),)


def accepted(report: Report) -> Iterator[str]:
    """`12 findings accepted in strideinspect-baseline.json`, where a baseline took any out of the report."""
    if report.accepted is not None and report.accepted.findings:
        number = sum(len(places_of(finding)) for finding in report.accepted.findings)  # an entry of the file for each
        yield f"{spelling.count(number, 'finding')} accepted in {report.accepted.baseline}"
