"""Theoretical fields in closed form: what an index sees on an infinite plane; padding counts as pixels.

Windows, transposed windows, resizing and pixel shuffle compose exactly. Where there is no exact closed form, a Reason
says why. Source: Araujo, Norris, Sim, Computing Receptive Fields of Convolutional Neural Networks, Distill 2019,
extended to fractional strides.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import assert_never

import numpy as np

from strideinspect.fields import merged_axes
from strideinspect.fields.axes import StepContext, carried
from strideinspect.fields.closed_form import (
    Closed,
    Form,
    Reason,
    Suspended,
    composed,
    lifted,
    reduced,
    united,
)
from strideinspect.fields.hulls import (
    Hulls,
    TooLargeError,
    bounded,
    grouped,
    joined,
    mix_channels,
    reshaped,
    shrunk,
    slide,
)
from strideinspect.limits import LARGEST_OFFSET, MOST_PHASES
from strideinspect.reads.steps import (
    Broadcast,
    Channels,
    Cumulative,
    Everything,
    Permute,
    Place,
    Reshape,
    Sliding,
    Statistics,
    Step,
    Table,
    Transposed,
    Whole,
)
from strideinspect.results.field import NOTHING, sees_nothing


def apply(step: Step, form: Form, context: StepContext) -> Form:
    """The closed form after one step."""
    if isinstance(form, Reason):
        return form
    if isinstance(form, Suspended):
        return merged_axes.apply(step, form)
    try:
        return _applied(step, form, context)
    except TooLargeError as error:
        return Reason(str(error))


def _applied(step: Step, form: Closed, context: StepContext) -> Form:  # noqa: PLR0911 - one case a kind
    match step:  # the most frequent kinds first
        case Sliding() | Transposed() | Table():
            return _axis_step(step, form, context)
        case Channels():
            return _channels(step, form, context)
        case Broadcast():
            return _broadcast(step, form, context)
        case Reshape():
            return _reshape(step, form, context)
        case Permute():
            return _permute(step, form)
        case Whole():
            return _whole(step, form, context)
        case Statistics():
            return form  # local dependence leaves statistics out
        case Everything():
            return Reason(step.reason or f"{context.label} reads its whole input")
        case Cumulative():
            return _cumulative(step, form, context)
        case _:
            assert_never(step)


def _axis_step(step: Sliding | Transposed | Table, form: Closed, context: StepContext) -> Form:
    if step.axis != form.axis:
        if step.axis in context.other_axes and form.spans.shape[step.axis + 1] == 1:
            return form
        return _over(form, slide(form.spans, step))
    if isinstance(step, Sliding) and form.period == 1:
        return _widened(form, step)
    if not isinstance(step, Table):
        bounded([step.kernel, step.stride if isinstance(step, Transposed) else 1, form.period])
    repeating = step.periodic_form if isinstance(step, Table) else step.periodic()
    return Reason(repeating) if isinstance(repeating, str) else composed(form, repeating)


def _over(form: Closed, spans: Hulls) -> Closed:
    return form if spans is form.spans else form._replace(spans=spans)


def _widened(form: Closed, step: Sliding) -> Form:
    """A window over a map with one phase, the usual case: the span grows by the extent of the window."""
    ends = sorted((-step.begin * form.step, (step.dilation * (step.kernel - 1) - step.begin) * form.step))
    if max(-ends[0], ends[1], abs(form.step * step.stride)) >= LARGEST_OFFSET:
        return Reason("the field is wider than any image")
    grown = form.spans + np.array([ends[0], -ends[1]], dtype=np.int32).reshape(2, *(1,) * (form.spans.ndim - 1))
    spans = np.where(sees_nothing(form.spans), np.int32(NOTHING), grown)
    if int(spans.min(initial=0)) <= -LARGEST_OFFSET:
        return Reason("the field is wider than any image")
    return Closed(spans, form.axis, form.step * step.stride, form.size_dependent or step.size_dependent)


def _channels(step: Channels, form: Closed, context: StepContext) -> Form:
    if step.axis == form.axis:
        return Reason(f"{context.label} mixes the axis as its channels")
    return _over(form, mix_channels(form.spans, step))


def _whole(step: Whole, form: Closed, context: StepContext) -> Form:
    if step.axis == form.axis:
        return form if step.length == 1 else Reason(f"{context.label} reads the whole axis")
    return form._replace(spans=form.spans.min(axis=step.axis + 1, keepdims=True, initial=NOTHING))


def _cumulative(step: Cumulative, form: Closed, context: StepContext) -> Form:
    if step.axis == form.axis:
        whole = step.both_ways or (step.forward and step.backward)
        what = "the whole axis" if whole else f"everything {'up to an index' if step.forward else 'from an index on'}"
        return Reason(f"{context.label} reads {what}")
    return form._replace(spans=form.spans.min(axis=step.axis + 1, keepdims=True, initial=NOTHING))


def _permute(step: Permute, form: Closed) -> Form:
    order = (0, *(axis + 1 for axis in step.perm))
    return form._replace(spans=form.spans.transpose(order), axis=step.perm.index(form.axis))


def _broadcast(step: Broadcast, form: Closed, context: StepContext) -> Form:
    lead = len(step.after) - len(step.before)
    axis = form.axis + lead
    if step.before[form.axis] == 1 and step.after[axis] != 1:
        return Reason(f"{context.label} broadcasts one index to {step.after[axis]}")
    return form._replace(spans=form.spans.reshape(2, *(1,) * lead, *form.spans.shape[1:]), axis=axis)


def _reshape(step: Reshape, form: Closed, context: StepContext) -> Form:
    """The position's axis may be split (the major part stays the position, the rest become channels) or merged again.

    The form is first written with a period that divides evenly in both shapes; numpy then reshapes the phases.
    """
    before, after = list(step.before), list(step.after)
    if 0 in before:
        return Reason(f"{context.label} has no elements")
    if before[form.axis] == 1:
        return _reshaped_one(step, form, context)
    old, new = next(pair for pair in grouped(step.before, step.after) if form.axis in pair[0])
    digits = [i for i in old if before[i] != 1]
    if digits[0] != form.axis:
        return merged_axes.suspended(
            form, step, Reason(f"{context.label} merges the axis into another as its minor part")
        )
    if any(i in context.other_axes for i in digits[1:]):
        return merged_axes.suspended(form, step, Reason(f"{context.label} merges the axis with another image axis"))
    behind = math.prod(before[i] for i in digits[1:])
    target = [i for i in new if after[i] != 1]
    inner = math.prod(after[i] for i in target[1:])
    period = form.period * (inner // math.gcd(form.period * behind, inner))
    if period * behind > MOST_PHASES:
        return merged_axes.suspended(form, step, Reason(f"the field has {period * behind:,} phases"))
    written = lifted(form, period)
    before[form.axis], after[target[0]] = period, period * behind // inner
    dims = list(written.spans.shape)
    for i in old:
        dims[i + 1] = before[i]
    spans = reshaped(np.broadcast_to(written.spans, dims), tuple(before), tuple(after))
    for i in target[1:]:
        spans = shrunk(spans, i)
    return reduced(Closed(spans, target[0], written.step, form.size_dependent))


def _reshaped_one(step: Reshape, form: Closed, context: StepContext) -> Form:
    """The form for a position on an axis of extent 1, of which only the first phase exists."""
    to = carried([form.axis], step.before, step.after)
    if not to:
        return Reason(f"{context.label} removes the axis")
    (axis,) = to
    return form._replace(spans=reshaped(form.spans.take([0], form.axis + 1), step.before, step.after), axis=axis)


def merge(parts: Sequence[tuple[Place | None, Form]], label: str) -> Form:
    """The hull of several closed forms where their strides agree; else the reason why there is none."""
    forms = [(place, form) for place, form in parts if isinstance(form, Closed)]
    if len(forms) < len(parts):
        return _merged_suspended(parts, label)
    place, first = forms[0]
    if len(forms) == 1 and (place is None or place.axis == first.axis):
        if place is None:
            return first
        shift = Sliding(place.axis, 1, 1, 1, place.offset, place.length, place.size)
        return composed(first, shift.periodic())
    apart = _apart(forms, label)
    return apart or _hull(forms)


def _merged_suspended(parts: Sequence[tuple[Place | None, Form]], label: str) -> Form:
    """Merge suspended forms, which is possible if all have the same axes; else the reason of the first one."""
    waiting = [form for place, form in parts if isinstance(form, Suspended) and place is None]
    if len(waiting) == len(parts) and len({form.axes for form in waiting}) == 1:
        line = merge([(None, form.line) for form in waiting], label)
        return waiting[0]._replace(line=line) if isinstance(line, Closed) else line
    return Reason(next(form.text for _, form in parts if not isinstance(form, Closed)))


def _apart(forms: Sequence[tuple[Place | None, Closed]], label: str) -> Reason | None:
    """Why these closed forms have no hull in closed form."""
    first = forms[0][1]
    if any(form.axis != first.axis for _, form in forms):
        return Reason(f"{label} merges branches whose positions run along different axes")
    if any(place is not None and place.axis == first.axis for place, _ in forms):
        return Reason(f"{label} concatenates maps along the axis")
    strides = {form.stride for form in {(form.step, form.period): form for _, form in forms}.values()}
    if len(strides) > 1:
        listed = " and ".join(map(str, sorted(strides)))
        return Reason(f"{label} merges branches with effective strides {listed}")
    period = math.lcm(*(form.period for _, form in forms))
    return Reason(f"the field has {period:,} phases") if period > MOST_PHASES else None


def _hull(forms: Sequence[tuple[Place | None, Closed]]) -> Form:
    """The hull of closed forms of one stride; partial reads are concatenated along their axis first."""
    whole = [form for place, form in forms if place is None]
    stretches = [(place, form) for place, form in forms if place is not None]
    if stretches:
        period = math.lcm(*(form.period for _, form in stretches))
        same = [(place, lifted(form, period)) for place, form in stretches]
        try:
            spans = joined([(place, form.spans) for place, form in same], ignore_empty=False)
        except TooLargeError as error:
            return Reason(str(error))
        first = same[0][1]
        whole.append(Closed(spans, first.axis, first.step, any(form.size_dependent for _, form in same)))
    return united(whole)
