"""Fields along single paths: what an index sees through one chain of nodes alone, where branches meet again later.

The closed form of a tensor is the hull over all paths to it. Beside it two things are followed: the path with the
smallest field, and where the centers of the fields lie, which is the same along all paths unless a merge brought
together what lies apart.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import lru_cache

import numpy as np

from strideinspect.fields.closed_form import Closed, Form, Listed
from strideinspect.fields.kept_paths import UNKNOWN, Path, Paths
from strideinspect.limits import LARGEST_CACHED_PATHS, MOST_PATHS, MOST_PHASES
from strideinspect.reads.steps import Periodic, Place, Reshape, Sliding, Step, Table, Transposed, repeating
from strideinspect.results.field import NOTHING, sees_nothing


def apply(step: Step, paths: Paths, before: Form, after: Form) -> Paths:
    """The paths after one step that turned the closed form `before` into `after`.

    Steps along other axes change no path, and neither does a step while a form is suspended.
    """
    if not (isinstance(before, Closed) and isinstance(after, Closed)):
        return UNKNOWN if isinstance(before, Listed) or isinstance(after, Listed) else paths
    match step:
        case Sliding() | Transposed() if step.axis == before.axis:
            return _along(paths, step._replace(axis=0))
        case Table(periodic_form=Periodic() as read) if step.axis == before.axis:
            return _along(paths, read)
        case Reshape() if step.before[before.axis] == 1:  # only the first phase exists
            return _changed(paths, lambda path: Path(path.step, path.firsts[:1], path.lasts[:1]))
        case Reshape() if after.stride != before.stride:
            read = _regrouped(after.stride / before.stride)
            return _changed(paths, lambda path: _read(path, read))
        case _:
            return paths


def _along(paths: Paths, step: Sliding | Transposed | Periodic) -> Paths:
    if isinstance(step, Sliding) and (step.kernel, step.stride, step.begin) == (1, 1, 0):
        return paths
    small = _is_small([*(paths.centers or ()), *filter(None, [paths.smallest])])
    return (_windowed if small else _windowed.__wrapped__)(paths, step)


@lru_cache(maxsize=256)  # rows and columns usually have the same paths and windows
def _windowed(paths: Paths, step: Sliding | Transposed | Periodic) -> Paths:
    read = step if isinstance(step, Periodic) else step.periodic()
    return _changed(
        paths,
        lambda path: _widened(path, step) if isinstance(step, Sliding) and len(path.firsts) == 1 else _read(path, read),
    )


def _is_small(centers: Sequence[Path]) -> bool:
    """Whether what is computed from these paths may be cached."""
    return sum(len(center.firsts) for center in centers) <= LARGEST_CACHED_PATHS


def center_range(centers: tuple[Path, ...]) -> tuple[Fraction, Fraction]:
    """The least and the greatest center of index 0 along these paths of a tensor, in pixels."""
    return (_center_range if _is_small(centers) else _center_range.__wrapped__)(centers)


@lru_cache(maxsize=256)  # asked by all merges and window nodes, of rows and columns, which are usually the same
def _center_range(centers: tuple[Path, ...]) -> tuple[Fraction, Fraction]:
    means = [center.mean for center in centers]
    return min(means) / 2, max(means) / 2  # centers are in half pixels


def merge(parts: Sequence[tuple[Place | None, Form, Paths]], label: str, *, one_window: bool) -> Paths:
    """The paths of all reads of a node together. A single read that fills a range of the axis is moved there.

    Where reads fill ranges of the axis along which the position runs, the longest one stands for all: the others go on
    where it ends, with the same map or with its other end.

    `one_window`: the node joins slices of one map, which are the taps of one window if they are less than a stride
    apart.
    """
    place, form, first = parts[0]
    if len(parts) == 1:
        if place is None or not isinstance(form, Closed) or place.axis != form.axis:
            return first
        moved = Sliding(place.axis, 1, 1, 1, place.offset, place.length, place.size)
        return _along(first, moved)
    along = [at for at, own, _ in parts if at is not None and isinstance(own, Closed) and own.axis == at.axis]
    if len(along) == len(parts):
        longest = max(range(len(parts)), key=lambda number: along[number].length)
        return merge([parts[longest]], label, one_window=one_window)
    if all(paths is first for _, _, paths in parts):
        return first
    known = [paths.smallest for _, _, paths in parts if paths.smallest is not None]
    smallest = min(known, key=lambda path: path.size) if len(known) == len(parts) else None
    different = tuple(dict.fromkeys(paths.centers for _, _, paths in parts))  # the usual case: all are the same
    centers = first.centers if len(different) == 1 else _all_of(different)
    if one_window and centers is not None:
        centers = _joined(centers)
    apart_at = next((paths.apart_at for _, _, paths in parts if paths.apart_at is not None), None)
    if apart_at is None and centers is not None and len(centers) > 1:
        least, most = center_range(centers)
        apart_at = label if least < most else None
    return Paths(smallest, centers, apart_at)


def _all_of(several: tuple[tuple[Path, ...] | None, ...]) -> tuple[Path, ...] | None:
    """The different centers of several branches."""
    known = tuple(centers for centers in several if centers is not None)
    if len(known) < len(several):
        return None
    return (_union if all(map(_is_small, known)) else _union.__wrapped__)(known)


@lru_cache(maxsize=256)  # rows and columns usually have the same paths
def _union(several: tuple[tuple[Path, ...], ...]) -> tuple[Path, ...] | None:
    return _different(dict.fromkeys(center for centers in several for center in centers))


def _changed(paths: Paths, change: Callable[[Path], Path | None]) -> Paths:
    """Every path changed alike."""
    smallest = None if paths.smallest is None else change(paths.smallest)
    centers = [None if path is None else change(path) for path in paths.centers or (None,)]
    return Paths(smallest, _kept(centers), paths.apart_at)


def _kept(centers: Sequence[Path | None]) -> tuple[Path, ...] | None:
    """Different centers, in order; None if one of them is not known or there are more than MOST_PATHS."""
    known = [_narrowed(path) for path in centers if path is not None]
    if len(known) < len(centers):
        return None
    return _different(known) if len(known) > 1 else (known[0],)


def _different(known: Iterable[Path]) -> tuple[Path, ...] | None:
    alike: dict[tuple[tuple[int, ...], tuple[int, ...]], tuple[Path, Path]] = {}
    for center in known:
        start = _start(center.firsts)
        shape = (_moved(center.firsts, -start), _moved(center.lasts, -start))
        least, most = alike.get(shape, (center, center))
        alike[shape] = (min(least, center), max(most, center))
    kept = sorted({center for pair in alike.values() for center in pair})
    return tuple(kept) if len(kept) <= MOST_PATHS else None


def _narrowed(path: Path) -> Path:
    """The path with one index in its first phase that sees anything, the others narrowed as much."""
    by = next((last - first for first, last in zip(path.firsts, path.lasts, strict=True) if not sees_nothing(first)), 0)
    by //= 2
    return Path(path.step, _moved(path.firsts, by), _moved(path.lasts, -by)) if by else path


def _joined(centers: tuple[Path, ...]) -> tuple[Path, ...]:
    """The hull of shifted grids, where they fit into one stride."""
    firsts = [center.firsts[0] for center in centers]
    if any(len(center.firsts) > 1 for center in centers) or max(firsts) - min(firsts) >= abs(centers[0].step):
        return centers
    return (_narrowed(Path(centers[0].step, (min(firsts),), (max(firsts),))),)


def _widened(path: Path, step: Sliding) -> Path:
    """A window over a map with one phase, the usual case."""
    begin = -step.begin * path.step
    end = (step.dilation * (step.kernel - 1) - step.begin) * path.step
    if sees_nothing(path.firsts[0]):
        return path._replace(step=path.step * step.stride)
    return Path(path.step * step.stride, (path.firsts[0] + min(begin, end),), (path.lasts[0] + max(begin, end),))


def _read(path: Path, read: Periodic) -> Path | None:
    start = _start(path.firsts)
    after = _read_at_zero(_shifted(path, -start), read)
    return None if after is None else _shifted(after, start)


@lru_cache(maxsize=1024)  # paths differ mostly by shifts, and rows and columns not at all
def _read_at_zero(path: Path, read: Periodic) -> Path | None:
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


def _start(firsts: tuple[int, ...]) -> int:
    """The first pixel that the first phase sees that sees anything."""
    return firsts[0] if firsts[0] < NOTHING else next((first for first in firsts if not sees_nothing(first)), 0)


def _shifted(path: Path, by: int) -> Path:
    return Path(path.step, _moved(path.firsts, by), _moved(path.lasts, by)) if by else path


def _moved(ends: tuple[int, ...], by: int) -> tuple[int, ...]:
    # A list in between, since a generator takes twice as long for a few ends.
    return tuple([end + by if -NOTHING < end < NOTHING else end for end in ends]) if by else ends
