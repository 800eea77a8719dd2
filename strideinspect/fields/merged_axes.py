"""Closed forms whose position shares an axis with others after a Reshape; a later Reshape may separate them again.

Exporters write group normalisation this way: [N, C, H, W] is reshaped to [N, G, C/G·H·W], normalised, and reshaped
back. In between there is no closed form, because the position is only one digit of the index along its axis, but no
operator reads along that axis either.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import assert_never

from strideinspect.fields.closed_form import (
    Closed,
    Digit,
    Form,
    Reason,
    Suspended,
    alone,
    laid,
)
from strideinspect.reads.steps import (
    Broadcast,
    Channels,
    Cumulative,
    Everything,
    Permute,
    Reshape,
    Sliding,
    Statistics,
    Step,
    Table,
    Transposed,
    Whole,
)

_Axes = tuple[tuple[Digit, ...], ...]


def suspended(form: Closed, step: Reshape, why: Reason) -> Form:
    """The form after a Reshape that merges the position's axis with others; `why` if it cannot be recovered later."""
    line = alone(form)
    if line is None or step.before[form.axis] == 1:
        return why
    axes = tuple(_digits(n, position=axis == form.axis) for axis, n in enumerate(step.before))
    return _carried_on(Suspended(why.text, line, axes), _reshape(step, axes))


def apply(step: Step, form: Suspended) -> Form:
    """The form after one more step: closed again once the position has its own axis."""
    return _carried_on(form, _after(step, form.axes))


def _after(step: Step, axes: _Axes) -> _Axes | None:  # noqa: PLR0911 - one case a kind
    """The digits of each axis after a step; None where the step reads along the position."""
    match step:
        case Reshape():
            return _reshape(step, axes)
        case Statistics():
            return axes
        case Broadcast():
            return _broadcast(step, axes)
        case Permute():
            return tuple(axes[axis] for axis in step.perm)
        case Sliding() | Transposed() | Table():
            return _resized(axes, step.axis, step.size)
        case Channels():
            return _resized(axes, step.axis, step.outputs)
        case Whole():
            return _resized(axes, step.axis, 1)
        case Cumulative():
            return None if _has_position(axes[step.axis]) else axes
        case Everything():
            return None
        case _:
            assert_never(step)


def _carried_on(form: Suspended, axes: _Axes | None) -> Form:
    if axes is None:
        return Reason(form.text)
    own = next((axis for axis, digits in enumerate(axes) if digits and digits[0].position and len(digits) == 1), None)
    return form._replace(axes=axes) if own is None else laid(form.line, len(axes), own)


def _digits(size: int, *, position: bool = False) -> tuple[Digit, ...]:
    return () if size == 1 else (Digit(size, position),)


def _reshape(step: Reshape, axes: _Axes) -> _Axes | None:
    """The same digits regrouped into the new axes, split if needed; None if the position would have to be split."""
    if 0 in step.before:
        return None
    left = [digit for axis in reversed(axes) for digit in reversed(axis)]  # the major digit last
    split = []
    for size in step.after:
        group: list[Digit] = []
        while (rest := size // math.prod(digit.size for digit in group)) > 1:
            digit = left.pop()
            if rest % digit.size and (digit.position or digit.size % rest):
                return None
            part = min(rest, digit.size)
            group.append(Digit(part, digit.position))
            if part < digit.size:
                left.append(Digit(digit.size // part))
        split.append(tuple(group))
    return tuple(split)


def _resized(axes: _Axes, axis: int, size: int) -> _Axes | None:
    """Axes after a step that changes the extent of one; None if that axis contains the position."""
    return None if _has_position(axes[axis]) else (*axes[:axis], _digits(size), *axes[axis + 1 :])


def _broadcast(step: Broadcast, axes: _Axes) -> _Axes:
    lead = len(step.after) - len(step.before)
    spread = (axis or _digits(n) for axis, n in zip(axes, step.after[lead:], strict=True))
    return (*map(_digits, step.after[:lead]), *spread)


def _has_position(digits: Sequence[Digit]) -> bool:
    return any(digit.position for digit in digits)
