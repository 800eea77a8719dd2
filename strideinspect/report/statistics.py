"""Statistics over many reports: how often each rule fired, and how many models have findings of each severity."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from strideinspect import spelling
from strideinspect.report.findings_text import STYLES
from strideinspect.report.layout import (
    Document,
    Line,
    Segment,
    Style,
    line,
    pad,
)
from strideinspect.results.report import FailedReport, Finding, Report, Severity


def render(results: Sequence[Report | FailedReport]) -> Document:
    """A line per rule and severity: how many findings, in how many models; most severe first, then most frequent."""
    found = [(finding, index) for index, result in enumerate(results) for finding in _findings(result)]
    counts = Counter((finding.severity, finding.rule) for finding, _ in found)
    models = Counter((severity, rule) for severity, rule, _ in {(f.severity, f.rule, index) for f, index in found})
    order = sorted(counts, key=lambda key: (-key[0].rank, -counts[key], key[1]))
    width = max((len(f"{count:,}") for count in counts.values()), default=0)
    rule_width = max((len(rule) for _, rule in order), default=0)
    rows = (
        line(
            f"{counts[severity, rule]:>{width},}  ",
            Segment(pad(severity, len(Severity.WARNING) + 2), STYLES[severity]),
            Segment(pad(rule, rule_width + 2), Style.STRONG),
            f"in {spelling.count(models[severity, rule], 'model')}",
        )
        for severity, rule in order
    )
    return (*rows, *summary(results))


def summary(results: Sequence[Report | FailedReport]) -> Document:
    """`30 models: 2 with errors, 5 with warnings, 1 could not be inspected`."""
    worst = Counter(
        max((f.severity for f in _findings(result)), key=lambda s: s.rank, default=None) for result in results
    )
    parts: list[Segment] = []
    for severity in reversed(Severity):
        if worst[severity]:
            parts += [Segment(", "), Segment(f"{worst[severity]:,} with {severity}s", STYLES[severity])]
    failed = sum(isinstance(result, FailedReport) for result in results)
    if failed:
        parts += [Segment(", "), Segment(f"{failed:,} could not be inspected", Style.ERROR)]
    counts: Line = tuple(parts[1:]) or (Segment("no findings", Style.GOOD),)
    return ((Segment(f"{spelling.count(len(results), 'model')}: ", Style.STRONG), *counts),)


def _findings(result: Report | FailedReport) -> Sequence[Finding]:
    return () if isinstance(result, FailedReport) else result.findings
