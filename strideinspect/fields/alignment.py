"""Where the cells of a map lie on the graph input, and how far they see past the pixels that they stand for."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache

from msgspec import Struct

from strideinspect.fields.closed_form import Closed, Phases
from strideinspect.fields.kept_paths import Path, Paths, Ratio
from strideinspect.limits import MOST_REPORTED_PHASES
from strideinspect.results.field import NOTHING, Alignment

_HOLE = (NOTHING, -NOTHING)


def alignment(step: int, phases: Phases, paths: Paths) -> Alignment | None:
    """The alignment of a map with a closed form of this step and these phases.

    None for a reversed axis, and where the paths are not known.

    Offsets are averages over one period. The middle of the closed form, which is their hull, has to lie among them:
    else the channels of the map see different places, which paths do not tell apart.
    """
    if step <= 0 or paths.centers is None:
        return None
    make = _alignment if len(phases) <= MOST_REPORTED_PHASES and paths.small else _alignment.__wrapped__
    return make(step, phases, paths)


@lru_cache(maxsize=256)  # rows and columns, and the window nodes of one stage, usually lie alike
def _alignment(step: int, phases: Phases, paths: Paths) -> Alignment | None:
    if paths.center_range is None or not any(phases):
        return None
    first_center, last_center = paths.center_range
    firsts, lasts = zip(*[span or _HOLE for span in phases], strict=True)
    mean = Path(step, firsts, lasts).mean
    if not (_at_most(first_center, mean) and _at_least(last_center, mean)):
        return None
    expected = _center_of_index_zero(step, len(phases))
    least = first_center - expected
    reached = _reach(step, phases)
    most = least if first_center is last_center else last_center - expected
    return Alignment(
        offset=least if most is least else None,
        least=least,
        most=most,
        lookahead=reached.lookahead,
        lookback=reached.lookback,
        apart_at=None if most is least else paths.apart_at,
    )


# A Fraction takes longer to make than these two take to compare.
def _at_most(center: Fraction, mean: Ratio) -> bool:
    return center.numerator * mean.denominator <= mean.numerator * center.denominator


def _at_least(center: Fraction, mean: Ratio) -> bool:
    return center.numerator * mean.denominator >= mean.numerator * center.denominator


@lru_cache(maxsize=256)
def _center_of_index_zero(step: int, period: int) -> Fraction:
    """Where index 0 is to lie: in the middle of the pixels that it stands for."""
    return Fraction(step - period, 2 * period)


class CellReach(Struct, frozen=True):
    """How far cells see past the pixels that they stand for, and before them, in pixels; at least 0."""

    lookahead: int
    lookback: int


def reach(form: Closed) -> CellReach:
    """The largest reach of any phase of a closed form with a positive stride."""
    return _reach(form.step, form.phases)


def _reach(step: int, phases: Phases) -> CellReach:
    """Cell r stands for the pixels from ⌊r·stride⌋ to ⌈(r + 1)·stride⌉ − 1."""
    period = len(phases)
    spans = [(r, *span) for r, span in enumerate(phases) if span is not None]
    return CellReach(
        lookahead=max(0, *[last - (-(-(r + 1) * step // period) - 1) for r, _, last in spans]),
        lookback=max(0, *[r * step // period - first for r, first, _ in spans]),
    )
