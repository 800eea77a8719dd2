"""The answer to `sizes` in words: per axis the rules, and what holds at each size of a range."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import structs

from strideinspect.report.answers import Answer, Section
from strideinspect.report.layout import Column
from strideinspect.results.field import Span
from strideinspect.results.size_rules import AxisSizes, SizeRow, SizeRule
from strideinspect.results.sizes_result import Sizes
from strideinspect.spelling import NONE, axes_nouns, count, point_noun, ranges, spans

RULES = (
    Column(""),
    Column("sizes"),
    Column("from", right=True),
    Column("below", right=True),
    Column("above", right=True),
)
ROWS = (Column("size", right=True), Column("runs"), Column("sees all"), Column("drops nothing"), Column("aligned"))


def answer(sizes: Sizes) -> Answer:
    """A section per axis, or for axes with the same rules; then one per axis with the sizes of a range."""
    groups: list[list[AxisSizes]] = []
    for axis in sizes.axes:
        same = next((group for group in groups if _alike(group[0]) == _alike(axis)), None)
        if same is None:
            groups.append([axis])
        else:
            same.append(axis)
    rules = (_rules(sizes, group) for group in groups)
    ranges = (_range(sizes, group) for group in groups if group[0].listed)
    return Answer(sizes.path, (*rules, *ranges))


def _alike(axis: AxisSizes) -> AxisSizes:
    """All that is said of an axis but which one it is."""
    return structs.replace(axis, axis=0, together=(0,) * len(axis.together))


def _nouns(sizes: Sizes, group: Sequence[AxisSizes]) -> str:
    spatial = [axis.axis for axis in sizes.axes if axis.input == group[0].input]
    return axes_nouns([spatial.index(axis.axis) for axis in group], len(spatial))


def _rank(sizes: Sizes, axis: AxisSizes) -> int:
    return sum(other.input == axis.input for other in sizes.axes)


def _rules(sizes: Sizes, group: Sequence[AxisSizes]) -> Section:
    axis = group[0]
    point = point_noun(_rank(sizes, axis))
    rows = [
        _row("runs", axis.runs),
        _row(f"sees every {point}", axis.sees_everything),
        _row(f"drops no {point}", axis.drops_nothing),
    ]
    if axis.aligned != axis.runs:
        rows.append(_row("aligns its branches", axis.aligned))
    heading = f"Sizes of {axis.input} (now {axis.current} {_nouns(sizes, group)}) at which the model"
    return Section(heading, RULES, rows, list(_notes(sizes, group)))


def _row(aim: str, rule: SizeRule) -> tuple[str, ...]:
    return aim, _sizes_text(rule), _number(rule.smallest), _number(rule.below), _number(rule.above)


def _sizes_text(rule: SizeRule) -> str:
    if rule.text is not None:
        return rule.text
    return spans(ranges(rule.exceptions)) if rule.exceptions else "none found"


def _number(size: int | None) -> str:
    return NONE if size is None else str(size)


def _notes(sizes: Sizes, group: Sequence[AxisSizes]) -> Iterator[str]:
    axis, rank = group[0], _rank(sizes, group[0])
    if axis.together:
        yield "only sizes that are equal along all axes were found to run"
    elif rank > 1:
        yield "each axis on its own, with the others as they are"
    if axis.pad_end is not None and axis.pad_end > 0:
        ends = "bottom and right" if len(group) == rank == 2 else "end"
        yield f"{axis.current} padded by {axis.pad_end} at the {ends}: nothing is dropped"
    if axis.fixed:
        yield "the file fixes this size: another one needs another export"
    for aim, rule in (("runs", axis.runs), ("sees", axis.sees_everything), ("drops", axis.drops_nothing)):
        if rule.step is not None and rule.exceptions:
            what = {"runs": "runs", "sees": f"sees every {point_noun(rank)}", "drops": f"drops no {point_noun(rank)}"}
            yield f"below {rule.smallest} it also {what[aim]} at {spans(ranges(rule.exceptions))}"
    if axis.judged is None:
        yield f"sizes repeat only after {count(axis.period, point_noun(rank))}, too many to judge one by one"
        return
    yield _judged(axis, axis.judged, point_noun(rank))


def _judged(axis: AxisSizes, judged: Span, point: str) -> str:
    """Which sizes were judged one by one, and what is known of others."""
    first, last = judged
    rules = [axis.runs, axis.sees_everything, axis.drops_nothing]
    if all(rule.step is not None for rule in rules):
        periods = f"two periods of {count(axis.period, point)}"
        return f"{first}–{last} were judged one by one, {periods}; larger sizes follow from the rules"
    first = max(1, first - axis.period)
    halved = [rule.exceptions[0] for rule in rules if rule.step is None and rule.exceptions]
    further = " and some smaller ones" if min(halved, default=first) < first else ""
    known = "nothing is known of other sizes"
    if any(rule.step is not None for rule in rules):
        known = f"larger sizes follow from the rules, and where there is no rule, {known}"
    return f"{first}–{last} were judged one by one{further}; {known}"


def _range(sizes: Sizes, group: Sequence[AxisSizes]) -> Section:
    axis = group[0]
    alike = all(row.aligned == row.runs for row in axis.listed)
    rows = [_listed(row, aligned=None if alike else row.aligned) for row in axis.listed]
    first, last = axis.listed[0].size, axis.listed[-1].size
    return Section(f"{first}–{last} {_nouns(sizes, group)} of {axis.input}", ROWS, rows)


def _listed(row: SizeRow, *, aligned: bool | None) -> tuple[str, ...]:
    """One size; where aligned is None, that is left out."""
    said = (row.runs, row.sees_everything, row.drops_nothing, aligned)
    return str(row.size), *("" if good is None else "yes" if good else NONE for good in said)
