"""The findings as Markdown, for a pull request's comment or a job's summary: GitHub's flavour, tables included."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import structs

from strideinspect import spelling
from strideinspect.report import (
    field_text,
    findings_text,
    layout,
    number_text,
    source_lines,
    verification,
)
from strideinspect.results import rule_links
from strideinspect.results.report import FailedReport, Report, Severity, TensorReport
from strideinspect.results.rows import by_input

_UNBROKEN = 1_000_000
"""A width at which no line is broken."""

_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~&@])")


def render(
    results: Sequence[Report | FailedReport],
    *,
    files: source_lines.Files = source_lines.AS_GIVEN,
    show: Severity = Severity.NOTE,
    rows: int | None = None,
) -> str:
    """An overview of several models, and a section per model; findings of severity `show` or higher are listed.

    `rows` limits the number of finding rows, for places of limited size; a line says how many are omitted.
    """
    lines = [*_overview(results, files)] if len(results) > 1 else []
    for result in results:
        if isinstance(result, FailedReport):
            lines += _failed(result, files)
        else:
            table = _table(result, files, show)
            lines += _section(result, files, table if rows is None else table[:rows], len(table))
            rows = None if rows is None else max(0, rows - len(table))
    return "\n".join(lines)


def _overview(results: Sequence[Report | FailedReport], files: source_lines.Files) -> Iterator[str]:
    yield "| model | findings |"
    yield "|---|---|"
    for result in results:
        verdict = "**not inspected**" if isinstance(result, FailedReport) else _summary(result)
        yield f"| {escaped(files.model(result.path))} | {verdict} |"
    yield ""


def _summary(report: Report) -> str:
    return layout.plain([findings_text.summary(report)]).strip()


def _failed(result: FailedReport, files: source_lines.Files) -> Iterator[str]:
    yield f"## {escaped(files.model(result.path))}\n"
    yield f"**not inspected**: {escaped(result.message)}" + (f"<br>{escaped(result.help)}" if result.help else "")
    yield ""


def _section(report: Report, files: source_lines.Files, table: Sequence[str], rows: int) -> Iterator[str]:
    yield f"## {escaped(files.model(report.path))}\n"
    yield from (f"- {escaped(fact)}" for fact in _facts(report))
    yield f"- **{_summary(report)}**\n"
    if table:
        yield "| severity | rule | finding |"
        yield "|---|---|---|"
        yield from table
        yield ""
    if len(table) < rows:
        yield f"{spelling.count(rows - len(table), 'row')} omitted: the complete list does not fit here.\n"


def _facts(report: Report) -> Iterator[str]:
    """The inputs, the receptive fields of the outputs, accepted findings and the verification."""
    yield from (f"{i.name}: {spelling.shape_text(i.shape)} {number_text.layout_of(i)}" for i in report.inputs)
    yield from (_output(output) for output in report.outputs)
    untimed = structs.replace(
        report, verification=structs.replace(report.verification, seconds=None)
    )  # the same model gives the same bytes
    yield from findings_text.accepted(report)
    yield from map(str.strip, layout.plain(verification.render(untimed, _UNBROKEN)).splitlines())


def _output(output: TensorReport) -> str:
    seen = [field_text.sentence(fields, name=name) for name, fields in by_input(output.fields).items()]
    seen = field_text.scale_sentences(output.scales) or seen
    return f"{output.name}: {spelling.shape_text(output.shape)}" + "".join(f"; {sentence}" for sentence in seen)


def _table(report: Report, files: source_lines.Files, show: Severity) -> list[str]:
    """A row per paragraph of the text report: repeated notes are one row."""
    return [_row(group, files) for group in findings_text.grouped(report.at_least(show))]


def _row(group: findings_text.Group, files: source_lines.Files) -> str:
    rule = group.first.rule
    lines = []
    for message, place in group.lines(files):
        lines.append(message)
        if place:
            lines.append(f"at {place}")
    if group.first.help:
        lines.append(f"help: {group.first.help}")
    link = f"[{rule}]({rule_links.address(rule, group.first.page)})"
    return f"| {group.first.severity} | {link} | {'<br>'.join(map(escaped, lines))} |"


def escaped(text: str) -> str:
    """The text as it is, whatever it holds: names come from a file."""
    return _MARKS.sub(r"\\\1", layout.printable(text))
