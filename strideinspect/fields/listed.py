"""Fields that are listed index by index, where the elements of a map were picked one by one.

PyTorch exports an adaptive pooling whose sizes do not divide this way: a GatherND lists the elements of every window,
a Where takes out those of other windows, and a sum reduces the list. Where the positions that are left repeat at equal
distances, there is a closed form again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import assert_never

import numpy as np
from msgspec import structs

from strideinspect.fields import actual
from strideinspect.fields.actual import Dependence
from strideinspect.fields.axes import StepContext
from strideinspect.fields.caveats import caveats
from strideinspect.fields.closed_form import Closed, Form, Listed, Reason, Suspended, last_closed
from strideinspect.fields.composition import reduced
from strideinspect.fields.hulls import Hulls
from strideinspect.fields.sliding import cut
from strideinspect.reads.steps import Cumulative, Everything, Sliding, Step, Table, Transposed
from strideinspect.results.field import NOTHING, sees_nothing

_UNEQUAL = " at unequal distances"


def begun(step: Table, form: Closed | Suspended, text: str, context: StepContext) -> Form:
    """What a table of elements picks from a flattened map; `text` says why that may have no closed form."""
    match form:
        case Closed():
            spans, caveat = _written_out(form, step.length), form.caveat
        case Suspended():
            sizes = [digit.size for digit in form.digits]
            inner = _written_out(form.form, sizes[form.form.axis])
            spans, caveat = np.broadcast_to(inner, (2, *sizes)).reshape(2, math.prod(sizes)), form.form.caveat
        case _:
            assert_never(form)
    seen = Dependence(spans, spans, spans, frozenset({step.axis}))
    return apply(
        step,
        Listed(text, seen, structs.replace(caveat, size=True, picked=True), last_closed(form, context.source)),
        context,
    )


def _written_out(form: Closed, length: int) -> Hulls:
    """The spans of so many indices."""
    turns, phase = np.divmod(np.arange(length), form.period)
    spans = form.spans.take(phase, form.axis + 1)
    shape = [1] * spans.ndim
    shape[form.axis + 1] = length
    signs = np.array([1, -1]).reshape(2, *(1,) * (spans.ndim - 1))
    moved = spans + (turns * form.step).reshape(shape) * signs
    return np.where(sees_nothing(spans), NOTHING, moved).astype(np.int32)


def apply(step: Step, form: Listed, context: StepContext) -> Form:
    """The form after one more step, as the actual field goes through it; padding, which is no pixel there, ends it."""
    if isinstance(step, Everything):
        return Reason(step.reason or f"{context.label} reads its whole input", form.last)
    if isinstance(step, Sliding | Transposed | Table | Cumulative) and step.axis in form.seen.axes and _leaves(step):
        return Reason(form.text, form.last)
    return _resolved(structs.replace(form, seen=actual.apply(step, form.seen, context)), context.label)


def _leaves(step: Sliding | Transposed | Table | Cumulative) -> bool:
    """Whether the step reads places that are no index of the axis, or is not followed here."""
    match step:
        case Sliding():
            last = (step.size - 1) * step.stride + step.dilation * (step.kernel - 1) - step.begin
            return step.begin > 0 or last >= step.length
        case Table():
            return bool((step.taps < 0).any())
        case Transposed() | Cumulative():
            return True


def _resolved(form: Listed, label: str) -> Form:
    seen = form.seen
    if seen.local is None or seen.unknown is not None:
        return Reason(form.text, form.last)
    if not seen.axes:
        return Reason(f"{label} reads the whole axis", form.last)
    if len(seen.axes) > 1:
        return form
    (axis,) = seen.axes
    closed = _repeating(seen.local, axis)
    if closed is not None:
        return reduced(structs.replace(closed, caveat=form.caveat))
    return form if form.text.endswith(_UNEQUAL) else structs.replace(form, text=form.text + _UNEQUAL)


def _repeating(spans: Hulls, axis: int) -> Closed | None:
    """The closed form of spans that repeat, shifted, at least twice along the axis; None if they do not."""
    count = spans.shape[axis + 1]
    empty = sees_nothing(spans)
    signs = np.array([1, -1], dtype=np.int32).reshape(2, *(1,) * (spans.ndim - 1))
    for period in range(1, count // 2 + 1):
        head, tail = cut(spans, axis + 1, 0, count - period), cut(spans, axis + 1, period, count)
        there = ~cut(empty, axis + 1, 0, count - period)
        if not there.any() or (there == cut(empty, axis + 1, period, count)).any():
            continue
        moved = np.where(there, (tail - head) * signs, 0)
        shift = int(moved.flat[np.flatnonzero(there)[0]])
        if shift and bool((moved[there] == shift).all()):
            return Closed(cut(spans, axis + 1, 0, period), axis, shift)
    return None


def together(forms: Sequence[Form], label: str) -> Form | None:
    """The hull of listed fields, and of closed forms beside them; None if another form is among them."""
    listed = [form for form in forms if isinstance(form, Listed)]
    closed = [form for form in forms if isinstance(form, Closed)]
    first = listed[0]
    if len(listed) + len(closed) < len(forms) or any(form.seen.axes != first.seen.axes for form in listed):
        return None
    parts = [form.seen for form in listed]
    for form in closed:
        if first.seen.axes != {form.axis}:
            return None
        spans = _written_out(form, first.seen.full.shape[form.axis + 1])
        parts.append(Dependence(spans, spans, spans, first.seen.axes))
    caveat = caveats([first, *closed])
    seen = actual.merge([(None, part) for part in parts], ())
    return _resolved(structs.replace(first, seen=seen, caveat=caveat), label)
