"""A report for people at a terminal: header, ladder, windows, outputs, findings, and what running said."""

from __future__ import annotations

from collections.abc import Iterator

from strideinspect.report import findings, ladder, places, sight, table, verification, words
from strideinspect.report.layout import Document, Line, Span, Style, cells, flow, hang, line, pad
from strideinspect.report.model import Input, Report, Severity, TensorReport


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
    return (line(Span(report.path, Style.STRONG)), *listed) if listed else ()


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
    size = f"{words.count(report.node_count, 'node')}, {words.count(len(report.nodes), 'window')}"
    facts = [f" · {fact}" for fact in (report.producer, opsets, size) if fact]
    first, *rest = flow([report.path, *facts], width, indent=2)
    yield (Span(first[: len(report.path)], Style.STRONG), Span(first[len(report.path) :], Style.DIM))
    yield from ((Span(text, Style.DIM),) for text in rest)
    names = [cells(i.name) for i in report.inputs]
    shapes = [cells(words.shape(i.shape)) for i in report.inputs]
    for i in report.inputs:
        head = Span(f"{pad(i.name, max(names))}  {pad(words.shape(i.shape), max(shapes))}  ")
        yield from hang((head,), words.layout_of(i) + _assumed(i), width, style=Style.DIM)


def _assumed(input: Input) -> str:
    """That sizes were assumed; a note says how to give others. One batch element is no assumption worth a word."""
    sizes = [input.shape[axis] for axis in input.assumed if axis]
    return f" · {words.shape(sizes)} assumed" if sizes else ""


def _tensors(report: Report, width: int) -> Iterator[Line]:
    asked = [("tensor", tensor) for tensor in report.tensors]
    for kind, tensor in [*asked, *(("output", output) for output in report.outputs)]:
        yield from _tensor(kind, tensor, width)


def _tensor(kind: str, tensor: TensorReport, width: int) -> Iterator[Line]:
    yield line(Span(f"{kind}  ", Style.DIM), Span(tensor.name, Style.STRONG), f"  {words.shape(tensor.shape)}")
    groups = sight.by_input(tensor.fields)
    texts = [sight.sentence(fields, name=name) for name, fields in groups.items()] or [_without_fields(tensor)]
    for text in texts:
        yield from hang((Span("        "),), text, width)


def _without_fields(tensor: TensorReport) -> str:
    """An output behind something unknown may see all or nothing; only one with a shape is known to see no image."""
    return "sees no image" if tensor.shape is not None else f"nothing is known of it: {tensor.reason}"


def _closing(report: Report, width: int) -> Iterator[Line]:
    yield findings.summary(report)
    yield from ((Span(text, Style.DIM),) for text in findings.accepted(report))
    yield from verification.render(report, width)
