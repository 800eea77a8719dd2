"""Theoretical fields in closed form: what an index sees on an infinite plane; padding counts as pixels.

Windows, transposed windows, resizing and pixel shuffle compose exactly. Where there is no exact closed form, a Reason
says why. Source: Araujo, Norris, Sim, Computing Receptive Fields of Convolutional Neural Networks, Distill 2019,
extended to fractional strides.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

import numpy as np
from msgspec import structs

from strideinspect.fields import listed, merged_axes, side_by_side
from strideinspect.fields.axes import StepContext, carried
from strideinspect.fields.closed_form import Closed, Form, Listed, Reason, Scales, Suspended, last_closed
from strideinspect.fields.composition import composed
from strideinspect.fields.hulls import (
    Hulls,
    TooLargeError,
    bounded,
    emptied_at,
    mix_channels,
    reshaped,
    slide,
)
from strideinspect.limits import LARGEST_OFFSET
from strideinspect.reads import steps
from strideinspect.results.field import NOTHING, sees_nothing


def apply(step: steps.Step, form: Form, context: StepContext) -> Form:
    """The closed form after one step."""
    try:
        after = _after(step, form, context)
    except TooLargeError as error:
        after = Reason(str(error))
    if isinstance(after, Reason) and after.last is None:
        return structs.replace(after, last=last_closed(form, context.source))
    return after


def _after(step: steps.Step, form: Form, context: StepContext) -> Form:
    match form:
        case Closed() | Suspended() if isinstance(step, steps.Table) and step.of_elements:
            return listed.begun(step, form, str(step.periodic_form), context)
        case Closed():
            return _applied(step, form, context)
        case Suspended():
            return merged_axes.apply(step, form, context, _applied)
        case Scales():
            return side_by_side.apply(step, form, context, apply)
        case Listed():
            return listed.apply(step, form, context)
        case Reason():
            return form
        case _:
            assert_never(form)


def _applied(step: steps.Step, form: Closed, context: StepContext) -> Form:  # noqa: C901, PLR0911 - one case a kind
    match step:  # the most frequent kinds first
        case steps.Sliding() | steps.Transposed() | steps.Table():
            return _axis_step(step, form, context)
        case steps.Channels():
            return _channels(step, form, context)
        case steps.Broadcast():
            return _broadcast(step, form, context)
        case steps.Reshape():
            return _reshape(step, form, context)
        case steps.Permute():
            return _permute(step, form)
        case steps.Whole():
            return _whole(step, form, context)
        case steps.Statistics():
            return form  # local dependence leaves statistics out
        case steps.Everything():
            return Reason(step.reason or f"{context.label} reads its whole input")
        case steps.Cumulative():
            return _cumulative(step, form, context)
        case steps.Masked():
            return _masked(step, form, context)
        case _:
            assert_never(step)


def _axis_step(step: steps.Sliding | steps.Transposed | steps.Table, form: Closed, context: StepContext) -> Form:
    if step.axis != form.axis:
        if step.axis in context.other_axes and form.spans.shape[step.axis + 1] == 1:
            return form
        return _over(form, slide(form.spans, step))
    if isinstance(step, steps.Sliding) and form.period == 1:
        return _widened(form, step)
    if not isinstance(step, steps.Table):
        bounded([step.kernel, step.stride if isinstance(step, steps.Transposed) else 1, form.period])
    repeating = step.periodic_form if isinstance(step, steps.Table) else step.periodic()
    return Reason(repeating) if isinstance(repeating, str) else composed(form, repeating)


def _over(form: Closed, spans: Hulls) -> Closed:
    return form if spans is form.spans else structs.replace(form, spans=spans)


def _widened(form: Closed, step: steps.Sliding) -> Form:
    """A window over a map with one phase, the usual case: the span grows by the extent of the window."""
    ends = sorted((-step.begin * form.step, (step.dilation * (step.kernel - 1) - step.begin) * form.step))
    if max(-ends[0], ends[1], abs(form.step * step.stride)) >= LARGEST_OFFSET:
        return Reason("the field is wider than any image")
    if form.spans.size == 2:
        return _widened_alone(form, step, ends)
    grown = form.spans + np.array([ends[0], -ends[1]], dtype=np.int32).reshape(2, *(1,) * (form.spans.ndim - 1))
    spans = np.where(sees_nothing(form.spans), np.int32(NOTHING), grown)
    if int(spans.min(initial=0)) <= -LARGEST_OFFSET:
        return Reason("the field is wider than any image")
    caveat = structs.replace(form.caveat, size=True) if step.size_dependent else form.caveat
    return Closed(spans, form.axis, form.step * step.stride, caveat)


def _widened_alone(form: Closed, step: steps.Sliding, ends: Sequence[int]) -> Form:
    """The same where the field is alike along all other axes: two numbers, for which arrays take ten times as long."""
    first, last = form.spans.reshape(2).tolist()
    if not sees_nothing(first):
        first, last = first + ends[0], last - ends[1]
        if min(first, last) <= -LARGEST_OFFSET:
            return Reason("the field is wider than any image")
    spans = np.array([first, last], dtype=np.int32).reshape(form.spans.shape)
    caveat = structs.replace(form.caveat, size=True) if step.size_dependent else form.caveat
    return Closed(spans, form.axis, form.step * step.stride, caveat)


def _channels(step: steps.Channels, form: Closed, context: StepContext) -> Form:
    if step.axis == form.axis:
        return Reason(f"{context.label} mixes the axis as its channels")
    return _over(form, mix_channels(form.spans, step))


def _whole(step: steps.Whole, form: Closed, context: StepContext) -> Form:
    if step.axis == form.axis:
        return form if step.length == 1 else Reason(f"{context.label} reads the whole axis")
    spans = form.spans.min(axis=step.axis + 1, keepdims=True, initial=NOTHING)
    mixes = step.attends and spans.shape != form.spans.shape
    return structs.replace(
        form, spans=spans, caveat=structs.replace(form.caveat, attended=True) if mixes else form.caveat
    )


def _cumulative(step: steps.Cumulative, form: Closed, context: StepContext) -> Form:
    if step.axis == form.axis:
        whole = step.both_ways or (step.forward and step.backward)
        what = "the whole axis" if whole else f"everything {'up to an index' if step.forward else 'from an index on'}"
        return Reason(f"{context.label} reads {what}")
    return structs.replace(form, spans=form.spans.min(axis=step.axis + 1, keepdims=True, initial=NOTHING))


def _masked(step: steps.Masked, form: Closed, context: StepContext) -> Form:
    taken = step.over(context.other_axes - {form.axis})
    if taken.shape[form.axis] > 1:
        return Reason(f"{context.label} takes only some indices of the axis")
    return _over(form, emptied_at(form.spans, ~taken))


def _permute(step: steps.Permute, form: Closed) -> Form:
    order = (0, *(axis + 1 for axis in step.perm))
    return structs.replace(form, spans=form.spans.transpose(order), axis=step.perm.index(form.axis))


def _broadcast(step: steps.Broadcast, form: Closed, context: StepContext) -> Form:
    lead = len(step.after) - len(step.before)
    axis = form.axis + lead
    if step.before[form.axis] == 1 and step.after[axis] != 1:
        return Reason(f"{context.label} broadcasts one index to {step.after[axis]}")
    return structs.replace(form, spans=form.spans.reshape(2, *(1,) * lead, *form.spans.shape[1:]), axis=axis)


def _reshape(step: steps.Reshape, form: Closed, context: StepContext) -> Form:
    """The position's axis may be split (its major part stays the position, the rest are channels) or merged again."""
    if 0 in step.before:
        return Reason(f"{context.label} has no elements")
    if step.before[form.axis] == 1:
        return _reshaped_one(step, form, context)
    return merged_axes.reshape(step, form, context)


def _reshaped_one(step: steps.Reshape, form: Closed, context: StepContext) -> Form:
    """The form for a position on an axis of extent 1, of which only the first phase exists."""
    to = carried([form.axis], step.before, step.after)
    if not to:
        return Reason(f"{context.label} removes the axis")
    (axis,) = to
    return structs.replace(
        form, spans=reshaped(form.spans.take([0], form.axis + 1), step.before, step.after), axis=axis
    )
