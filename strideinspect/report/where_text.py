"""The answer to `where` in words: the boxes of an index, or the indices that depend on a pixel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from strideinspect.report.answers import Answer, Section
from strideinspect.report.layout import Column
from strideinspect.results.boxes import Box, BoxAxis, Cells, Place
from strideinspect.results.field import Span
from strideinspect.results.where_result import Where
from strideinspect.spelling import NONE, axes_nouns, axis_noun, exact, listed, place_text, point_noun, span, spans

BOXES = (
    Column("in", elastic=True, floor=7),
    Column("axis"),
    Column("indices", right=True),
    Column("size", right=True),
    Column("center", right=True),
    Column("padding"),
    Column("except"),
)
CELLS = (
    Column("output", elastic=True, floor=7),
    Column("axis"),
    Column("indices", right=True),
    Column("count", right=True),
    Column("except"),
)


def answer(where: Where) -> Answer:
    """The one section of an answer."""
    return Answer(where.path, (_boxes(where) if where.boxes else _cells(where),))


def _boxes(where: Where) -> Section:
    rows = [
        (box.input if not position else "", *_side(side, axis_noun(position, len(box.axes))))
        for box in where.boxes
        for position, side in enumerate(box.axes)
    ]
    notes = [note for box in where.boxes for note in _notes(box, where.at)]
    return Section(f"What {_place(where.at, index='index')} depends on:", BOXES, rows, notes)


def _side(side: BoxAxis, noun: str) -> tuple[str, ...]:
    center = NONE if side.center is None else exact(side.center)
    if side.first is None or side.last is None:
        return noun, NONE, "0", center, "all", ""
    before, after = side.padding or (0, 0)
    padding = listed([f"{number} {where}" for number, where in ((before, "before"), (after, "after")) if number])
    size = f"{side.last - side.first + 1:,}"
    return noun, span((side.first, side.last)), size, center, padding, _except(side.holes)


def _except(holes: Sequence[Span]) -> str:
    """`16`, `1–3, 5–7, 9–11, … (63 in all)`."""
    total = sum(last - first + 1 for first, last in holes)
    return spans(holes) + (f" ({total} in all)" if len(holes) > 3 else "")


def _notes(box: Box, at: Place) -> Iterator[str]:
    """Why there is no closed form or no position, and what else the index depends on; axes with the same text once."""
    rank = len(box.axes)
    whole = f"all of {at.tensor}" if at.indices else at.tensor
    texts: dict[str, list[int]] = {}
    for position, side in enumerate(box.axes):
        if side.reason is not None:
            texts.setdefault(side.reason, []).append(position)
        if side.full is not None:
            ends = span((side.full.first, side.full.last))
            text = f"through {side.full.collapsed_at}, {whole} also depends on {ends}"
            texts.setdefault(text, []).append(position)
    for text, positions in texts.items():
        yield f"{axes_nouns(positions, rank)} of {box.input}: {text}"


def _cells(where: Where) -> Section:
    rows = [
        (
            cells.output if not position else "",
            axis_noun(position, len(cells.axes)) if len(cells.axes) > 1 else f"axis {side.axis}",
            span((side.first, side.last)),
            f"{side.last - side.first + 1 - sum(b - a + 1 for a, b in side.holes):,}",
            _except(side.holes),
        )
        for cells in where.cells
        for position, side in enumerate(cells.axes)
    ]
    notes = [_note(cells, where.at) for cells in where.cells]
    return Section(
        f"What depends on {_place(where.at, index=point_noun(1))}:", CELLS, rows, [note for note in notes if note]
    )


def _note(cells: Cells, at: Place) -> str:
    pixel = point_noun(len(at.axes))
    if cells.unknown is not None:
        return f"nothing is known of {cells.output}: {cells.unknown}"
    if cells.full is not None:
        besides = "also " if cells.axes else ""
        return f"all of {cells.output} {besides}depends on this {pixel} ({cells.full})"
    return "" if cells.axes else f"nothing of {cells.output} depends on this {pixel}"


def _place(at: Place, *, index: str) -> str:
    """`row 7, column 7 of logits (1×10×12×12)`; along a single axis `index` is the noun."""
    return place_text(at.tensor, at.shape, at.indices, index)
