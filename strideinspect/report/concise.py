"""One line per finding, `path: severity rule: message`, for editors, grep and long lists of models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from strideinspect.report import source_lines
from strideinspect.report.layout import inert, printable
from strideinspect.results.report import FailedReport, Report, Severity


def render(
    results: Sequence[Report | FailedReport], *, files: source_lines.Files, show: Severity = Severity.NOTE
) -> str:
    """The findings of severity `show` or higher, model by model, the most severe first.

    The path is the model's; where the line of source that wrote a node is known, it follows in brackets.
    """
    return "".join(f"{inert(printable(line))}\n" for result in results for line in _lines(result, files, show))


def _lines(result: Report | FailedReport, files: source_lines.Files, show: Severity) -> Iterator[str]:
    if isinstance(result, FailedReport):
        yield f"{result.path}: error not-inspected: {result.message}"
        return
    for finding in sorted(result.at_least(show), key=lambda finding: -finding.severity.rank):
        line = source_lines.line_of(finding, files)
        where = "" if line is None else f" [{line.file}:{line.number}]"
        yield f"{result.path}: {finding.severity} {finding.rule}: {finding.message}{where}"
