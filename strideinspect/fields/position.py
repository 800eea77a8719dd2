"""The axis along which the position runs, on which the actual field and the closed form have to agree."""

from __future__ import annotations

import numpy as np
from msgspec import structs

from strideinspect.fields.actual import Dependence
from strideinspect.fields.closed_form import Closed, Form, Reason
from strideinspect.fields.composition import reduced
from strideinspect.fields.hulls import Hulls, along
from strideinspect.fields.sliding import cut
from strideinspect.reads.steps import Sliding, Step, Whole
from strideinspect.results.field import NOTHING, sees_nothing

_SIGNS = np.array([1, -1])


def of(dependence: Dependence, form: Form) -> Dependence:
    """The actual field with its position along the axis of the closed form alone, if nothing changes along others.

    An axis that was split keeps the position in all parts until it is known in which of them it varies.
    """
    if not isinstance(form, Closed) or len(dependence.axes) < 2 or form.axis not in dependence.axes:
        return dependence
    arrays = [form.spans, dependence.full, *([] if dependence.local is None else [dependence.local])]
    others = tuple(axis + 1 for axis in dependence.axes if axis != form.axis)
    if any(_varies(spans, others) for spans in arrays):
        return dependence
    return structs.replace(dependence, axes=frozenset({form.axis}))


def _varies(spans: Hulls, axes: tuple[int, ...]) -> bool:
    """Whether indices along these array axes see different pixels; those that see nothing do not count."""
    if all(spans.shape[axis] == 1 for axis in axes):
        return False
    low = spans.min(axis=axes, keepdims=True, initial=NOTHING)
    return bool(((spans != low) & ~sees_nothing(spans)).any())


def followed(step: Step, before: Dependence, after: Dependence, form: Form, label: str) -> Form:
    """The form of a step's output, brought to the axis along which the position runs after the step."""
    if isinstance(form, Closed):
        if form.caveat.wraps and isinstance(step, Sliding) and after.local is not None:
            form = _unwound(form, after.local, step)
        gone = form.axis in before.axes and form.axis not in after.axes
        return _moved(form, after, label) if gone and len(after.axes) == 1 else form
    reads_whole = isinstance(step, Whole) and step.axis in before.axes and step.length > 1
    if isinstance(form, Reason) and reads_whole and after.local is not None and _is_constant(after.local):
        return structs.replace(form, text=f"{label} reads the whole axis")
    return form


def _unwound(form: Closed, local: Hulls, step: Sliding) -> Closed:
    """The form of a part of a map that goes on behind the other end of the input, moved to where that part lies."""
    if step.axis != form.axis or step.kernel != 1 or step.size == 0:
        return form
    middle = step.size // 2
    turns, phase = divmod(middle, form.period)
    claimed = cut(form.spans, form.axis + 1, phase, phase + 1).reshape(2, -1).min(axis=1) + turns * form.step * _SIGNS
    there = along(local, form.axis, step.size)[:, middle]
    if sees_nothing(claimed).any() or sees_nothing(there).any():
        return form
    shift = there - claimed
    apart = there[0] > -claimed[1] or claimed[0] > -there[1]
    if not apart or shift[0] != -shift[1]:
        return form
    moved = form.spans + (int(shift[0]) * _SIGNS).astype(np.int32).reshape(2, *(1,) * (form.spans.ndim - 1))
    return structs.replace(form, spans=np.where(sees_nothing(form.spans), form.spans, moved))


def _is_constant(spans: Hulls) -> bool:
    """Whether every index sees the same pixels."""
    return spans.size > 0 and bool((spans == spans[(slice(None), *[slice(0, 1)] * (spans.ndim - 1))]).all())


def _moved(form: Closed, after: Dependence, label: str) -> Form:
    """The form along the axis that is left of a position that ran along two; `form` has one index along the other."""
    (axis,) = after.axes
    spans = form.spans.take([0], form.axis + 1)
    period = _period(spans, axis)
    if period is None:
        return Reason(f"{label} reduces one of the two axes along which the position runs")
    first, next_ = cut(spans, axis + 1, 0, 1), cut(spans, axis + 1, period, period + 1)
    step = int((next_ - first)[0].flat[0])
    return reduced(Closed(cut(spans, axis + 1, 0, period), axis, step, structs.replace(form.caveat, size=True)))


def _period(spans: Hulls, axis: int) -> int | None:
    """After how many indices the spans repeat, shifted; None unless they do so at least twice."""
    count = spans.shape[axis + 1]
    if sees_nothing(spans).any():
        return None
    for period in range(1, (count - 1) // 2 + 1):
        moved = cut(spans, axis + 1, period, count) - cut(spans, axis + 1, 0, count - period)
        shift = moved[0].flat[0]
        signs = _SIGNS.reshape(2, *(1,) * (spans.ndim - 1))
        if shift and bool((moved == shift * signs).all()):
            return period
    return None
