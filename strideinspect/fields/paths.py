"""Fields along single paths: what an index sees through one chain of nodes alone, where branches meet again later.

The closed form of a tensor is the hull over all paths to it. The path with the smallest field is followed beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from strideinspect.fields.closed_form import Closed, Form
from strideinspect.limits import MOST_PHASES
from strideinspect.reads.steps import Periodic, Place, Reshape, Sliding, Step, Table, Transposed, repeating
from strideinspect.results.field import NOTHING, sees_nothing


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
        return max(0, *(last - first + 1 for first, last in zip(self.firsts, self.lasts, strict=True)))


class Paths(NamedTuple):
    """What is kept of all paths from one axis of a graph input to a tensor; None where it cannot be followed."""

    smallest: Path | None


AT_INPUT = Paths(Path(1, (0,), (0,)))
"""A graph input: index i sees pixel i."""


def apply(step: Step, paths: Paths, before: Form, after: Form) -> Paths:
    """The paths after one step that turned the closed form `before` into `after`.

    Steps along other axes change no path, and neither does a step while a form is suspended.
    """
    if not (isinstance(before, Closed) and isinstance(after, Closed)) or paths.smallest is None:
        return paths
    match step:
        case Sliding() | Transposed() | Table() if step.axis == before.axis:
            return Paths(_windowed(paths.smallest, step))
        case Reshape() if step.before[before.axis] == 1:
            path = paths.smallest
            return Paths(Path(path.step, path.firsts[:1], path.lasts[:1]))  # only the first phase exists
        case Reshape() if after.stride != before.stride:
            return Paths(_read(paths.smallest, _regrouped(after.stride / before.stride)))
        case _:
            return paths


def merge(parts: Sequence[tuple[Place | None, Form, Paths]]) -> Paths:
    """The paths of all reads of a node together. A single read that fills a range of the axis is moved there."""
    place, form, first = parts[0]
    if len(parts) == 1:
        if place is None or not isinstance(form, Closed) or place.axis != form.axis or first.smallest is None:
            return first
        return Paths(_windowed(first.smallest, Sliding(place.axis, 1, 1, 1, place.offset, place.length, place.size)))
    known = [paths.smallest for _, _, paths in parts if paths.smallest is not None]
    return Paths(min(known, key=lambda path: path.size) if len(known) == len(parts) else None)


def _windowed(path: Path, step: Sliding | Transposed | Table) -> Path | None:
    if isinstance(step, Sliding) and len(path.firsts) == 1:
        return _widened(path, step)
    read = step.periodic_form if isinstance(step, Table) else step.periodic()
    return None if isinstance(read, str) else _read(path, read)


def _widened(path: Path, step: Sliding) -> Path:
    """A window over a map with one phase, the usual case."""
    begin = -step.begin * path.step
    end = (step.dilation * (step.kernel - 1) - step.begin) * path.step
    if sees_nothing(path.firsts[0]):
        return path._replace(step=path.step * step.stride)
    return Path(path.step * step.stride, (path.firsts[0] + min(begin, end),), (path.lasts[0] + max(begin, end),))


@lru_cache(maxsize=256)  # rows and columns are usually read alike
def _read(path: Path, read: Periodic) -> Path | None:
    inner = len(path.firsts)
    turns = inner // math.gcd(abs(read.step), inner)
    period = len(read.taps) * turns
    if period > MOST_PHASES:
        return None
    taps = ((np.arange(turns) * read.step)[:, None, None] + read.taps).reshape(period, -1)
    whole, phase = np.divmod(taps, inner)
    there = np.tile(read.present, (turns, 1)) & ~sees_nothing(np.array(path.firsts))[phase]
    firsts = np.where(there, np.array(path.firsts)[phase] + whole * path.step, NOTHING).min(axis=1)
    lasts = np.where(there, np.array(path.lasts)[phase] + whole * path.step, -NOTHING).max(axis=1)
    return _reduced(Path(path.step * turns * read.step // inner, tuple(firsts.tolist()), tuple(lasts.tolist())))


def _regrouped(ratio: Fraction) -> Periodic:
    """Reads of a Reshape after which an index covers so many of the former ones, or a part of one."""
    starts = [index * ratio.numerator // ratio.denominator for index in range(ratio.denominator)]
    ends = [-(-(index + 1) * ratio.numerator // ratio.denominator) for index in range(ratio.denominator)]
    taps = np.array(starts)[:, None] + np.arange(max(end - start for start, end in zip(starts, ends, strict=True)))
    return repeating(ratio.numerator, taps, taps < np.array(ends)[:, None])


def _reduced(path: Path) -> Path:
    """The same path with the shortest period."""
    period = len(path.firsts)
    for shorter in range(1, period):
        if period % shorter or path.step * shorter % period:
            continue
        moved = path.step * shorter // period
        if _moved(path.firsts, moved)[:-shorter] == path.firsts[shorter:] and (
            _moved(path.lasts, moved)[:-shorter] == path.lasts[shorter:]
        ):
            return Path(moved, path.firsts[:shorter], path.lasts[:shorter])
    return path


def _moved(ends: tuple[int, ...], by: int) -> tuple[int, ...]:
    return tuple(end if sees_nothing(abs(end)) else end + by for end in ends)
