"""A report for people at a terminal: header, ladder, windows, outputs, findings, and what running said."""

from __future__ import annotations

from collections.abc import Iterator

from strideinspect.report import (
    field_text,
    findings,
    ladder,
    number_text,
    places,
    table,
    verification,
)
from strideinspect.report.layout import (
    Document,
    Line,
    Segment,
    Style,
    cells,
    flow,
    hang,
    line,
    pad,
)
from strideinspect.results.report import Input, Report, Severity, TensorReport


def render(
    report: Report, *, width: int = 80, show: Severity = Severity.NOTE, files: places.Files = places.AS_GIVEN
) -> Document:
    """The whole report at a width in terminal cells; findings of severity `show` and graver are listed.

    `files` knows what source files are called in the repository.
    """
    sections = (
        _header(report, width),
        ladder.render(report, width),
        table.render(report, width),
        _tensors(report, width),
        findings.render(report, width, show, files),
        _closing(report, width),
    )
    return tuple(_separated(sections))


def render_quiet(
    report: Report, *, width: int = 80, show: Severity = Severity.NOTE, files: places.Files = places.AS_GIVEN
) -> Document:
    """The findings alone, under the model's path; nothing where there are none."""
    listed = tuple(findings.render(report, width, show, files))
    return (line(Segment(report.path, Style.STRONG)), *listed) if listed else ()


def _separated(sections: tuple[Iterator[Line], ...]) -> Iterator[Line]:
    """The sections that have something to say, an empty line between them."""
    started = False
    for section in sections:
        lines = list(section)
        if lines and started:
            yield ()
        started = started or bool(lines)
        yield from lines


def _header(report: Report, width: int) -> Iterator[Line]:
    # Exporters and runtimes declare domains by the dozen; the standard's is the one that means something.
    opsets = ", ".join(f"opset {version}" for domain, version in report.opsets.items() if not domain)
    size = f"{number_text.count(report.node_count, 'node')}, {number_text.count(len(report.nodes), 'window')}"
    facts = [f" · {fact}" for fact in (report.producer, opsets, size) if fact]
    first, *rest = flow([report.path, *facts], width, indent=2)
    yield (Segment(first[: len(report.path)], Style.STRONG), Segment(first[len(report.path) :], Style.DIM))
    yield from ((Segment(text, Style.DIM),) for text in rest)
    names = [cells(i.name) for i in report.inputs]
    shapes = [cells(number_text.shape(i.shape)) for i in report.inputs]
    for i in report.inputs:
        head = Segment(f"{pad(i.name, max(names))}  {pad(number_text.shape(i.shape), max(shapes))}  ")
        yield from hang((head,), number_text.layout_of(i) + _assumed(i), width, style=Style.DIM)


def _assumed(input: Input) -> str:
    """That sizes were assumed; a note says how to give others. One batch element is no assumption worth a word."""
    sizes = [input.shape[axis] for axis in input.assumed if axis]
    return f" · {number_text.shape(sizes)} assumed" if sizes else ""


def _tensors(report: Report, width: int) -> Iterator[Line]:
    asked = [("tensor", tensor) for tensor in report.tensors]
    for kind, tensor in [*asked, *(("output", output) for output in report.outputs)]:
        yield from _tensor(kind, tensor, width)


def _tensor(kind: str, tensor: TensorReport, width: int) -> Iterator[Line]:
    yield line(
        Segment(f"{kind}  ", Style.DIM), Segment(tensor.name, Style.STRONG), f"  {number_text.shape(tensor.shape)}"
    )
    groups = field_text.by_input(tensor.fields)
    texts = [field_text.sentence(fields, name=name) for name, fields in groups.items()] or [_without_fields(tensor)]
    for text in texts:
        yield from hang((Segment("        "),), text, width)


def _without_fields(tensor: TensorReport) -> str:
    """An output behind something unknown may see all or nothing; only one with a shape is known to see no image."""
    return "sees no image" if tensor.shape is not None else f"nothing is known of it: {tensor.reason}"


def _closing(report: Report, width: int) -> Iterator[Line]:
    yield findings.summary(report)
    yield from ((Segment(text, Style.DIM),) for text in findings.accepted(report))
    yield from verification.render(report, width)
