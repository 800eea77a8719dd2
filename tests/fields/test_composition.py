"""Composition of periodic maps: every index sees what it sees through each tap, one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from strideinspect.fields import composition, path_reads
from strideinspect.fields.caveats import NO_CAVEAT
from strideinspect.fields.closed_form import Closed
from strideinspect.fields.kept_paths import Path
from strideinspect.reads.periodic import Periodic
from strideinspect.results.field import NOTHING

ENDS = st.one_of(st.none(), st.tuples(st.integers(-30, 30), st.integers(0, 20)))
"""First pixel and extent of a phase; None where it sees nothing."""


def path_through(step: int, ends: Sequence[tuple[int, int] | None]) -> Path:
    """A map with these phases."""
    firsts = tuple(NOTHING if end is None else end[0] for end in ends)
    return Path(step, firsts, tuple(-NOTHING if end is None else end[0] + end[1] for end in ends))


@st.composite
def reads(draw: st.DrawFn) -> Periodic:
    """Up to four phases of up to six taps, of which some may be missing."""
    phases, width = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    taps = draw(st.lists(st.integers(-9, 9), min_size=phases * width, max_size=phases * width))
    present = draw(st.lists(st.booleans(), min_size=phases * width, max_size=phases * width))
    shape = phases, width
    return Periodic(draw(st.integers(-5, 5)), np.array(taps).reshape(shape), np.array(present).reshape(shape))


def seen(path: Path, index: int) -> tuple[int, int] | None:
    """What an index sees, by the definition of a path."""
    turn, phase = divmod(index, len(path.firsts))
    if path.firsts[phase] == NOTHING:
        return None
    return path.firsts[phase] + turn * path.step, path.lasts[phase] + turn * path.step


def seen_through(path: Path, read: Periodic, index: int) -> tuple[int, int] | None:
    """What an index sees through the taps that are there: the hull over all of them."""
    turn, phase = divmod(index, len(read.taps))
    taps = [
        turn * read.step + int(tap) for tap, there in zip(read.taps[phase], read.present[phase], strict=True) if there
    ]
    spans = [span for tap in taps if (span := seen(path, tap)) is not None]
    return (min(first for first, _ in spans), max(last for _, last in spans)) if spans else None


@given(st.integers(-6, 6), st.lists(ENDS, min_size=1, max_size=6), reads())
def test_both_ways_are_the_definition(step: int, ends: list[tuple[int, int] | None], read: Periodic) -> None:
    """Plain numbers and arrays give what following every tap gives, over three periods and before index 0."""
    path = path_through(step, ends)
    form = composition._composed(composition.of_path(path, NO_CAVEAT), read)  # noqa: SLF001 - short ones take the other way
    assert isinstance(form, Closed)
    assert path_reads.is_short(len(ends), read)
    for after in (path_reads.composed(path, read), composition.path_of(form)):
        for index in range(-len(after.firsts), 3 * len(ends) * len(read.taps)):
            assert seen(after, index) == seen_through(path, read, index)


@given(st.integers(-6, 6), st.lists(ENDS, min_size=1, max_size=4), st.integers(1, 4))
def test_the_shortest_period(step: int, ends: list[tuple[int, int] | None], times: int) -> None:
    """A map that is written with a multiple of its period is reduced to the same as the map itself."""
    path = path_through(step, ends)
    several = [seen(path, index) for index in range(times * len(ends))]
    longer = path_through(times * step, [None if span is None else (span[0], span[1] - span[0]) for span in several])
    assert path_reads.reduced(longer) == path_reads.reduced(path)
    assert len(path_reads.reduced(path).firsts) <= len(ends)
