"""Closed forms as data: periodic affine maps.

With a period p and a step T, output index q·p + r sees the input indices from q·T + first_r to q·T + last_r.
"""

from __future__ import annotations

from enum import Enum
from fractions import Fraction
from functools import lru_cache

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from strideinspect.fields.actual import Dependence
from strideinspect.fields.caveats import NO_CAVEAT, Caveat
from strideinspect.fields.hulls import along
from strideinspect.fields.kept_paths import Paths
from strideinspect.limits import MOST_REPORTED_PHASES
from strideinspect.results.field import sees_nothing

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
