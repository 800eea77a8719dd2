"""Axes along which the past alone is seen, on purpose."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strideinspect.results.field import Field


def causal(field: Field, fields: Sequence[Field]) -> bool:
    """Whether an axis sees only the past on purpose: that of a signal, or the time axis of a video.

    An image has no such axis. Symmetrically padded 3×3 windows with stride 2 see no pixel ahead either, but no whole
    index back, and what is padded in front along all axes is shifted.
    """
    found = [other.axis for other in fields if _sees_the_past(other, at_least=1 if len(fields) == 1 else other.stride)]
    return found == [field.axis]


def _sees_the_past(field: Field, *, at_least: Fraction | int | None) -> bool:
    aligned = field.alignment
    return aligned is not None and aligned.causal and at_least is not None and aligned.lookback >= at_least
