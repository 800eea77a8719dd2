"""The table of window nodes, one row each, in graph order; repeated blocks of long models are folded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial

from msgspec import structs

from strideinspect import spelling
from strideinspect.report import field_text, number_text
from strideinspect.report.layer_names import layer_names
from strideinspect.report.layout import (
    Column,
    Line,
    Segment,
    Style,
    fitting,
    hang,
    table,
)
from strideinspect.report.repeated_blocks import Block, Row, fold, short_names
from strideinspect.results.field import Field
from strideinspect.results.report import Branch, Report, WindowNode
from strideinspect.results.rows import by_input, output_map

LONG = 25
"""Tables of fewer window nodes are not folded."""
WIDEST_RANGE = 11
SHOWN = 3
"""Number of names listed before an ellipsis."""

COLUMNS = (
    Column("", right=True),
    Column("layer", elastic=True, floor=7),
    Column("operator", brief="op"),
    Column("window", brief="win"),
    Column("pad", right=True),
    Column("dilation", right=True),
    Column("output", right=True, brief="out"),
    Column("input", elastic=True),
    Column("RF", right=True),
    Column("stride", right=True),
    Column("dropped", brief="drop"),
    Column("skipped", brief="skip"),
)


def render(report: Report, width: int) -> Iterator[Line]:
    """The table, its legend and footnotes, and one line on full dependence where it exceeds the local fields."""
    if not report.nodes:
        yield (Segment("this model has no window nodes (convolution or pooling)", Style.DIM),)
        return
    long = len(report.nodes) >= LONG
    nodes = [node for node in report.nodes if not (long and field_text.pooled(node))]
    notes = field_text.reasons(field for node in nodes for field in field_text.fields_of(node))
    of_node = layer_names(report.nodes)
    labels = [of_node[node.output] for node in nodes]
    whole, short = dict(zip(labels, labels, strict=True)), short_names(labels)
    several = sum(bool(i.spatial_axes) for i in report.inputs) > 1
    rows = cache(partial(_all_rows, nodes, of_node, notes, several=several))
    blocks = fold(rows(brief=False)) if long else [Block(0, len(rows(brief=False)), 1)]
    # Full names and counts with nouns where they fit; else names shortened to what distinguishes them, bare numbers.
    variants = ((whole, False, None), (short, False, None), (short, True, None), (short, True, width))
    tables = (_table(rows, blocks, names, brief=brief, width=limit) for names, brief, limit in variants)
    yield from fitting(width, *tables)
    folded = any(block.times > 1 for block in blocks)
    yield from _legend(report, width)
    yield from _shortened(width, folded=folded, left_out=len(report.nodes) - len(nodes))
    for number, reason in enumerate(notes, 1):
        yield from hang((Segment(f"  {field_text.footmark(number)} "),), reason, width, style=Style.DIM)
    yield from _full(report, of_node, width)
    yield from _branches(report, of_node, width)


def _all_rows(
    nodes: Sequence[WindowNode], names: Mapping[str, str], notes: Sequence[str], *, several: bool, brief: bool
) -> list[Row]:
    return [row for node in nodes for row in _rows(node, names[node.output], notes, several=several, brief=brief)]


def _table(
    rows: Callable[..., Sequence[Row]],
    blocks: Sequence[Block],
    names: Mapping[str, str],
    *,
    brief: bool,
    width: int | None,
) -> Iterator[Line]:
    columns = [structs.replace(c, title="dil") if brief and c.title == "dilation" else c for c in COLUMNS]
    yield from table(columns, [cells for block in blocks for cells in _block(rows(brief=brief), block, names)], width)


def _legend(report: Report, width: int) -> Iterator[Line]:
    """The unit of the receptive field and the stride; inputs of different kinds have no common unit."""
    units = {spelling.plural(spelling.point_noun(len(i.spatial_axes))) for i in report.inputs if i.spatial_axes}
    unit = units.pop() if len(units) == 1 else "positions"
    text = f"RF: receptive field; stride: effective stride; both in {unit} of the input"
    if any(node.pad_nodes for node in report.nodes):
        text += f"; {number_text.PAD_NODES}: padding by a Pad node before the layer, beside its own"
    yield from hang((Segment("  "),), text, width, style=Style.DIM)


def _shortened(width: int, *, folded: bool, left_out: int) -> Iterator[Line]:
    parts = []
    if folded:
        parts.append("repeated blocks are folded")
    if left_out:
        parts.append(f"{spelling.count(left_out, 'layer')} on globally pooled 1×1 maps omitted")
    if parts:
        text = f"{', '.join(parts)}; --format csv lists every layer"
        yield from hang((Segment("  "),), text, width, style=Style.DIM)


def _rows(node: WindowNode, name: str, notes: Sequence[str], *, several: bool, brief: bool) -> Iterator[Row]:
    """One row per graph input that the node depends on; rows after the first repeat only what differs."""
    groups: dict[str, tuple[Field, ...]] = by_input(field_text.fields_of(node)) or {"": ()}
    own = (
        number_text.operator(node, brief=brief),
        number_text.kernel(node),
        number_text.padding(node),
        number_text.dilation(node),
        spelling.shape_text(output_map(node)),
    )
    losses = number_text.losses(node.dropped, brief=brief)
    for number, (source, fields) in enumerate(groups.items()):
        first = number == 0
        label = name if first else ""
        yield Row(
            label,
            re.sub(r"\d+", "#", label),
            field_text.size_cell(fields, notes),
            field_text.sizes(fields),
            (
                *(own if first else ("",) * len(own)),
                source if several else "",
                field_text.stride_cell(fields),
                *(losses if first else ("", "")),
            ),
        )


def _block(rows: Sequence[Row], block: Block, names: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    for offset in range(block.length):
        index = block.start + offset
        last = rows[index + block.length * (block.times - 1)]
        row = rows[index]
        field = row.field if row.field == last.field else _range(row.field, last.field)
        *own, stride, dropped, skipped = row.cells
        yield (_bracket(block, offset), names.get(row.name, ""), *own, field, stride, dropped, skipped)


def _range(first: str, last: str) -> str:
    """`27…91`; of long values, as two axes that differ give, the last alone."""
    both = f"{first}…{last}"
    return both if len(both) <= WIDEST_RANGE else f"…{last}"


def _bracket(block: Block, offset: int) -> str:
    if block.times == 1:
        return ""
    if block.length == 1:
        return f"×{block.times}  "
    if offset == 0:
        return f"×{block.times} ┌"
    return "└" if offset == block.length - 1 else "│"


def _full(report: Report, names: Mapping[str, str], width: int) -> Iterator[Line]:
    """The full dependence of all window nodes in one line per input, in place of a remark in every row."""
    beyond = [node for node in report.nodes if any(field.full for field in node.fields)]
    if not beyond:
        return
    several = len(beyond) > 1
    share = f"{len(beyond):,} of {spelling.count(len(report.nodes), 'layer')} {'depend' if several else 'depends'}"
    pools = {node.output: names[node.output] for node in report.nodes if all(f.node_axis is None for f in node.fields)}
    for name, fields in by_input(field for node in beyond for field in node.fields).items():
        since = next((field.full.collapsed_at for field in fields if field.full), None)
        if since is None:
            continue
        after = f"global pooling at {pools[since]}" if since in pools else since
        covered = field_text.whole_input(_axes(fields), name=name) if field_text.whole(fields) else f"more of {name}"
        # Layers without a position say `global` in their own rows.
        more = "besides the global ones, " if any(map(field_text.is_global, _all_fields(report, name))) else ""
        shown = f"the table shows {'their local receptive fields' if several else 'its local receptive field'}"
        yield from hang((Segment("  "),), f"{more}{share} on {covered} after {after}; {shown}", width, style=Style.DIM)


def _all_fields(report: Report, name: str) -> Iterator[Field]:
    return (field for node in report.nodes for field in node.fields if field.input == name)


def _axes(fields: Sequence[Field]) -> list[Field]:
    """One field per axis."""
    return list({field.axis: field for field in fields}.values())


def _branches(report: Report, names: Mapping[str, str], width: int) -> Iterator[Line]:
    """Which window nodes belong to a branch of an If, one line per branch."""
    labels_by_branch: dict[Branch, list[str]] = {}
    for node in report.nodes:
        if node.branch is not None:
            labels_by_branch.setdefault(node.branch, []).append(names[node.output])
    for branch, labels in labels_by_branch.items():
        some = ", ".join(labels[:SHOWN]) + (", …" if len(labels) > SHOWN else "")
        runs = "runs" if len(labels) == 1 else "run"
        text = f"{some} {runs} only if the data selects the {branch.side} branch of If {branch.node}"
        text += f", which cannot run at this size ({branch.unfit})" if branch.unfit else ""
        yield from hang((Segment("  "),), text, width, style=Style.DIM)
