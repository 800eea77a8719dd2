"""Data on single paths: what an index sees through one chain of nodes, and which chains are kept of all to a tensor."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from strideinspect.results.field import sees_nothing


class Path(NamedTuple):
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
    def mean(self) -> Fraction:
        """Center of index 0: the middles of all phases, each moved back to index 0, averaged. Holes do not count."""
        period = len(self.firsts)
        if period == 1:
            return Fraction(self.firsts[0] + self.lasts[0], 2)
        seeing = [r for r, first in enumerate(self.firsts) if not sees_nothing(first)]
        ends = sum(self.firsts[r] + self.lasts[r] for r in seeing)
        return Fraction(ends * period - 2 * sum(seeing) * self.step, 2 * period * max(1, len(seeing)))


class Paths(NamedTuple):
    """What is kept of all paths from one axis of a graph input to a tensor; None where it cannot be followed.

    `centers` are paths whose centers differ, in half pixels. Each is narrowed evenly to one index in its first phase,
    since sizes do not matter here. Of several that differ by a shift the least and the most are kept: they stay so.
    `apart_at` is the first node that merged paths of different centers.
    """

    smallest: Path | None
    centers: tuple[Path, ...] | None
    apart_at: str | None = None


AT_INPUT = Paths(Path(1, (0,), (0,)), (Path(2, (0,), (0,)),))
"""A graph input: index i sees pixel i."""

UNKNOWN = Paths(None, None)
"""Where elements were picked one by one."""
