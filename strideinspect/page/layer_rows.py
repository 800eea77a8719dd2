"""The rows of the page's table: a window node each, with the values by which it is sorted."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from strideinspect import spelling
from strideinspect.page import stride_colours
from strideinspect.report import field_text, number_text
from strideinspect.report.layout import printable
from strideinspect.results.report import WindowNode
from strideinspect.results.rows import by_input, output_map

COLUMNS = (
    "layer", "operator", "window", "padding", "dilation", "output", "RF", "stride", "parameters", "mult-adds",
    "dropped", "skipped",
)  # fmt: skip
NUMBERS = frozenset(COLUMNS[5:])
"""Columns that are aligned to the right."""


class LayerCell(Struct, frozen=True):
    """A text, and the number by which it is sorted, if it is one; `exact` is shown when the pointer is on it."""

    text: str
    sort: float | None = None
    exact: str = ""


class LayerRow(Struct, frozen=True):
    """A window node; `colour` is the class of its effective stride."""

    number: int
    colour: str
    cells: tuple[LayerCell, ...]


def rows(nodes: Sequence[WindowNode], titles: Sequence[str]) -> list[LayerRow]:
    """A row per node, in graph order."""
    return [_row(number, node, title) for number, (node, title) in enumerate(zip(nodes, titles, strict=True))]


def _row(number: int, node: WindowNode, title: str) -> LayerRow:
    groups = by_input(node.fields).values()
    sizes = [size for fields in groups if (size := field_text.sizes(fields))]
    dropped, skipped = number_text.losses(node.dropped, brief=True)
    full = number_text.losses(node.dropped, brief=False)
    size_cells = dict.fromkeys(field_text.size_cell(fields, ()) for fields in groups)
    stride_cells = dict.fromkeys(field_text.stride_cell(fields) for fields in groups)
    strides = [abs(field.stride) for field in node.fields if field.stride is not None]
    output = output_map(node)
    cells = (
        LayerCell(title),
        LayerCell(printable(node.op)),
        LayerCell(number_text.kernel(node)),
        LayerCell(number_text.padding(node)),
        LayerCell(number_text.dilation(node)),
        LayerCell(spelling.shape_text(output), float(max(output, default=0)) if output else None),
        LayerCell("; ".join(size_cells) or spelling.NONE, float(max(map(max, sizes))) if sizes else None),
        LayerCell("; ".join(stride_cells) or spelling.NONE, float(max(strides)) if strides else None),
        _magnitude(node.parameters),
        _magnitude(node.macs),
        LayerCell(dropped, _sum(None if node.dropped is None else node.dropped.pixels), full[0]),
        LayerCell(skipped, _sum(None if node.dropped is None else node.dropped.gap), full[1]),
    )
    return LayerRow(number, stride_colours.css_class(stride_colours.step(node.fields)), cells)


def _magnitude(number: int | None) -> LayerCell:
    if number is None:
        return LayerCell(spelling.NONE)
    return LayerCell(number_text.magnitude(number), float(number), f"{number:,}")


def _sum(counts: tuple[int, ...] | None) -> float | None:
    return None if counts is None else float(sum(counts))
