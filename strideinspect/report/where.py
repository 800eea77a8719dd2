"""The answer to `where` in words: the boxes of an index, or the indices that depend on a pixel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from strideinspect.report.answers import Answer, Section
from strideinspect.report.layout import Column
from strideinspect.results.where import Box, BoxAxis, Cells, Place, Where
from strideinspect.spelling import NONE, axis_noun, count, exact, listed, point_noun, shape_text, span, spans

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
    return Section(f"{_place(where.at)} depends on", BOXES, rows, list(dict.fromkeys(notes)))


def _side(side: BoxAxis, noun: str) -> tuple[str, ...]:
    center = NONE if side.center is None else exact(side.center)
    if side.first is None or side.last is None:
        return noun, NONE, "0", center, "all", ""
    before, after = side.padding or (0, 0)
    padding = listed([f"{number} {where}" for number, where in ((before, "before"), (after, "after")) if number])
    size = f"{side.last - side.first + 1:,}"
    return noun, span((side.first, side.last)), size, center, padding, spans(side.holes)


def _notes(box: Box, at: Place) -> Iterator[str]:
    rank = len(box.axes)
    for position, side in enumerate(box.axes):
        noun = axis_noun(position, rank)
        if side.reason is not None:
            yield f"{noun} of {box.input}: {side.reason}"
        if side.full is not None:
            ends = span((side.full.first, side.full.last))
            yield f"every index of {at.tensor} also depends on {noun} {ends} of {box.input}, through {side.full.collapsed_at}"
        missing = sum(b - a + 1 for a, b in side.holes)
        if missing:
            yield f"{count(missing, axis_noun(position, rank, 1))} between the ends of the field are never used for it"


def _cells(where: Where) -> Section:
    rows = [
        (
            cells.output if not position else "",
            axis_noun(position, len(cells.axes)),
            span((side.first, side.last)),
            f"{side.last - side.first + 1 - sum(b - a + 1 for a, b in side.holes):,}",
            spans(side.holes),
        )
        for cells in where.cells
        for position, side in enumerate(cells.axes)
    ]
    notes = [_note(cells, where.at) for cells in where.cells]
    return Section(f"{_place(where.at)} is used by", CELLS, rows, [note for note in notes if note])


def _note(cells: Cells, at: Place) -> str:
    pixel = point_noun(len(at.axes))
    if cells.full is not None:
        besides = "also " if cells.axes else ""
        return f"all of {cells.output} {besides}depends on this {pixel} ({cells.full})"
    return "" if cells.axes else f"nothing of {cells.output} depends on this {pixel}"


def _place(at: Place) -> str:
    """`index 7, 7 of logits (1×10×12×12, axes 2 and 3)`."""
    shape = shape_text(at.shape)
    if not at.index:
        return f"{at.tensor} ({shape})"
    return f"{_index(at.index)} of {at.tensor} ({shape})"


def _index(index: Sequence[int]) -> str:
    nouns = [axis_noun(position, len(index), 1) for position in range(len(index))]
    return listed([f"{noun} {number}" for noun, number in zip(nouns, index, strict=True)])
