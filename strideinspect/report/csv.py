"""The receptive-field table of a paper: one row per window, numbers that a spreadsheet takes as numbers.

Where all spatial axes of a model give the same numbers, a window has one row (`axis` is `all`); else one row per
axis. The columns:

- `model`, `node`, `operator`: the file, the node's name (or first output), its ONNX operator
- `input`, `axis`: the graph input that is seen, and which of its axes
- `kernel`, `stride`, `dilation`, `padding_begin`, `padding_end`: the node's own numbers along that axis
- `output_size`: indices of the node's output along that axis
- `receptive_field`, `effective_stride`: in input pixels, theoretical (padding counts); empty without a closed form
- `first_cell_center`: center of output index 0's field, in input pixels; pixel i has its center at i
- `share_seen`: the largest actual field, as a share of the input axis, 0 to 1
- `macs`, `parameters`: multiply-adds for one batch element and weights of the whole node, not of one axis
- `offset`: center of output index i minus `(i + ½)·effective_stride − ½`, in input pixels, on average over the phases;
  empty where branches disagree, and where there is no position
- `lookahead`, `lookback`: input pixels seen after and before those from `i·effective_stride` to
  `(i + 1)·effective_stride − 1`
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from strideinspect.report import field_text, number_text
from strideinspect.report.layout import printable
from strideinspect.results.field import Field
from strideinspect.results.report import FailedReport, Report, WindowNode

COLUMNS = (
    "model", "node", "operator", "input", "axis", "kernel", "stride", "dilation", "padding_begin", "padding_end",
    "output_size", "receptive_field", "effective_stride", "first_cell_center", "share_seen", "macs", "parameters",
    "offset", "lookahead", "lookback",
)  # fmt: skip

Cell = str | int
CsvRow = tuple[Cell, ...]


def render(results: Iterable[Report | FailedReport]) -> str:
    """The table of all models that could be inspected, with one title row."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for result in results:
        if isinstance(result, Report):
            writer.writerows(_rows(result))
    return stream.getvalue()


def _rows(report: Report) -> Iterator[CsvRow]:
    seen = [(node, fields) for node in report.nodes for fields in field_text.by_input(node.fields).values()]
    tables = [(node, fields, [_numbers(node, fields, k) for k in range(len(fields))]) for node, fields in seen]
    alike = all(len({*zip(rows, map(_aligned, fields), strict=True)}) == 1 for _, fields, rows in tables)
    for node, fields, rows in tables:
        once = alike and len(rows) > 1
        for field, numbers in zip(fields[:1] if once else fields, rows, strict=False):
            names = map(_text, (report.path, node.label, node.op, field.input))
            head: CsvRow = (*names, "all" if once else field.axis)
            yield (*head, *numbers, _known(node.macs), _known(node.parameters), *_aligned(field))


def _numbers(node: WindowNode, fields: Sequence[Field], index: int) -> CsvRow:
    """What a row says of one axis; the node's own numbers are empty where they belong to no axis of this input."""
    field = fields[index]
    own: CsvRow = ("",) * 6
    axis = field.node_axis
    if axis is None and len(fields) == len(node.spatial_axes):
        # A global pooling leaves no position; its kernel still lies along the input's axes, in their order.
        axis = node.spatial_axes[index]
    if axis in node.spatial_axes:
        k = node.spatial_axes.index(axis)
        sizes = number_text.output_map(node)
        size: Cell = "" if sizes is None else sizes[k]
        begin, end = node.padding_begin[k], node.padding_end[k]
        own = (node.kernel[k], node.stride[k], node.dilation[k], begin, end, size)
    return (*own, _known(field.size), _decimal(field.stride), _decimal(field.center), f"{field.share:.4f}")


def _text(name: str) -> str:
    """A name that no spreadsheet takes for a formula, and no CI service for a command, as OWASP advises: quoted by '.

    Source: https://owasp.org/www-community/attacks/CSV_Injection
    """
    shown = printable(name)
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@", "::", "##")) else shown


def _aligned(field: Field) -> CsvRow:
    aligned = field.alignment
    return ("", "", "") if aligned is None else (_decimal(aligned.offset), aligned.lookahead, aligned.lookback)


def _known(number: int | None) -> Cell:
    return "" if number is None else number


def _decimal(value: Fraction | None) -> str:
    """Decimals, for a spreadsheet takes 1/2 for a date."""
    return "" if value is None else number_text.decimal(value)
