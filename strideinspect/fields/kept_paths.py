"""Data on single paths: what an index sees through one chain of nodes, and which chains are kept of all to a tensor."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cached_property, lru_cache

from msgspec import Struct

from strideinspect.limits import LARGEST_CACHED_PATHS
from strideinspect.results.field import sees_nothing


class Path(Struct, frozen=True, order=True):
    """The theoretical field along one path: with p `firsts`, index q·p + r sees q·`step` + `firsts[r]` to `lasts[r]`.

    An index that sees nothing has the first pixel NOTHING and the last one −NOTHING, which no hull takes up.
    """

    step: int
    firsts: tuple[int, ...]
    lasts: tuple[int, ...]

    @property
    def size(self) -> int:
        """The widest field of any phase, in input pixels."""
        if len(self.firsts) == 1:
            return max(0, self.lasts[0] - self.firsts[0] + 1)
        return max(0, *(last - first + 1 for first, last in zip(self.firsts, self.lasts, strict=True)))

    @property
    def mean(self) -> Ratio:
        """Center of index 0: the middles of all phases, each moved back to index 0, averaged. Holes do not count."""
        period = len(self.firsts)
        if period == 1:
            return Ratio(self.firsts[0] + self.lasts[0], 2)
        seeing = [r for r, first in enumerate(self.firsts) if not sees_nothing(first)]
        ends = sum([self.firsts[r] + self.lasts[r] for r in seeing])
        return Ratio(ends * period - 2 * sum(seeing) * self.step, 2 * period * max(1, len(seeing)))


class Ratio(Struct, frozen=True):
    """A fraction, not reduced: many are compared, and few are reported."""

    numerator: int
    denominator: int


class Alike(Struct, frozen=True, order=True):
    """Paths that differ by a shift alone: `path`, which begins at pixel 0, moved by `least` to `most`."""

    path: Path
    least: int
    most: int


class Paths(Struct, frozen=True, eq=False, dict=True):  # `dict`: what is computed on demand is kept
    """What is kept of all paths from one axis of a graph input to a tensor; None where it cannot be followed.

    As a key of caches it goes by identity, since it takes long to compare many paths: the rows and columns of a network
    share them from its input on.

    `centers` are paths whose centers differ, in half pixels. Each is narrowed evenly to one index in its first phase,
    since sizes do not matter here. Of several that differ by a shift the least and the most are kept: they stay so.
    `apart_at` is the first node that merged paths of different centers.
    """

    smallest: Path | None
    centers: tuple[Alike, ...] | None
    apart_at: str | None = None

    @cached_property
    def small(self) -> bool:
        """Whether what is computed from these paths may be cached."""
        smallest = 0 if self.smallest is None else len(self.smallest.firsts)
        return smallest + 2 * sum([len(alike.path.firsts) for alike in self.centers or ()]) <= LARGEST_CACHED_PATHS

    @cached_property
    def center_range(self) -> tuple[Fraction, Fraction] | None:
        """The least and the greatest center of index 0 along these paths, in pixels; None where they are not known."""
        if self.centers is None:
            return None
        mean = _mean if self.small else _mean.__wrapped__
        means = [mean(alike.path) for alike in self.centers]
        whole = math.lcm(*[mean.denominator for mean in means])
        centers = [mean.numerator * (whole // mean.denominator) for mean in means]
        least = min([center + alike.least * whole for center, alike in zip(centers, self.centers, strict=True)])
        most = max([center + alike.most * whole for center, alike in zip(centers, self.centers, strict=True)])
        first = Fraction(least, 2 * whole)  # centers are in half pixels
        return first, first if most == least else Fraction(most, 2 * whole)


@lru_cache(maxsize=1024)
def _mean(path: Path) -> Ratio:
    return path.mean


AT_INPUT = Paths(Path(1, (0,), (0,)), (Alike(Path(2, (0,), (0,)), 0, 0),))
"""A graph input: index i sees pixel i."""

UNKNOWN = Paths(None, None)
"""Where elements were picked one by one."""
