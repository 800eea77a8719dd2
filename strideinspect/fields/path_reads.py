"""What reads make of a map along one axis, in plain numbers: with a few of them, arrays take several times as long."""

from __future__ import annotations

import math
from collections.abc import Sequence

from strideinspect.fields.kept_paths import Path
from strideinspect.limits import LARGEST_CACHED_TAPS
from strideinspect.reads.periodic import Periodic
from strideinspect.results.field import NOTHING, sees_nothing


def is_short(period: int, read: Periodic) -> bool:
    """Whether a read of a map of this period has so few taps that `composed` is the faster way."""
    return _turns(period, read) * read.taps.size <= LARGEST_CACHED_TAPS


def advance(path: Path, read: Periodic) -> int:
    """After how many indices of the map, times its period, the composition repeats."""
    return _turns(len(path.firsts), read) * read.step


def composed(path: Path, read: Periodic) -> Path:
    """The composition of both maps, with the shortest period."""
    inner = len(path.firsts)
    firsts, lasts = [], []
    for turn in range(_turns(inner, read)):
        for taps in read.taps_by_phase:
            places = [divmod(turn * read.step + tap, inner) for tap in taps]
            seeing = [(whole * path.step, phase) for whole, phase in places if not sees_nothing(path.firsts[phase])]
            firsts.append(min([path.firsts[phase] + moved for moved, phase in seeing], default=NOTHING))
            lasts.append(max([path.lasts[phase] + moved for moved, phase in seeing], default=-NOTHING))
    return reduced(Path(path.step * advance(path, read) // inner, tuple(firsts), tuple(lasts)))


def _turns(period: int, read: Periodic) -> int:
    """The smallest number of periods of the read that advance by whole periods of the map."""
    return period // math.gcd(abs(read.step), period)


def reduced(path: Path) -> Path:
    """The same path with the shortest period."""
    period = len(path.firsts)
    for shorter in range(1, period):
        if period % shorter or path.step * shorter % period:
            continue
        by = path.step * shorter // period
        if (
            moved(path.firsts, by)[:-shorter] == path.firsts[shorter:]
            and moved(path.lasts, by)[:-shorter] == path.lasts[shorter:]
        ):
            return Path(by, path.firsts[:shorter], path.lasts[:shorter])
    return path


def moved(ends: Sequence[int], by: int) -> tuple[int, ...]:
    """First or last pixels moved; those of an index that sees nothing stay."""
    # A list in between, since a generator takes twice as long for a few ends.
    return tuple([end + by if -NOTHING < end < NOTHING else end for end in ends])
