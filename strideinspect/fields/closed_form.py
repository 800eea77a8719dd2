"""Closed forms as data (periodic affine maps) and their composition.

A closed form has a period p and a step T: output index q·p + r sees the input indices from q·T + first_r to q·T +
last_r.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache, reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from strideinspect.fields.hulls import along
from strideinspect.fields.sliding import cut
from strideinspect.limits import LARGEST_OFFSET, MOST_PHASES, MOST_REPORTED_PHASES
from strideinspect.reads.steps import Periodic
from strideinspect.results.field import NOTHING, sees_nothing

Phases = tuple[tuple[int, int] | None, ...]
"""First and last input index that the first index of each phase sees; None for nothing."""


class Closed(NamedTuple):
    """A closed form. `spans` is a span array whose extent along `axis` is the period; other axes are as in the tensor.

    `step` is in input pixels per period; negative where the axis runs backwards. `size_dependent` says that the
    offsets hold for this size only.
    """

    spans: NDArray[np.int32]
    axis: int
    step: int
    size_dependent: bool = False

    @property
    def period(self) -> int:
        """How many phases there are."""
        return int(self.spans.shape[self.axis + 1])

    @property
    def phases(self) -> Phases:
        """The hull of each phase, over all other axes."""
        listed = _phases if self.period <= MOST_REPORTED_PHASES else _phases.__wrapped__
        return listed(along(self.spans, self.axis, self.period).tobytes())

    @property
    def size(self) -> int:
        """The widest field of any phase, in input pixels."""
        return max((last - first + 1 for first, last in filter(None, self.phases)), default=0)

    @property
    def stride(self) -> Fraction:
        """Effective stride: input pixels between neighbouring indices."""
        return _ratio(self.step, self.period)


@lru_cache(maxsize=1024)
def _phases(spans: bytes) -> Phases:
    firsts, lasts = np.frombuffer(spans, dtype=np.int32).reshape(2, -1).tolist()
    return tuple(None if sees_nothing(a) else (a, -b) for a, b in zip(firsts, lasts, strict=True))


@lru_cache(maxsize=256)
def _ratio(step: int, period: int) -> Fraction:
    return Fraction(step, period)


class Reason(NamedTuple):
    """Why there is no closed form."""

    text: str


class Digit(NamedTuple):
    """A factor of an axis: one digit of its index in mixed radix. One digit may be the position."""

    size: int
    position: bool = False


class Suspended(NamedTuple):
    """A closed form while its position shares an axis with other digits; a later Reshape may separate them.

    `line` is the form of a tensor that has only the position's axis; `axes` are the digits of each axis, the major one
    first, without digits of size 1. `text` is the reason why there is no closed form in this state.
    """

    text: str
    line: Closed
    axes: tuple[tuple[Digit, ...], ...]


Form = Closed | Suspended | Reason


def identity(rank: int, axis: int) -> Closed:
    """A graph input: index i sees pixel i."""
    return Closed(np.zeros((2, *(1,) * rank), dtype=np.int32), axis, 1)


class _Line(NamedTuple):
    """A closed form that is constant along all other axes, as a cache key: rows and columns are usually equal."""

    spans: bytes
    step: int
    size_dependent: bool

    def form(self) -> Closed:
        """As the form of a tensor of one axis."""
        return Closed(np.frombuffer(self.spans, dtype=np.int32).reshape(2, -1), 0, self.step, self.size_dependent)


def _line(form: Closed) -> _Line | None:
    return _Line(form.spans.tobytes(), form.step, form.size_dependent) if form.spans.size == 2 * form.period else None


def laid(line: Closed, rank: int, axis: int) -> Closed:
    """Expand the form of a one-dimensional tensor to a tensor of this rank, with its position along `axis`."""
    shape = [1] * (rank + 1)
    shape[0], shape[axis + 1] = line.spans.shape
    return Closed(line.spans.reshape(shape), axis, line.step, line.size_dependent)


def alone(form: Closed) -> Closed | None:
    """The form of a one-dimensional tensor; None if it varies along other axes."""
    line = _line(form)
    return None if line is None else line.form()


def _laid(line: Closed | Reason, like: Closed) -> Closed | Reason:
    return line if isinstance(line, Reason) else laid(line, like.spans.ndim - 1, like.axis)


def composed(form: Closed, read: Periodic) -> Closed | Reason:
    """The composition of both maps. Its period is the smallest number of outputs that advance by whole periods."""
    line = _line(form)
    return _composed(form, read) if line is None else _laid(_composed_line(line, read), form)


@lru_cache(maxsize=256)
def _composed_line(line: _Line, read: Periodic) -> Closed | Reason:
    return _composed(line.form(), read)


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
    if empty is not None:
        spans[empty] = NOTHING
    step = form.step * turns * read.step // inner
    return reduced(Closed(spans.astype(np.int32), form.axis, step, form.size_dependent or read.size_dependent))


def united(forms: Sequence[Closed]) -> Closed:
    """The hull of closed forms of one stride and axis."""
    lines = tuple(map(_line, forms))
    return _united(forms) if None in lines else laid(_united_lines(lines), forms[0].spans.ndim - 1, forms[0].axis)


@lru_cache(maxsize=256)
def _united_lines(lines: tuple[_Line, ...]) -> Closed:
    return _united([line.form() for line in lines])


def _united(forms: Sequence[Closed]) -> Closed:
    period = math.lcm(*(form.period for form in forms))
    same = [lifted(form, period) for form in forms]
    first = same[0]
    spans = reduce(np.minimum, (form.spans for form in same))
    return reduced(Closed(spans, first.axis, first.step, any(form.size_dependent for form in forms)))


def _signs(dims: int) -> NDArray[np.int64]:
    """Factors that turn a shift into one of a span array, in which last indices are negated: shape [2, 1, …]."""
    return np.array([1, -1]).reshape(2, *(1,) * (dims - 1))


def reduced(form: Closed) -> Closed:
    """The same form with the shortest period."""
    period, axis, phases = form.period, form.axis + 1, form.phases
    for shorter in range(1, period):
        if period % shorter or form.step * shorter % period:
            continue
        moved = form.step * shorter // period
        if phases[0] is not None and phases[shorter] != (phases[0][0] + moved, phases[0][1] + moved):
            continue  # the usual case: no need to compare the rest
        head, tail = cut(form.spans, axis, 0, period - shorter), cut(form.spans, axis, shorter, period)
        if bool((np.where(sees_nothing(head), head, head + moved * _signs(head.ndim)) == tail).all()):
            return Closed(cut(form.spans, axis, 0, shorter), form.axis, moved, form.size_dependent)
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
    return Closed(shifted, form.axis, form.step * (period // form.period), form.size_dependent)
