"""A section for a model card, in Markdown: what the model sees, its resolution by step, and its layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from strideinspect import spelling
from strideinspect.report import (
    field_text,
    findings_text,
    ladder_text,
    layer_table,
    number_text,
    source_lines,
    verification,
)
from strideinspect.report.layout import plain, printable
from strideinspect.report.markdown import escaped
from strideinspect.results.report import FailedReport, Report
from strideinspect.results.rows import by_input

_UNBROKEN = 1_000_000
"""A width at which no line is broken."""


def render(
    results: Sequence[Report | FailedReport], *, version: str, files: source_lines.Files = source_lines.AS_GIVEN
) -> str:
    """A section per model that could be inspected."""
    reports = [result for result in results if isinstance(result, Report)]
    return "\n".join(line for report in reports for line in _section(report, version, files))


def _section(report: Report, version: str, files: source_lines.Files) -> Iterator[str]:
    yield "## Receptive field and resolution\n"
    yield f"Of `{printable(files.model(report.path)).replace('`', '')}`, by strideinspect {version}.\n"
    for given in report.inputs:
        yield f"- Input {escaped(given.name)}: {spelling.shape_text(given.shape)}, {number_text.layout_of(given)}"
    for output in report.outputs:
        for name, fields in by_input(output.fields).items():
            yield f"- Output {escaped(output.name)}: {escaped(field_text.sentence(fields, name=name))}"
    for part in report.unseen:
        several = len(part.ranges) > 1 or part.ranges[0][0] < part.ranges[0][1]
        indices = f"{spelling.plural('index', 1 + several)} {spelling.spans(part.ranges)}"
        yield f"- No output depends on {indices} along axis {part.axis} of {escaped(part.input)}"
    totals = report.totals
    macs = "" if totals.macs is None else f", {number_text.magnitude(totals.macs)} multiply-adds"
    yield f"- {number_text.magnitude(totals.parameters)} parameters{macs}"
    yield f"- Findings: {plain([findings_text.summary(report)]).strip()}"
    yield f"- Verification: {escaped(plain(verification.render(report, _UNBROKEN)).splitlines()[0].strip())}\n"
    steps = [item for item in ladder_text.steps_of(report) if item.step.branch == 0]
    if steps:
        yield from _table(("layer", "trainable", "map", "stride"), [_step(item) for item in steps], 2)
    if report.nodes:
        yield f"<details><summary>{spelling.count(len(report.nodes), 'layer')}</summary>\n"
        yield from _table(layer_table.TITLES, list(layer_table.rows(report)), layer_table.NUMBERS)
        yield "</details>\n"


def _step(item: ladder_text.StepNodes) -> tuple[str, ...]:
    stride = ladder_text.stride(item.step) or spelling.NONE
    return item.label, item.trainable, spelling.shape_text(item.step.size), stride


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]], numbers: int) -> Iterator[str]:
    """A table whose columns from `numbers` on are aligned to the right; an empty line after it."""
    yield f"| {' | '.join(titles)} |"
    yield f"|{'|'.join('--:' if column >= numbers else '---' for column in range(len(titles)))}|"
    yield from (f"| {' | '.join(map(escaped, row))} |" for row in rows)
    yield ""
