"""Closed forms whose position shares an axis with others after a Reshape; a later Reshape may separate them again.

Exporters write group normalisation this way: [N, C, H, W] is reshaped to [N, G, C/G·H·W], normalised, and reshaped
back. Windows of attention are cut out by a Reshape that moves the position into the batch. In between there is no
closed form, because the position is only one digit of the index along its axis, but the digits are still known.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import assert_never

import numpy as np
from msgspec import structs

from strideinspect.fields.axes import StepContext
from strideinspect.fields.closed_form import Closed, Digit, Form, Reason, Role, Suspended
from strideinspect.fields.composition import lifted, reduced
from strideinspect.fields.hulls import grouped, reshaped, shrunk
from strideinspect.limits import MOST_PHASES
from strideinspect.reads import steps
from strideinspect.results.field import Shape

_AlongOneAxis = steps.Sliding | steps.Transposed | steps.Table | steps.Channels | steps.Whole | steps.Cumulative

_Apply = Callable[[steps.Step, Closed, StepContext], Form]


def reshape(step: steps.Reshape, form: Closed, context: StepContext) -> Form:
    """The form after a Reshape. Its position keeps its axis if possible: the major part of it where it is split."""
    digits = tuple(Digit(size, Role.POSITION if i == form.axis else Role.PLAIN) for i, size in enumerate(step.before))
    return _reshape(step, Suspended("", form, digits, (1,) * len(digits), context.source), context)


def apply(step: steps.Step, form: Suspended, context: StepContext, applied: _Apply) -> Form:  # noqa: PLR0911 - one case a kind
    """The form after one more step: closed again once the position has its own axis. `applied` is for closed forms."""
    match step:
        case steps.Reshape():
            return _reshape(step, form, context)
        case steps.Statistics():
            return form
        case steps.Broadcast():
            return _broadcast(step, form)
        case steps.Permute():
            return _permute(step, form)
        case (
            steps.Sliding() | steps.Transposed() | steps.Table() | steps.Channels() | steps.Whole() | steps.Cumulative()
        ):
            return _along_axis(step, form, context, applied)
        case steps.Masked():
            taken = step.over(context.other_axes - {position_axis(form)})
            return form if taken.all() else Reason(f"{context.label} takes only some indices of the axis")
        case steps.Everything():
            return Reason(step.reason or f"{context.label} reads its whole input")
        case _:
            assert_never(step)


def groups(form: Suspended) -> list[range]:
    """Which digits each axis of the tensor has."""
    ends = [sum(form.counts[: i + 1]) for i in range(len(form.counts))]
    return [range(end - count, end) for end, count in zip(ends, form.counts, strict=True)]


def position_axis(form: Suspended) -> int:
    """The axis of the tensor of which the position is one digit."""
    return next(axis for axis, group in enumerate(groups(form)) if form.form.axis in group)


def single(form: Suspended, axis: int) -> tuple[Suspended, int]:
    """The same form with exactly one digit for an axis without the position, and the number of that digit.

    Raises TooLargeError.
    """
    listed = groups(form)
    group, (before, after) = listed[axis], (listed[axis].start, listed[axis].stop)
    if len(group) == 1:
        return form, group[0]
    sizes = _spanned(form)
    inner = math.prod(sizes[before:after])
    spans = reshaped(form.form.spans, tuple(sizes), (*sizes[:before], inner, *sizes[after:]))
    role = Role.IMAGE if any(form.digits[i].role is Role.IMAGE for i in group) else Role.PLAIN
    shift = 1 - len(group) if form.form.axis >= after else 0
    return structs.replace(
        form,
        form=structs.replace(form.form, spans=shrunk(spans, before), axis=form.form.axis + shift),
        digits=(*form.digits[:before], Digit(inner, role), *form.digits[after:]),
        counts=(*form.counts[:axis], 1, *form.counts[axis + 1 :]),
    ), before


def refined(form: Suspended, sizes: Sequence[int], counts: tuple[int, ...]) -> Suspended | None:
    """The same form with digits of these sizes; None where they do not divide its own."""
    finer = _regrouped(form, tuple(sizes))
    if finer is None:
        return None
    for axis, count in enumerate(finer.counts):
        if count == 0:
            finer, _ = single(finer, axis)  # a size of 1
    return structs.replace(finer, counts=counts) if len(finer.digits) == len(sizes) else None


def _reshape(step: steps.Reshape, form: Suspended, context: StepContext) -> Form:
    regrouped = _regrouped(_with_roles(form, context), step.after)
    if regrouped is None:
        return Reason(form.text or f"{context.label} splits the axis unevenly")
    return _resolved(regrouped, step.after, context)


def _with_roles(form: Suspended, context: StepContext) -> Suspended:
    """The digits with their present roles: those of an axis without other positions are plain."""
    roles = [digit.role for digit in form.digits]
    for axis, group in enumerate(groups(form)):
        known = Role.IMAGE if axis in context.other_axes else Role.PLAIN
        for i in group if known is Role.PLAIN or len(group) == 1 else ():
            roles[i] = known
    roles[form.form.axis] = Role.POSITION
    return structs.replace(form, digits=tuple(Digit(d.size, role) for d, role in zip(form.digits, roles, strict=True)))


def _regrouped(form: Suspended, after: Shape) -> Suspended | None:
    """The same digits regrouped into new axes, split where needed; None where an axis would begin inside a digit."""
    parts = _parts([digit.size for digit in form.digits], after)
    if parts is None:  # digits that are glued together and cut in another place
        glued = _glued(form, after)
        parts = None if glued is None else _parts([digit.size for digit in glued.digits], after)
        if glued is None or parts is None:
            return None
        form = glued
    split, counts = parts
    inner = math.prod(split[form.form.axis][1:])
    period = form.form.period * (inner // math.gcd(form.form.period, inner))
    if period > MOST_PHASES:
        return None
    written = lifted(form.form, period)
    dims: list[int] = []
    digits: list[Digit] = []
    axis = 0
    for i, (digit, sizes) in enumerate(zip(form.digits, split, strict=True)):
        if i == written.axis:
            axis = len(dims)
            dims += [period // inner, *sizes[1:]]
            digits += [Digit(size, Role.PLAIN if k else Role.POSITION) for k, size in enumerate(sizes)]
        else:
            dims += sizes if written.spans.shape[i + 1] > 1 else [1] * len(sizes)
            digits += [Digit(size, digit.role) for size in sizes]
    spans = written.spans.reshape(2, *dims)
    for i in range(len(dims)):
        spans = spans if i == axis else shrunk(spans, i)
    return structs.replace(
        form, form=structs.replace(written, spans=spans, axis=axis), digits=tuple(digits), counts=counts
    )


def _glued(form: Suspended, after: Shape) -> Suspended | None:
    """The form with one digit for each group of digits that new axes cut elsewhere; None where positions would mix."""
    glued = structs.replace(form, counts=(1,) * len(form.digits))
    for old, new in reversed(grouped(tuple(digit.size for digit in form.digits), after)):
        if _parts([form.digits[i].size for i in old], tuple(after[i] for i in new)) is not None:
            continue
        counts = (*glued.counts[: old[0]], len(old), *glued.counts[old[-1] + 1 :])
        inner = [form.digits[i] for i in old]
        if form.form.axis not in old:
            glued, _ = single(structs.replace(glued, counts=counts), old[0])
            continue
        rest = math.prod(digit.size for digit in inner[1:])
        mixes = form.form.axis != old[0] or any(digit.role is Role.IMAGE for digit in inner[1:])
        if mixes or form.form.period * rest > MOST_PHASES:
            return None
        glued = structs.replace(_as_one(glued, old, rest), counts=(1,) * (len(glued.digits) - len(old) + 1))
    return glued


def _as_one(form: Suspended, group: Sequence[int], rest: int) -> Suspended:
    """The form with the position and the plain digits behind it as one digit; the counts are left as they were."""
    sizes = _spanned(form)
    start, stop = group[0], group[-1] + 1
    dims = [sizes[i] if i in group else n for i, n in enumerate(form.form.spans.shape[1:])]
    wide = np.broadcast_to(form.form.spans, (2, *dims))
    spans = wide.reshape(2, *dims[:start], form.form.period * rest, *dims[stop:])
    digit = Digit(form.digits[start].size * rest, Role.POSITION)
    return structs.replace(
        form,
        form=reduced(structs.replace(form.form, spans=spans)),
        digits=(*form.digits[:start], digit, *form.digits[stop:]),
    )


def _parts(sizes: Sequence[int], after: Shape) -> tuple[list[list[int]], tuple[int, ...]] | None:
    """The parts of each digit, the major one first, and how many parts make up each new axis; digits of 1 vanish."""
    parts: list[list[int]] = [[] for _ in sizes]
    counts = []
    digit, left = -1, 1
    for axis in after:
        count, rest = 0, axis
        while rest > 1:
            while left == 1:
                digit += 1
                left = sizes[digit]
            if rest % left and left % rest:
                return None
            part = min(rest, left)
            parts[digit].append(part)
            count, rest, left = count + 1, rest // part, left // part
        counts.append(count)
    return parts, tuple(counts)


def _resolved(form: Suspended, after: Shape, context: StepContext) -> Form:
    """A closed form if the position is the major digit of its axis and the others there are no positions."""
    group = groups(form)[position_axis(form)]
    rest = math.prod(form.digits[i].size for i in group[1:])
    label, phases = context.label, form.form.period * rest
    if form.form.axis != group[0]:
        return structs.replace(form, text=form.text or f"{label} merges the axis into another as its minor part")
    if any(form.digits[i].role is Role.IMAGE for i in group):
        return structs.replace(form, text=form.text or f"{label} merges the axis with another image axis")
    if rest > 1 and phases > MOST_PHASES:
        return structs.replace(form, text=form.text or f"the field has {phases:,} phases")
    axis = position_axis(form)
    whole = _as_one(form, group, rest)
    spans = reshaped(whole.form.spans, tuple(_spanned(whole)), (*after[:axis], whole.form.period, *after[axis + 1 :]))
    for i in range(len(after)):
        spans = spans if i == axis else shrunk(spans, i)
    return reduced(structs.replace(whole.form, spans=spans, axis=axis))


def _spanned(form: Suspended) -> list[int]:
    """The size of each digit, and the period in place of the position."""
    return [form.form.period if i == form.form.axis else digit.size for i, digit in enumerate(form.digits)]


def _permute(step: steps.Permute, form: Suspended) -> Suspended:
    order = [i for axis in step.perm for i in groups(form)[axis]]
    spans = form.form.spans.transpose((0, *(i + 1 for i in order)))
    return structs.replace(
        form,
        form=structs.replace(form.form, spans=spans, axis=order.index(form.form.axis)),
        digits=tuple(form.digits[i] for i in order),
        counts=tuple(form.counts[axis] for axis in step.perm),
    )


def _broadcast(step: steps.Broadcast, form: Suspended) -> Form:
    lead = len(step.after) - len(step.before)
    kept = list(form.digits)
    counts, dims = list(form.counts), list(form.form.spans.shape[1:])
    axis = form.form.axis
    for i, (n, group) in reversed(list(enumerate(zip(step.before, groups(form), strict=True)))):
        if n == 1 and step.after[i + lead] != 1:
            kept[group.start : group.stop] = [Digit(step.after[i + lead], Role.PLAIN)]
            dims[group.start : group.stop] = [1]
            axis += (1 - len(group)) if axis >= group.stop else 0
            counts[i] = 1
    spans = form.form.spans.reshape(2, *(1,) * lead, *dims)
    return structs.replace(
        form,
        form=structs.replace(form.form, spans=spans, axis=axis + lead),
        digits=(*(Digit(n, Role.PLAIN) for n in step.after[:lead]), *kept),
        counts=((1,) * lead + tuple(counts)),
    )


def _along_axis(step: _AlongOneAxis, form: Suspended, context: StepContext, applied: _Apply) -> Form:
    if position_axis(form) == step.axis:
        match step:
            case steps.Whole():
                why = f"{context.label} reads the whole axis"
            case steps.Cumulative():
                why = f"{context.label} accumulates along the axis"
            case steps.Table(periodic_form=str(text)):
                why = text
            case steps.Sliding() if (step.kernel, step.stride, step.begin, step.size) == (1, 1, 0, step.length):
                return form
            case _:
                why = form.text
        return Reason(why)
    apart, digit = single(form, step.axis)
    others = frozenset({digit}) if step.axis in context.other_axes else frozenset[int]()
    inner = applied(structs.replace(step, axis=digit), apart.form, structs.replace(context, other_axes=others))
    if not isinstance(inner, Closed):
        return inner
    size = _size_after(step, apart.digits[digit].size)
    digits = (*apart.digits[:digit], structs.replace(apart.digits[digit], size=size), *apart.digits[digit + 1 :])
    return structs.replace(apart, form=inner, digits=digits)


def _size_after(step: _AlongOneAxis, size: int) -> int:
    match step:
        case steps.Sliding() | steps.Transposed() | steps.Table():
            return step.size
        case steps.Channels():
            return step.outputs
        case steps.Whole():
            return 1
        case steps.Cumulative():
            return size
        case _:
            assert_never(step)
