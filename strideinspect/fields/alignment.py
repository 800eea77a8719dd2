"""Where the cells of a map lie on the graph input, and how far they see past the pixels that they stand for."""

from __future__ import annotations

import math
from typing import NamedTuple

from strideinspect.fields.closed_form import Closed
from strideinspect.fields.paths import Path, Paths
from strideinspect.results.field import NOTHING, Alignment

_HOLE = (NOTHING, -NOTHING)


def alignment(form: Closed, paths: Paths) -> Alignment | None:
    """The alignment of a map with this closed form; None for a reversed axis, and where the paths are not known.

    Offsets are averages over one period. The middle of the closed form, which is their hull, has to lie among them:
    else the channels of the map see different places, which paths do not tell apart.
    """
    stride = form.stride
    if stride <= 0 or paths.centers is None or not any(form.phases):
        return None
    expected = (stride - 1) / 2
    offsets = [center.mean / 2 - expected for center in paths.centers]  # their unit is half a pixel
    least, most = min(offsets), max(offsets)
    firsts, lasts = zip(*(span or _HOLE for span in form.phases), strict=True)
    hull = Path(form.step, firsts, lasts).mean - expected
    if not least <= hull <= most:
        return None
    return Alignment(
        offset=least if least == most else None,
        least=least,
        most=most,
        **reach(form)._asdict(),
        apart_at=paths.apart_at if least < most else None,
    )


class Reach(NamedTuple):
    """How far cells see past the pixels that they stand for, and before them, in pixels; at least 0."""

    lookahead: int
    lookback: int


def reach(form: Closed) -> Reach:
    """The largest reach of any phase of a closed form with a positive stride."""
    stride = form.stride
    spans = [(r, span) for r, span in enumerate(form.phases) if span is not None]
    return Reach(
        max(0, *(last - (math.ceil((r + 1) * stride) - 1) for r, (_, last) in spans)),
        max(0, *(math.floor(r * stride) - first for r, (first, _) in spans)),
    )
