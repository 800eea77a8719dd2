"""Composition and union of closed forms.

Most are alike along all axes but their own: then a few numbers are all there is, and `path_reads` composes them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache, reduce

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from strideinspect.fields import path_reads
from strideinspect.fields.caveats import Caveat, caveats, either
from strideinspect.fields.closed_form import Closed, Reason
from strideinspect.fields.kept_paths import Path
from strideinspect.fields.sliding import cut
from strideinspect.limits import LARGEST_OFFSET, MOST_PHASES
from strideinspect.reads.periodic import Periodic
from strideinspect.results.field import NOTHING, sees_nothing


class _Line(Struct, frozen=True):
    """A closed form that is constant along all other axes, as a cache key: rows and columns are usually equal."""

    spans: bytes
    step: int
    caveat: Caveat

    def form(self) -> Closed:
        """As the form of a tensor of one axis."""
        return Closed(np.frombuffer(self.spans, dtype=np.int32).reshape(2, -1), 0, self.step, self.caveat)


def _line(form: Closed) -> _Line | None:
    return _Line(form.spans.tobytes(), form.step, form.caveat) if form.spans.size == 2 * form.period else None


def _laid(line: Closed, like: Closed) -> Closed:
    """Expand the form of a one-dimensional tensor to one of the same rank and axis as `like`."""
    shape = [1] * like.spans.ndim
    shape[0], shape[like.axis + 1] = line.spans.shape
    return structs.replace(line, spans=line.spans.reshape(shape), axis=like.axis)


def composed(form: Closed, read: Periodic) -> Closed | Reason:
    """The composition of both maps. Its period is the smallest number of outputs that advance by whole periods."""
    line = _line(form)
    if line is None:
        return _composed(form, read)
    after = _composed_line(line, read)
    return after if isinstance(after, Reason) else _laid(after, form)


@lru_cache(maxsize=256)
def _composed_line(line: _Line, read: Periodic) -> Closed | Reason:
    form = line.form()
    if not path_reads.is_short(form.period, read):
        return _composed(form, read)
    path = path_of(form)
    if max(abs(line.step), abs(path_reads.advance(path, read) * line.step)) >= LARGEST_OFFSET:
        return Reason("the stride is wider than any image")
    after = path_reads.composed(path, read)
    ends = [end for end in (*after.firsts, *after.lasts) if -NOTHING < end < NOTHING]
    if max(map(abs, ends), default=0) >= LARGEST_OFFSET:
        return Reason("the field is wider than any image")
    return of_path(after, _caveat(form, read))


def path_of(form: Closed) -> Path:
    """The form of a tensor of one axis in plain numbers."""
    firsts, lasts = form.spans.tolist()
    return Path(form.step, tuple(firsts), tuple([-last for last in lasts]))


def of_path(path: Path, caveat: Caveat) -> Closed:
    """The same as the form of a tensor of one axis."""
    return Closed(np.array([path.firsts, [-last for last in path.lasts]], dtype=np.int32), 0, path.step, caveat)


def _composed(form: Closed, read: Periodic) -> Closed | Reason:
    outer, inner = len(read.taps), form.period
    turns = inner // math.gcd(abs(read.step), inner)
    period = outer * turns
    if period > MOST_PHASES:
        return Reason(f"the field has {period:,} phases")
    if max(abs(form.step), abs(form.step * turns * read.step)) >= LARGEST_OFFSET:
        return Reason("the stride is wider than any image")
    taps = ((np.arange(turns) * read.step)[:, None, None] + read.taps).reshape(period, -1)
    whole, phase = np.divmod(taps, inner)
    axis = form.axis + 1
    shape = [1] * (form.spans.ndim + 1)
    shape[axis], shape[axis + 1] = taps.shape
    taken = form.spans.take(phase, axis)
    # In 64 bits, since offsets may exceed 32 bits before they are rejected as too large.
    spans = taken + (whole * form.step).reshape(shape) * _signs(len(shape))
    empty = None
    if sees_nothing(int(form.spans.max(initial=0))) or not read.present.all():
        missing = sees_nothing(taken) | np.tile(~read.present, (turns, 1)).reshape(shape)
        empty = missing.all(axis=axis + 1)
        spans = spans.min(axis=axis + 1, where=~missing, initial=np.iinfo(np.int64).max)
        spans[empty] = 0
    else:
        spans = spans.min(axis=axis + 1)
    if max(int(spans.max(initial=0)), -int(spans.min(initial=0))) >= LARGEST_OFFSET:
        return Reason("the field is wider than any image")
    spans = spans if empty is None else np.where(empty, NOTHING, spans)
    return reduced(
        Closed(spans.astype(np.int32), form.axis, form.step * turns * read.step // inner, _caveat(form, read))
    )


def _caveat(form: Closed, read: Periodic) -> Caveat:
    return either(form.caveat, Caveat(size=read.size_dependent, rounded=read.rounded))


def united(forms: Sequence[Closed]) -> Closed:
    """The hull of closed forms of one stride and axis."""
    lines = tuple(map(_line, forms))
    return _united(forms) if None in lines else _laid(_united_lines(lines), forms[0])


@lru_cache(maxsize=256)
def _united_lines(lines: tuple[_Line, ...]) -> Closed:
    return _united([line.form() for line in lines])


def _united(forms: Sequence[Closed]) -> Closed:
    period = math.lcm(*(form.period for form in forms))
    same = [lifted(form, period) for form in forms]
    spans = reduce(np.minimum, (form.spans for form in same))
    return reduced(structs.replace(same[0], spans=spans, caveat=caveats(forms)))


def _signs(dims: int) -> NDArray[np.int64]:
    """Factors that turn a shift into one of a span array, in which last indices are negated: shape [2, 1, …]."""
    return np.array([1, -1]).reshape(2, *(1,) * (dims - 1))


def reduced(form: Closed) -> Closed:
    """The same form with the shortest period."""
    period, axis = form.period, form.axis + 1
    if period == 1:
        return form
    phases = form.phases
    for shorter in range(1, period):
        if period % shorter or form.step * shorter % period:
            continue
        moved = form.step * shorter // period
        if phases[0] is not None and phases[shorter] != (phases[0][0] + moved, phases[0][1] + moved):
            continue  # the usual case: no need to compare the rest
        head, tail = cut(form.spans, axis, 0, period - shorter), cut(form.spans, axis, shorter, period)
        if bool((np.where(sees_nothing(head), head, head + moved * _signs(head.ndim)) == tail).all()):
            return Closed(cut(form.spans, axis, 0, shorter), form.axis, moved, form.caveat)
    return form


def lifted(form: Closed, period: int) -> Closed:
    """The same map written with a multiple of its period."""
    if form.period == period:
        return form
    index = np.arange(period)
    spans = form.spans.take(index % form.period, form.axis + 1)
    shape = [1] * spans.ndim
    shape[form.axis + 1] = period
    moved = (index // form.period * form.step).reshape(shape) * _signs(spans.ndim)
    shifted = np.where(sees_nothing(spans), NOTHING, spans + moved).astype(np.int32)
    return Closed(shifted, form.axis, form.step * (period // form.period), form.caveat)
