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
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import groupby

from strideinspect.report import number_text
from strideinspect.report.layout import printable
from strideinspect.results.report import FailedReport, Report
from strideinspect.results.rows import Value, rows

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
    tables = [
        [dict(row) for row in table]
        for node in report.nodes
        for _, table in groupby(rows([node]), key=lambda row: row["input"])
    ]
    alike = all(len({tuple((row | {"axis": None}).values()) for row in table}) == 1 for table in tables)
    for table in tables:
        once = alike and len(table) > 1
        for row in table[:1] if once else table:
            values = (row | {"axis": "all"} if once else row).values()
            yield (_text(report.path), *map(_cell, values))


def _cell(value: Value) -> Cell:
    """A value as a spreadsheet reads it: nothing for None, and decimals, since it takes 1/2 for a date."""
    match value:
        case None:
            return ""
        case str():
            return _text(value)
        case Fraction():
            return number_text.decimal(value)
        case float():
            return f"{value:.4f}"
        case _:
            return value


def _text(name: str) -> str:
    """A name that no spreadsheet takes for a formula, and no CI service for a command, as OWASP advises: quoted by '.

    Source: https://owasp.org/www-community/attacks/CSV_Injection
    """
    shown = printable(name)
    return f"'{shown}" if shown.startswith(("=", "+", "-", "@", "::", "##")) else shown
