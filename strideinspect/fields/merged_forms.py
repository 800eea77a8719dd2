"""The closed form of a tensor that is read in several ways: the hull of branches, or their concatenation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from msgspec import Struct, structs

from strideinspect.fields import listed, merged_axes, paths, side_by_side
from strideinspect.fields.caveats import caveats
from strideinspect.fields.closed_form import (
    Closed,
    Digit,
    Form,
    Listed,
    Piece,
    Reason,
    Role,
    Scales,
    Suspended,
    last_closed,
)
from strideinspect.fields.composition import composed, lifted, reduced, united
from strideinspect.fields.hulls import TooLargeError, joined
from strideinspect.fields.kept_paths import Paths
from strideinspect.limits import MOST_PHASES
from strideinspect.reads.steps import AxisPart, Sliding
from strideinspect.results.field import sees_nothing


class Part(Struct, frozen=True):
    """What one read of `tensor` contributes: its form, and the range that it fills (None: the whole tensor)."""

    place: AxisPart | None
    form: Form
    tensor: str
    paths: Paths


def merge(parts: Sequence[Part], label: str, extent: int) -> Form:
    """The form of a tensor with these parts; `extent` is the length of the input axis, in pixels.

    Where their strides differ there is no hull in closed form, and the result is the reason.
    """
    stretches = [part for part in parts if part.place is not None]
    whole = [part.form for part in parts if part.place is None]
    try:
        if stretches:
            whole.append(_concatenated(stretches, label, extent))
        merged = _hull(whole, label)
    except TooLargeError as error:
        merged = Reason(str(error))
    return _with_last(merged, parts) if isinstance(merged, Reason) and merged.last is None else merged


def _with_last(reason: Reason, parts: Sequence[Part]) -> Reason:
    """The reason with the last closed form of its parts, if it is the same for all of them."""
    before = [last_closed(part.form, part.tensor) for part in parts]
    known = [last for last in before if last is not None]
    alike = len(known) == len(parts) and len({(last.form.size, last.form.stride) for last in known}) == 1
    return structs.replace(reason, last=known[0]) if alike else reason


def _hull(forms: Sequence[Form], label: str) -> Form:
    if len(forms) == 1:
        return forms[0]
    closed = [form for form in forms if isinstance(form, Closed)]
    if len(closed) == len(forms):
        return _apart(closed, label) or united(closed)
    suspended = [form for form in forms if isinstance(form, Suspended)]
    if len(suspended) == len(forms):
        alike = _aligned(suspended, label)
        return alike if isinstance(alike, Reason) else _around(alike, _hull([form.form for form in alike], label))
    scales = [form for form in forms if isinstance(form, Scales)]
    if len(scales) == len(forms):
        return side_by_side.together(scales, label, lambda same: _hull(same, label))
    if any(isinstance(form, Listed) for form in forms):
        return listed.together(forms, label) or _first_reason(forms)
    return _first_reason(forms)


def _first_reason(forms: Sequence[Form]) -> Reason:
    for form in forms:
        if isinstance(form, Reason):
            return form
    return Reason(next(form.text for form in forms if isinstance(form, Suspended | Scales | Listed)))


def _around(alike: Sequence[Suspended], inner: Form) -> Form:
    return structs.replace(alike[0], form=inner) if isinstance(inner, Closed) else inner


def _apart(forms: Sequence[Closed], label: str) -> Reason | None:
    """Why these closed forms have no hull in closed form."""
    if len({(form.axis, form.step, form.period) for form in forms}) == 1:
        return None
    if len({form.axis for form in forms}) > 1:
        return Reason(f"{label} merges branches whose positions run along different axes")
    strides = {form.stride for form in {(form.step, form.period): form for form in forms}.values()}
    if len(strides) > 1:
        listed = " and ".join(map(str, sorted(strides)))
        return Reason(f"{label} merges branches with effective strides {listed}")
    period = math.lcm(*(form.period for form in forms))
    return Reason(f"the field has {period:,} phases") if period > MOST_PHASES else None


def _concatenated(parts: Sequence[Part], label: str, extent: int) -> Form:
    """The form of several parts that fill ranges of one axis, together with the gaps between them."""
    at: dict[AxisPart, list[Part]] = {}
    for part in parts:
        if part.place is not None:
            at.setdefault(part.place, []).append(part)
    placed = [(place, _as_one(same, label)) for place, same in at.items()]
    axis = placed[0][0].axis
    if any(_runs_along(part.form, axis) for _, part in placed):
        return _along(placed, label, extent)
    return _beside([place for place, _ in placed], [part.form for _, part in placed], label)


def _beside(places: Sequence[AxisPart], forms: Sequence[Form], label: str) -> Form:
    """Forms concatenated along another axis than that of their positions, such as the boxes and scores of a head."""
    axis = places[0].axis
    closed = [form for form in forms if isinstance(form, Closed)]
    if len(closed) == len(forms):
        return _across(places, closed, label)
    scales = [form for form in forms if isinstance(form, Scales)]
    if len(scales) == len(forms):
        return side_by_side.together(scales, label, lambda same: _beside(places, same, label))
    suspended = [form for form in forms if isinstance(form, Suspended)]
    if len(suspended) < len(forms):
        return _first_reason(forms)
    singles = [merged_axes.single(form, axis)[0] for form in suspended]
    alike = _aligned(singles, label, apart=axis)
    if isinstance(alike, Reason):
        return alike
    digit = merged_axes.groups(alike[0])[axis][0]
    moved = [structs.replace(place, axis=digit) for place in places]
    whole = _around(alike, _across(moved, [form.form for form in alike], label))
    if not isinstance(whole, Suspended):
        return whole
    size = structs.replace(alike[0].digits[digit], size=moved[0].size)
    return structs.replace(whole, digits=(*whole.digits[:digit], size, *whole.digits[digit + 1 :]))


def _as_one(parts: Sequence[Part], label: str) -> Part:
    """Several reads of the same range as one."""
    if len(parts) == 1:
        return parts[0]
    together = paths.merge([(None, part.form, part.paths) for part in parts], label, one_window=False)
    return structs.replace(parts[0], form=_hull([part.form for part in parts], label), paths=together)


def _runs_along(form: Form, axis: int) -> bool:
    """Whether the position runs along this axis."""
    match form:
        case Closed() | Scales():
            return form.axis == axis
        case Suspended():
            return merged_axes.position_axis(form) == axis
        case Listed():
            return axis in form.seen.axes
        case Reason():
            return False


def _across(places: Sequence[AxisPart], forms: Sequence[Closed], label: str) -> Form:
    """Maps concatenated along another axis than that of their position, such as channels."""
    reason = _apart(forms, label)
    if reason is not None:
        return reason
    period = math.lcm(*(form.period for form in forms))
    same = [lifted(form, period) for form in forms]
    spans = joined([(place, form.spans) for place, form in zip(places, same, strict=True)], ignore_empty=False)
    return reduced(structs.replace(same[0], spans=spans, caveat=caveats(same)))


def _along(placed: Sequence[tuple[AxisPart, Part]], label: str, extent: int) -> Form:
    """Maps concatenated along the axis of their position: one that wraps around, or several side by side."""
    closed = [(place, part.form) for place, part in placed if isinstance(part.form, Closed)]
    if len(closed) == len(placed):
        moved = [
            composed(form, Sliding(place.axis, 1, 1, 1, place.offset, place.length, place.size).periodic())
            for place, form in closed
        ]
        if len(moved) == 1:
            return moved[0]
        longest = max(range(len(moved)), key=lambda i: placed[i][0].length)
        main = moved[longest]
        if isinstance(main, Closed) and all(
            i == longest or _continues(main, other, placed[longest][0], placed[i][0], extent)
            for i, other in enumerate(moved)
        ):
            alike = [form for form in moved if isinstance(form, Closed)]
            caveat = caveats(alike)
            wraps = caveat.wraps or any(form.phases != main.phases for form in alike)
            return structs.replace(main, caveat=structs.replace(caveat, wraps=wraps))
    pieces: list[Piece | Scales] = []
    for place, part in placed:
        if isinstance(part.form, Scales):
            shifted = (structs.replace(p, offset=p.offset + place.offset) for p in part.form.pieces)
            pieces.append(structs.replace(part.form, pieces=tuple(shifted)))
        else:
            form = Reason(part.form.text, part.form.last) if isinstance(part.form, Listed) else part.form
            pieces.append(Piece(place.offset, place.length, form, part.tensor, part.paths))
    return side_by_side.joined(f"{label} concatenates maps along the axis", placed[0][0].axis, pieces)


def _continues(main: Closed, other: Closed | Reason, at: AxisPart, next_to: AxisPart, extent: int) -> bool:
    """Whether the piece goes on where the main one ends: with the same map, or with its other end (a wrap)."""
    if not isinstance(other, Closed) or other.axis != main.axis or other.stride != main.stride:
        return False
    period = math.lcm(main.period, other.period)
    one, two = lifted(main, period).spans, lifted(other, period).spans
    if one.shape != two.shape or period > MOST_PHASES or (sees_nothing(one) != sees_nothing(two)).any():
        return False
    shifts = (two - one)[~sees_nothing(one)].reshape(2, -1)
    shift = int(shifts[0, 0]) if shifts.size else 0
    if (shifts[0] != shift).any() or (shifts[1] != -shift).any():
        return False
    turn = -shift if (next_to.offset > at.offset) == (main.stride > 0) else shift
    slack = main.size + 2 * abs(main.stride)
    wraps = Fraction(turn) % main.stride == 0 and abs(turn - extent) <= slack
    # Less than a whole map more on its side: no repetition, nor one of a map that was padded.
    part = next_to.length < at.length and next_to.length * abs(main.stride) < extent
    return shift == 0 or (wraps and part)


def _aligned(forms: Sequence[Suspended], label: str, apart: int | None = None) -> list[Suspended] | Reason:
    """The forms with equal digits along every axis but `apart`; the reason where they cannot be split alike."""
    rank = len(forms[0].counts)
    if len({merged_axes.position_axis(form) for form in forms}) > 1:
        return Reason(f"{label} merges branches whose positions run along different axes")
    current = list(forms)
    for axis in range(rank):
        if axis != apart and _refinement(current, axis) is None:
            if axis == merged_axes.position_axis(current[0]):
                return Reason(current[0].text)
            current = [merged_axes.single(form, axis)[0] for form in current]
    finer: list[Suspended] = []
    for form in current:
        sizes: list[int] = []
        counts = []
        for axis, group in enumerate(merged_axes.groups(form)):
            own = _refinement(current, axis) if axis != apart else None
            split = [form.digits[i].size for i in group] if own is None else own
            sizes += split
            counts.append(len(split))
        again = merged_axes.refined(form, sizes, tuple(counts))
        if again is None:
            return Reason(form.text)
        finer.append(again)
    if len({form.form.axis for form in finer}) > 1:
        return Reason(f"{label} merges branches whose positions run along different axes")
    first = finer[0]
    digits = tuple(
        Digit(same[0].size, next((d.role for d in same if d.role is not Role.PLAIN), Role.PLAIN))
        for same in zip(*(form.digits for form in finer), strict=True)
    )
    return [structs.replace(form, digits=digits if apart is None else form.digits, text=first.text) for form in finer]


def _refinement(forms: Sequence[Suspended], axis: int) -> list[int] | None:
    """The sizes of digits into which the axis can be split in all of these forms; None if there are none."""
    ends = {1}
    for form in forms:
        total = 1
        for i in merged_axes.groups(form)[axis]:
            total *= form.digits[i].size
            ends.add(total)
    marks = sorted(ends)
    steps = list(pairwise(marks))
    return [b // a for a, b in steps] if all(b % a == 0 for a, b in steps) else None
