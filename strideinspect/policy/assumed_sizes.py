"""Nobody is failed for an input size that the program chose: what holds only there is a warning or a note."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import structs

from strideinspect.results.report import Finding, Input, Report, Severity
from strideinspect.spelling import by_axes, listed


def applied(report: Report) -> Report:
    """The report with the findings at assumed sizes as warnings or notes; these say which size they hold at.

    A warning is left where the size of an image was chosen, of which there are few usual ones. A length of a signal or
    of a spectrogram, which has no batch, or a number of features can be anything.
    """
    chosen = [given for given in report.inputs if given.assumed]
    sizes = [_size(given) for given in chosen if {*given.origins} != {"state"}] or [*map(_size, chosen)]
    if not sizes:
        return report
    where = f"this is at the assumed size {listed(sizes)}: give the real one with --input-shape"
    image = any(len(given.spatial_axes) > 1 and 0 not in given.spatial_axes for given in chosen)
    most = Severity.WARNING if image else Severity.NOTE
    open_axes = {given.name: {*given.assumed} for given in chosen}
    findings = [
        finding if _on_given_axes(finding, open_axes) else _at_most(most, finding, where) for finding in report.findings
    ]
    return structs.replace(report, findings=tuple(sorted(findings, key=lambda finding: -finding.severity.rank)))


def _on_given_axes(finding: Finding, open_axes: Mapping[str, set[int]]) -> bool:
    """Whether a finding is about axes of an input whose sizes the file gives."""
    return bool(finding.input and finding.axes) and open_axes.get(finding.input or "", set()).isdisjoint(finding.axes)


def _at_most(most: Severity, finding: Finding, where: str) -> Finding:
    if not finding.assumed or finding.severity is Severity.NOTE:
        return finding
    return structs.replace(finding, severity=most, help="; ".join(filter(None, (finding.help, where))))


def _size(given: Input) -> str:
    return f"{given.name}={by_axes(given.shape)}"
