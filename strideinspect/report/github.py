"""The findings as annotations of a GitHub job: workflow commands on standard output.

Source: GitHub's "Workflow commands for GitHub Actions" (`::error file=…,line=…,title=…::message`). GitHub shows ten
annotations of each level per step; the tenth says how many more there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from strideinspect import spelling
from strideinspect.report import source_lines
from strideinspect.report.layout import printable
from strideinspect.results.report import FailedReport, Finding, Report, Severity

SHOWN = 10
"""Annotations of one level that GitHub shows of a step."""

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


class _Annotation(Struct, frozen=True):
    severity: Severity
    title: str
    lines: tuple[str, ...]
    file: str | None = None
    line: int | None = None


def render(
    results: Sequence[Report | FailedReport], *, files: source_lines.Files, show: Severity = Severity.NOTE
) -> str:
    """Commands for findings of severity `show` or higher, the most severe first, after models that failed.

    Within one severity those on a line of source go first: GitHub shows them in the diff, the others only in a list
    that it cuts short. A finding at several places is one annotation, at the first of them.
    """
    failed = [_failed(result, files) for result in results if isinstance(result, FailedReport)]
    found = [
        _found(finding, files.model(result.path), files)
        for result in results
        if isinstance(result, Report)
        for finding in result.at_least(show)
    ]
    found.sort(key=lambda annotation: annotation.line is None)
    lines = [line for severity in LEVELS for line in _commands(severity, [*failed, *found])]
    return "".join(f"{line}\n" for line in lines)


def _commands(severity: Severity, annotations: Sequence[_Annotation]) -> Iterator[str]:
    own = [annotation for annotation in annotations if annotation.severity is severity]
    shown = own if len(own) <= SHOWN else own[: SHOWN - 1]
    yield from map(_command, shown)
    left = len(own) - len(shown)
    if left:
        more = f"{left:,} more of {spelling.count(len(own), severity.value)} are listed in the job summary"
        yield _command(_Annotation(severity, "strideinspect", (more,)))


def _failed(result: FailedReport, files: source_lines.Files) -> _Annotation:
    lines = (result.message, f"help: {result.help}" if result.help else "")
    file = files.model(result.path)
    return _Annotation(Severity.ERROR, "not inspected", tuple(printable(line) for line in lines if line), file)


def _found(finding: Finding, model: str, files: source_lines.Files) -> _Annotation:
    line = source_lines.line_of(finding, files)
    file, number = (line.file, line.number) if line is not None else (model, None)
    return _Annotation(finding.severity, finding.rule, source_lines.lines_of(finding, model, files), file, number)


def _command(annotation: _Annotation) -> str:
    properties = {"file": annotation.file, "line": annotation.line, "title": annotation.title}
    given = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items() if value is not None)
    message = _data("\n".join(annotation.lines))
    return f"::{LEVELS[annotation.severity]} {given}::{message}"


def _data(text: str) -> str:
    """The text of a command: a percent sign and line ends are spelt out."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """The value of a property: what ends one is spelt out too, and no control character is left."""
    return printable(_data(text)).replace(":", "%3A").replace(",", "%2C")
