"""The answer to `whatif` in words: the changes, and the model before and after them, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from strideinspect.report.answers import Answer, Section
from strideinspect.report.layout import Column
from strideinspect.report.number_text import bytes_text, fraction, lost, magnitude, once
from strideinspect.results.changes import Change, Summary
from strideinspect.results.field import Field
from strideinspect.results.tensors import TensorReport
from strideinspect.results.whatif_result import WhatIf
from strideinspect.spelling import NONE, by_axes, count, listed, plural, point_noun, shape_text, spans

CHANGES = (Column("layer", elastic=True, floor=14), Column("what"), Column("before"), Column("after"))
SIDES = (
    Column("of the model", elastic=True, floor=18),
    Column("before", elastic=True, floor=24),
    Column("after", elastic=True, floor=24),
)

MAPS = (Column(""), Column("map sizes"))

SAMPLE = point_noun(1)

MOST_CHANGES = 24
"""Changes that are listed; JSON has all."""


def answer(found: WhatIf) -> Answer:
    """What is changed, and what that does."""
    if not found.changes:
        return Answer(found.path, [_changes(found)])
    maps = [_maps(found)] if found.before.ladder or found.after.ladder else []
    return Answer(found.path, [_changes(found), *maps, _sides(found)])


def _changes(found: WhatIf) -> Section:
    if not found.changes:
        return Section("Nothing changes: the model has these numbers already.", CHANGES, [], [*_saved(found)])
    rows = [change_row(change) for change in found.changes]
    left = len(rows) - MOST_CHANGES
    notes = [f"{count(left, 'further change')}: --format json has all"] if left > 0 else []
    return Section(f"{count(len(rows), 'change')}:", CHANGES, rows[:MOST_CHANGES], notes)


def change_row(change: Change) -> tuple[str, ...]:
    """One change as cells of a table."""
    return (
        change.layer,
        change.attribute,
        change_text(change.attribute, change.before),
        change_text(change.attribute, change.after),
    )


def change_text(attribute: str, values: Sequence[int]) -> str:
    """The value of an attribute: `3×3`, `2`, padding as `1` or `0,1`."""
    if attribute == "padding":
        half = len(values) // 2
        pairs = zip(values[:half], values[half:], strict=True)
        return once([str(begin) if begin == end else f"{begin},{end}" for begin, end in pairs])
    return by_axes(values) if attribute == "kernel" else once([*map(str, values)])


def _sides(found: WhatIf) -> Section:
    before, after = found.before, found.after
    point = _point(found)
    rows = [(title, *values) for title, *values in _rows(before, after, point)]
    notes = [] if found.stopped is None else [f"As it is in the file, the model {found.stopped}"]
    how = "does not run any more" if found.stopped is None else "does not run after the change"
    notes += [f"{one.op} {one.node} {how}: {one.reason}" for one in found.broken]
    notes += [*_findings(before, after)]
    notes += [*_saved(found)]
    return Section(f"Before and after, in {plural(point, 2)} of the input:", SIDES, rows, notes)


def _saved(found: WhatIf) -> Iterator[str]:
    if found.saved is not None:
        end = "onnxruntime runs it" if found.refused is None else f"onnxruntime does not run it: {found.refused}"
        yield f"saved as {found.saved}, with the weights byte for byte as they are; {end}"


def _maps(found: WhatIf) -> Section:
    rows = [("before", _ladder(found.before)), ("after", _ladder(found.after))]
    return Section("On the way to the output with the largest stride:", MAPS, rows)


def _point(found: WhatIf) -> str:
    """What one index of the input is called: a pixel, a sample of a signal."""
    ranks = [len(output.fields) for output in found.before.outputs if output.fields]
    ranks += [len(step.start) for step in found.before.ladder]
    return point_noun(ranks[0] if ranks else 2)


def _rows(before: Summary, after: Summary, point: str) -> Iterator[tuple[str, str, str]]:
    for left, right in zip(before.outputs, after.outputs, strict=True):
        yield f"output {left.name}", shape_text(left.shape), shape_text(right.shape)
        yield "  receptive field", _field(left), _field(right)
        yield "  effective stride", _stride(left), _stride(right)
    yield f"{plural(point, 2)} dropped", _dropped(before, point), _dropped(after, point)
    yield f"{plural(point, 2)} unseen", _unseen(before), _unseen(after)
    yield "parameters", magnitude(before.totals.parameters), magnitude(after.totals.parameters)
    yield "multiply-adds", magnitude(before.totals.macs), magnitude(after.totals.macs)
    yield "activations", _bytes(before.totals.activations), _bytes(after.totals.activations)


def _bytes(number: int | None) -> str:
    return NONE if number is None else bytes_text(number)


def _field(output: TensorReport) -> str:
    """The size of the field; of a global output, that of the last map before it."""
    return once([_size(field) for field in output.fields]) if output.fields else NONE


def _size(field: Field) -> str:
    if field.size is not None:
        return str(field.size)
    return f"global, last map {field.last_local.size}" if field.last_local is not None else NONE


def _stride(output: TensorReport) -> str:
    strides = [field.stride or (field.last_local.stride if field.last_local else None) for field in output.fields]
    return once([NONE if stride is None else fraction(stride) for stride in strides]) if strides else NONE


def _ladder(summary: Summary) -> str:
    steps = [step for step in summary.ladder if step.branch == 0]
    if not steps:
        return NONE
    return " ▸ ".join(once([*map(str, size)]) for size in [steps[0].start, *(step.size for step in steps)])


def _dropped(summary: Summary, point: str) -> str:
    """By which layer, or how many; Keras convolves signals as images of one row, whose indices are samples."""
    numbers = [
        count(max(one.pixels), point) if point == SAMPLE else lost(one.pixels, brief=False) for one in summary.dropped
    ]
    texts = [f"{one.node}: {number}" for one, number in zip(summary.dropped, numbers, strict=True)]
    return "none" if not texts else texts[0] if len(texts) == 1 else f"by {count(len(texts), 'layer')}"


def _unseen(summary: Summary) -> str:
    return listed(list(dict.fromkeys(spans(one.ranges) for one in summary.unseen))) or "none"


def _findings(before: Summary, after: Summary) -> Iterator[str]:
    """The rules that find more or less than before."""
    left, right = dict(before.findings), dict(after.findings)
    more = [rule for rule in right if right[rule] > left.get(rule, 0)]
    fewer = [rule for rule in left if left[rule] > right.get(rule, 0)]
    if more:
        yield f"new findings: {listed([_counted(rule, right[rule] - left.get(rule, 0)) for rule in more])}"
    if fewer:
        yield f"findings that are gone: {listed([_counted(rule, left[rule] - right.get(rule, 0)) for rule in fewer])}"


def _counted(rule: str, number: int) -> str:
    return rule if number == 1 else f"{number} {rule}"
