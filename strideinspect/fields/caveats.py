"""What restricts a closed form: reasons for which its numbers hold for some indices, or at one size, alone."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Protocol

from msgspec import Struct
from msgspec.structs import astuple


class Caveat(Struct, frozen=True):
    """What restricts a closed form. No Flag: asking one takes five times as long, and every field is asked."""

    size: bool = False  # its offsets hold for this size only
    attended: bool = False  # attention mixes the indices of a window, so that none has a center of its own
    wraps: bool = False  # its indices go on behind the other end of the input, as with circular padding
    picked: bool = False  # elements were picked one by one: a tap of a window has a center of its own, the window none
    rounded: bool = False  # rounding in single precision leaves out the outermost pixel of some indices


NO_CAVEAT = Caveat()


class HasCaveat(Protocol):
    """A form that a caveat restricts."""

    @property
    def caveat(self) -> Caveat:
        """What restricts it."""


def either(one: Caveat, other: Caveat) -> Caveat:
    """What restricts a form that is made of two."""
    return one if one == other else Caveat(*map(or_, astuple(one), astuple(other)))


def caveats(forms: Iterable[HasCaveat]) -> Caveat:
    """What restricts any of these forms."""
    return reduce(either, {form.caveat for form in forms}, NO_CAVEAT)
