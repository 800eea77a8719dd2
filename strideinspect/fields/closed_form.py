"""Closed forms as data (periodic affine maps) and their composition.

With a period p and a step T, output index q·p + r sees the input indices from q·T + first_r to q·T + last_r.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import Enum
from fractions import Fraction
from functools import lru_cache, reduce

import numpy as np
from msgspec import Struct, structs
from numpy.typing import NDArray

from strideinspect.fields.actual import Dependence
from strideinspect.fields.caveats import NO_CAVEAT, Caveat, caveats, either
from strideinspect.fields.hulls import along
from strideinspect.fields.kept_paths import Paths
from strideinspect.fields.sliding import cut
from strideinspect.limits import LARGEST_OFFSET, MOST_PHASES, MOST_REPORTED_PHASES
from strideinspect.reads.periodic import Periodic
from strideinspect.results.field import NOTHING, sees_nothing

Phases = tuple[tuple[int, int] | None, ...]
"""First and last input index that the first index of each phase sees; None for nothing."""


class Closed(Struct, frozen=True):
    """A closed form. `spans` is a span array whose extent along `axis` is the period; other axes are as in the tensor.

    `step` is in input pixels per period; negative where the axis runs backwards.
    """

    spans: NDArray[np.int32]
    axis: int
    step: int
    caveat: Caveat = NO_CAVEAT

    @property
    def period(self) -> int:
        """How many phases there are."""
        return int(self.spans.shape[self.axis + 1])

    @property
    def phases(self) -> Phases:
        """The hull of each phase, over all other axes."""
        if self.spans.size == 2:  # the usual case
            first, last = self.spans.reshape(2).tolist()
            return (None if sees_nothing(first) else (first, -last),)
        listed = _phases if self.period <= MOST_REPORTED_PHASES else _phases.__wrapped__
        return listed(along(self.spans, self.axis, self.period).tobytes())

    @property
    def size(self) -> int:
        """The widest field of any phase, in input pixels."""
        return largest(self.phases)

    @property
    def stride(self) -> Fraction:
        """Effective stride: input pixels between neighbouring indices."""
        return _ratio(self.step, self.period)


def largest(phases: Phases) -> int:
    """The size of the widest field of any phase, in input pixels."""
    if len(phases) == 1 and phases[0] is not None:
        return phases[0][1] - phases[0][0] + 1
    return max((last - first + 1 for first, last in filter(None, phases)), default=0)


@lru_cache(maxsize=1024)
def _phases(spans: bytes) -> Phases:
    firsts, lasts = np.frombuffer(spans, dtype=np.int32).reshape(2, -1).tolist()
    return tuple(None if sees_nothing(a) else (a, -b) for a, b in zip(firsts, lasts, strict=True))


@lru_cache(maxsize=256)
def _ratio(step: int, period: int) -> Fraction:
    return Fraction(step, period)


class LastClosed(Struct, frozen=True):
    """The last closed form on the way to a tensor that has none: `form` is that of `tensor`."""

    tensor: str
    form: Closed


class Reason(Struct, frozen=True):
    """Why there is no closed form, and the last one before."""

    text: str
    last: LastClosed | None = None


class Role(Enum):
    """What a digit of an index stands for."""

    POSITION = "position"
    IMAGE = "image"  # the position of another image axis
    PLAIN = "plain"


class Digit(Struct, frozen=True):
    """A factor of an axis: one digit of its index in mixed radix."""

    size: int
    role: Role


class Suspended(Struct, frozen=True):
    """A closed form while its position shares an axis with other digits; a later Reshape may separate them.

    `form` is that of a tensor with one axis per digit. `digits` are those of all axes, major ones first, and `counts`
    how many each axis has: none if its size is 1. `text` says why there is no closed form, `tensor` had the last one.
    """

    text: str
    form: Closed
    digits: tuple[Digit, ...]
    counts: tuple[int, ...]
    tensor: str


class Piece(Struct, frozen=True):
    """A range of an axis: `form` is the form of the tensor `tensor`, which fills it, and `paths` go with it."""

    offset: int
    length: int
    form: Closed | Suspended | Reason
    tensor: str
    paths: Paths


class Scales(Struct, frozen=True):
    """Several maps side by side along an axis, each with a form of its own, such as the levels of a detector."""

    text: str
    axis: int
    pieces: tuple[Piece, ...]


class Listed(Struct, frozen=True):
    """Fields of a map whose elements were picked one by one, until they repeat at equal distances again.

    `seen` is the actual field that they would make, but for padding, which counts as pixels; `text` says why there is
    no closed form.
    """

    text: str
    seen: Dependence
    caveat: Caveat
    last: LastClosed | None


Form = Closed | Suspended | Scales | Listed | Reason


def last_closed(form: Form, tensor: str) -> LastClosed | None:
    """The last closed form up to `tensor`, whose form this is; None where several maps lie side by side."""
    match form:
        case Closed():
            return LastClosed(tensor, form)
        case Suspended():
            return LastClosed(form.tensor, form.form)
        case Scales():
            first = form.pieces[0]
            return last_closed(first.form, first.tensor) if len(form.pieces) == 1 else None
        case Listed() | Reason():
            return form.last


def identity(rank: int, axis: int) -> Closed:
    """A graph input: index i sees pixel i."""
    return Closed(np.zeros((2, *(1,) * rank), dtype=np.int32), axis, 1)


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
    spans = spans if empty is None else np.where(empty, NOTHING, spans)
    caveat = either(form.caveat, Caveat(size=read.size_dependent, rounded=read.rounded))
    return reduced(Closed(spans.astype(np.int32), form.axis, form.step * turns * read.step // inner, caveat))


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
