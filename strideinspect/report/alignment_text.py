"""Where the indices of a tensor lie on a graph input, and how far a signal's are seen ahead and back, in words."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from strideinspect import spelling
from strideinspect.results.field import Alignment, Field


def sentence(fields: Sequence[Field]) -> str:
    """The position of index i, once where all axes agree; empty where it is not known along some axis.

    `index i centered at 32·i, 15.5 pixels before (i + ½)·32 − ½`; `index i centered at 4·i + 1.5 (aligned)`; of a
    causal signal, which branches of different lengths see up to the same sample, `causal: looks back 49 samples`.
    """
    rank = len(fields)
    known = [(field, field.alignment) for field in fields if field.alignment is not None]
    if len(known) < rank:
        return ""
    if rank == 1 and known[0][1].causal:
        return f"causal: looks back {spelling.count(known[0][1].lookback, spelling.point_noun(rank))}"
    places = [_place(field, aligned, rank) for field, aligned in known]
    text = places[0]
    if len(set(places)) > 1:
        nouns = [spelling.plural(noun) for noun in spelling.axis_nouns(rank)]
        text = "; ".join(f"along {noun} {place}" for noun, place in zip(nouns, places, strict=True))
    return f"{text}, {_sight(known[0][1])}" if rank == 1 else text


def _place(field: Field, aligned: Alignment, rank: int) -> str:
    stride = field.stride or Fraction(1)  # a field with an alignment has a stride
    expected = spelling.half_pixel(stride)
    if aligned.offset is None:
        merged = f"{aligned.apart_at} merges branches" if aligned.apart_at else "branches"
        return f"no single center ({merged} that lie {_range(aligned, rank)} {expected})"
    place = f"index i centered at {spelling.center(stride, aligned.offset)}" + (
        " on average" if len(field.phases) > 1 else ""
    )
    if not aligned.offset:
        return f"{place} (aligned)"
    return place if stride == 1 else f"{place}, {spelling.shift(aligned.offset, rank)} {expected}"


def _range(aligned: Alignment, rank: int) -> str:
    """`3.5 to 0.5 pixels before`, `1 pixel before to 0.5 pixels after`, `0 to 1 pixel after`."""
    least, most = aligned.least, aligned.most
    if least < 0 < most:
        return f"{spelling.shift(least, rank)} to {spelling.shift(most, rank)}"
    near, far = sorted((least, most), key=abs)
    return f"{spelling.exact(abs(near))} to {spelling.shift(far, rank)}"


def _sight(aligned: Alignment) -> str:
    """`looks back 49 samples and ahead 3`."""
    return f"looks back {spelling.count(aligned.lookback, spelling.point_noun(1))} and ahead {aligned.lookahead:,}"
