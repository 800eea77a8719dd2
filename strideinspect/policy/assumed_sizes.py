"""Nobody is failed for an input size that the program chose: what holds only there is a warning at most."""

from __future__ import annotations

from dataclasses import replace

from strideinspect.results.report import Finding, Input, Report, Severity
from strideinspect.spelling import by_axes, listed


def applied(report: Report) -> Report:
    """The report with the findings at assumed sizes as warnings or notes; warnings say which size they hold at."""
    chosen = [given for given in report.inputs if given.assumed]
    sizes = [_size(given) for given in chosen if {*given.origins} != {"state"}] or [*map(_size, chosen)]
    if not sizes:
        return report
    where = f"this is at the assumed size {listed(sizes)}: give the real one with --input-shape"
    findings = [_at_most_warning(finding, where) for finding in report.findings]
    return replace(report, findings=tuple(sorted(findings, key=lambda finding: -finding.severity.rank)))


def _at_most_warning(finding: Finding, where: str) -> Finding:
    if not finding.assumed or finding.severity is Severity.NOTE:
        return finding
    return replace(finding, severity=Severity.WARNING, help="; ".join(filter(None, (finding.help, where))))


def _size(given: Input) -> str:
    return f"{given.name}={by_axes(given.shape)}"
