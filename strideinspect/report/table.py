"""The table of windows: one row per window node, in graph order; repeated blocks of long models folded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from strideinspect.report import sight, words
from strideinspect.report.layout import Column, Line, Span, Style, fitting, hang, line, table
from strideinspect.report.model import Field, Report, WindowNode

FOLD_FROM = 25
"""Tables of fewer rows are shown as they are."""
LONGEST_BLOCK = 12
"""How many rows a block that is looked for may have."""

COLUMNS = (
    Column("", right=True),
    Column("node", elastic=True, floor=10),
    Column("operator"),
    Column("window"),
    Column("pad", right=True),
    Column("dilation", right=True),
    Column("output", right=True),
    Column("input", elastic=True),
    Column("field", right=True),
    Column("stride", right=True),
    Column("drops"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One window's view of one graph input.

    Rows of repeated blocks are alike in `kind` (the name with its numbers blanked) and `cells`, not in `name` and
    `field`.
    """

    name: str
    kind: str
    field: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """`length` rows from `start` on that come `times` times one after another."""

    start: int
    length: int
    times: int


def render(report: Report, width: int) -> Iterator[Line]:
    """The table, its footnotes, and one line on what is seen in full; nothing where there is no window."""
    if not report.nodes:
        yield (Span("no node of this model slides a window", Style.DIM),)
        return
    notes = sight.reasons(field for node in report.nodes for field in node.fields)
    # Words for what is dropped where they fit, bare numbers where not: names matter more.
    yield from fitting(width, *(_lines(report, notes, width, brief=brief) for brief in (False, True)))
    for number, reason in enumerate(notes, 1):
        yield from hang((Span(f"  {sight.footmark(number)} "),), reason, width, style=Style.DIM)
    yield from _full(report, width)


def _lines(report: Report, notes: Sequence[str], width: int, *, brief: bool) -> Iterator[Line]:
    several = sum(bool(i.spatial_axes) for i in report.inputs) > 1
    rows = [row for node in report.nodes for row in _rows(node, notes, several=several, brief=brief)]
    blocks = fold(rows) if len(rows) >= FOLD_FROM else [Block(0, len(rows), 1)]
    yield from table(COLUMNS, [cells for block in blocks for cells in _block(rows, block)], width)
    if any(block.times > 1 for block in blocks):
        yield line(Span("  repeated blocks are folded; --format csv gives every row", Style.DIM))


def _rows(node: WindowNode, notes: Sequence[str], *, several: bool, brief: bool) -> Iterator[Row]:
    """One row for each graph input that the node sees; from the second on, only what differs is said."""
    groups: dict[str, tuple[Field, ...]] = sight.by_input(node.fields) or {"": ()}
    own = (
        node.op,
        words.kernel(node),
        words.padding(node),
        words.dilation(node),
        words.spatial(node.output_shape, node.spatial_axes),
    )
    loss = words.drops(node.dropped, brief=brief)
    for number, (name, fields) in enumerate(groups.items()):
        first = number == 0
        label = node.label.removesuffix(f"/{node.op}") if first else ""
        yield Row(
            label,
            re.sub(r"\d+", "#", label),
            sight.size_cell(fields, notes),
            (
                *(own if first else ("",) * len(own)),
                name if several else "",
                sight.stride_cell(fields),
                loss if first else "",
            ),
        )


def fold(rows: Sequence[Row]) -> list[Block]:
    """The rows as blocks, repeated ones found from the top: at each row the block that covers most.

    Time grows with the number of rows: every candidate length is compared at most once per row passed.
    """
    blocks: list[Block] = []
    at = 0
    while at < len(rows):
        best = Block(at, 1, 1)
        for length in range(1, min(LONGEST_BLOCK, (len(rows) - at) // 2) + 1):
            times = _repeats(rows, at, length)
            if times > 1 and length * times > best.length * best.times:
                best = Block(at, length, times)
        blocks.append(best)
        at += best.length * best.times
    return blocks


def _repeats(rows: Sequence[Row], start: int, length: int) -> int:
    at = start + length
    while at < len(rows) and _alike(rows[at], rows[at - length]):
        at += 1
    return (at - start) // length


def _alike(one: Row, other: Row) -> bool:
    return one.kind == other.kind and one.cells == other.cells


def _block(rows: Sequence[Row], block: Block) -> Iterator[tuple[str, ...]]:
    for offset in range(block.length):
        index = block.start + offset
        last = rows[index + block.length * (block.times - 1)]
        row = rows[index]
        field = row.field if row.field == last.field else f"{row.field}…{last.field}"
        operator, kernel, pad, dilation, output, input_name, stride, loss = row.cells
        yield (
            _bracket(block, offset), row.name, operator, kernel, pad, dilation, output, input_name, field, stride, loss,
        )  # fmt: skip


def _bracket(block: Block, offset: int) -> str:
    if block.times == 1:
        return ""
    if block.length == 1:
        return f"×{block.times}  "
    if offset == 0:
        return f"×{block.times} ┌"
    return "└" if offset == block.length - 1 else "│"


def _full(report: Report, width: int) -> Iterator[Line]:
    """What the windows see beyond their local fields, said once instead of in every row."""
    beyond = [node for node in report.nodes if any(field.full for field in node.fields)]
    if not beyond:
        return
    share = f"{len(beyond)} of {words.count(len(report.nodes), 'window')}"
    for name, fields in sight.by_input(field for node in beyond for field in node.fields if field.full).items():
        since = next(field.full.since for field in fields if field.full)
        seen = f"all of {name}" if sight.whole(fields) else f"more of {name}"
        text = f"in full, {share}, from {beyond[0].label} on, see {seen} (since {since}); the fields above are local"
        yield from hang((Span("  "),), text, width, style=Style.DIM)
