"""The layers of a model as a plain table, for documents: a row per window node, nothing folded."""

from __future__ import annotations

from collections.abc import Iterator

from strideinspect import spelling
from strideinspect.report import field_text, number_text
from strideinspect.report.layer_names import layer_names
from strideinspect.results.report import Report
from strideinspect.results.rows import by_input, output_map

TITLES = ("layer", "operator", "window", "output", "RF", "stride", "parameters", "mult-adds")
NUMBERS = 3
"""Columns from this one on hold numbers."""


def rows(report: Report) -> Iterator[tuple[str, ...]]:
    """A row per window node; fields on several inputs are separated by semicolons."""
    names = layer_names(report.nodes)
    for node in report.nodes:
        groups = by_input(node.fields).values()
        yield (
            names[node.output],
            node.op,
            number_text.kernel(node),
            spelling.shape_text(output_map(node)),
            "; ".join(dict.fromkeys(field_text.size_cell(fields, ()) for fields in groups)) or spelling.NONE,
            "; ".join(dict.fromkeys(field_text.stride_cell(fields) for fields in groups)) or spelling.NONE,
            number_text.magnitude(node.parameters),
            number_text.magnitude(node.macs),
        )
