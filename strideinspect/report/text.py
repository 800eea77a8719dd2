"""The text report for a terminal: header, ladder, window nodes, outputs, findings and verification."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from strideinspect import spelling
from strideinspect.report import (
    field_text,
    findings_text,
    ladder_text,
    number_text,
    source_lines,
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
    shortened,
)
from strideinspect.results.report import Finding, Input, Report, Severity, TensorReport, Totals
from strideinspect.results.rows import by_input

_ORIGINS = {
    "metadata": "from the metadata",
    "weight": "from the weights",
    "state": "assumed for the batch",
    "declared": "from the declared shapes",
    "tried": "assumed",
}
"""Where a size is from that the file leaves open."""

NAME, LAYOUT = 12, 24
"""Cells that are left for an input's name and for what is said of its axes, with the gaps between them."""


def render(
    report: Report,
    *,
    width: int = 80,
    show: Severity = Severity.NOTE,
    files: source_lines.Files = source_lines.AS_GIVEN,
) -> Document:
    """The whole report at a width in terminal cells; findings of severity `show` or higher are listed.

    `files` gives the paths of source files in the repository.
    """
    sections = (
        _header(report, width),
        ladder_text.render(report, width),
        table.render(report, width),
        _tensors(report, width),
        findings_text.render(report, width, show, files),
        _closing(report, width, tuple(report.at_least(show))),
    )
    return tuple(_separated(sections))


def render_quiet(
    report: Report,
    *,
    width: int = 80,
    show: Severity = Severity.NOTE,
    files: source_lines.Files = source_lines.AS_GIVEN,
) -> Document:
    """The findings alone, under the model's path; nothing where there are none."""
    listed = tuple(findings_text.render(report, width, show, files))
    return (line(Segment(report.path, Style.STRONG)), *listed) if listed else ()


def _separated(sections: tuple[Iterator[Line], ...]) -> Iterator[Line]:
    """The sections that are not empty, separated by empty lines."""
    started = False
    for section in sections:
        lines = list(section)
        if lines and started:
            yield ()
        started = started or bool(lines)
        yield from lines


def _header(report: Report, width: int) -> Iterator[Line]:
    # Exporters and runtimes declare many domains; only the version of the standard one is informative.
    opsets = ", ".join(f"opset {version}" for domain, version in report.opsets.items() if not domain)
    size = f"{spelling.count(report.node_count, 'node')}, {spelling.count(len(report.nodes), 'window node')}"
    facts = [f" · {fact}" for fact in (report.producer, opsets, size) if fact]
    first, *rest = flow([report.path, *facts], width, indent=2)
    yield (Segment(first[: len(report.path)], Style.STRONG), Segment(first[len(report.path) :], Style.DIM))
    yield from ((Segment(text, Style.DIM),) for text in rest)
    shapes = [cells(spelling.shape_text(i.shape)) for i in report.inputs]
    names = shortened([i.name for i in report.inputs], max(NAME, width - max(shapes, default=0) - LAYOUT))
    for i, name in zip(report.inputs, names, strict=True):
        head = Segment(f"{pad(name, max(map(cells, names)))}  {pad(spelling.shape_text(i.shape), max(shapes))}  ")
        yield from hang((head,), _about(i), width, style=Style.DIM)
    batched = any(i.shape[0] > 1 for i in report.inputs if i.spatial_axes and 0 not in i.spatial_axes)
    yield from hang((), _totals(report.totals) + (" (batch 1)" if batched else ""), width, style=Style.DIM)


def _totals(totals: Totals) -> str:
    """`25.6 M parameters, 4.09 G multiply-adds, up to 9.63 MB of float32 activations`."""
    parts = [f"{number_text.magnitude(totals.parameters)} {spelling.plural('parameter', totals.parameters)}"]
    if totals.macs is not None:
        parts.append(f"{number_text.magnitude(totals.macs)} multiply-adds")
    if totals.activations is not None:
        parts.append(f"up to {number_text.bytes_text(totals.activations)} of float32 activations")
    return ", ".join(parts)


def _about(input: Input) -> str:
    """Its layout and assumed sizes, with where they are from, or its given value; a note says how to set a size."""
    if input.value is not None:
        return f"value {spelling.value_text(input.value)}"
    by_origin: dict[str, list[int]] = {}
    for axis, origin in zip(input.assumed, input.origins, strict=False):
        by_origin.setdefault(origin, []).append(input.shape[axis])
    return number_text.layout_of(input) + "".join(
        f" · {'size' if len(sizes) == 1 else 'sizes'} {spelling.shape_text(sizes)} {_ORIGINS[origin]}"
        for origin, sizes in by_origin.items()
    )


def _tensors(report: Report, width: int) -> Iterator[Line]:
    asked = [("tensor", tensor) for tensor in report.tensors]
    for kind, tensor in [*asked, *(("output", output) for output in report.outputs)]:
        yield from _tensor(kind, tensor, width)


def _tensor(kind: str, tensor: TensorReport, width: int) -> Iterator[Line]:
    yield line(
        Segment(f"{kind}  ", Style.DIM), Segment(tensor.name, Style.STRONG), f"  {spelling.shape_text(tensor.shape)}"
    )
    groups = by_input(tensor.fields)
    texts = [field_text.sentence(fields, name=name) for name, fields in groups.items()] or [_without_fields(tensor)]
    for text in field_text.scale_sentences(tensor.scales) or texts:
        yield from hang((Segment("        "),), text, width)
    for text in field_text.cell_sentences(tensor):
        yield from hang((Segment("        "),), text, width)


def _without_fields(tensor: TensorReport) -> str:
    """Without a shape nothing is known about an output; with one it is known to depend on no spatial input."""
    return "depends on no spatial input" if tensor.shape is not None else f"unknown: {tensor.reason}"


def _closing(report: Report, width: int, listed: Sequence[Finding]) -> Iterator[Line]:
    yield findings_text.summary(report)
    yield from ((Segment(text, Style.DIM),) for text in findings_text.accepted(report))
    yield from verification.render(report, width, listed)
