"""Fields along single paths: what an index sees through one chain of nodes alone, where branches meet again later.

The closed form of a tensor is the hull over all paths to it. Beside it two things are followed: the path with the
smallest field, and where the centers of the fields lie, which is the same along all paths unless a merge brought
together what lies apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache

import numpy as np

from strideinspect.fields import composition, path_reads
from strideinspect.fields.caveats import NO_CAVEAT
from strideinspect.fields.closed_form import Closed, Form, Listed, Reason
from strideinspect.fields.kept_paths import UNKNOWN, Alike, Path, Paths
from strideinspect.limits import MOST_PATHS
from strideinspect.reads.periodic import Periodic, repeating
from strideinspect.reads.steps import AxisPart, Reshape, Sliding, Step, Table, Transposed
from strideinspect.results.field import NOTHING, sees_nothing


def apply(step: Step, paths: Paths, before: Form, after: Form) -> Paths:
    """The paths after one step that turned the closed form `before` into `after`.

    Steps along other axes change no path, and neither does a step while a form is suspended.
    """
    if not (isinstance(before, Closed) and isinstance(after, Closed)):
        return UNKNOWN if isinstance(before, Listed) or isinstance(after, Listed) else paths
    match step:
        case Sliding() | Transposed() if step.axis == before.axis:
            return _along(paths, step)
        case Table(periodic_form=Periodic() as read) if step.axis == before.axis:
            return _followed(paths, read)
        case Reshape() if step.before[before.axis] == 1:  # only the first phase exists
            return _changed(paths, _first_phase, lambda path: _placed(_first_phase(path)))
        case Reshape() if after.stride != before.stride:
            return _followed(paths, _regrouped(after.stride / before.stride))
        case _:
            return paths


def _along(paths: Paths, step: Sliding | Transposed) -> Paths:
    if isinstance(step, Sliding) and step.kernel == 1 and step.stride == 1 and step.begin == 0:
        return paths
    return _followed(paths, step.periodic())


def _followed(paths: Paths, read: Periodic) -> Paths:
    return (_read_all if paths.small else _read_all.__wrapped__)(paths, read)


@lru_cache(maxsize=256)  # rows and columns usually have the same paths and windows
def _read_all(paths: Paths, read: Periodic) -> Paths:
    centers = _centers if paths.small else _centers.__wrapped__
    return _changed(paths, lambda path: _read(path, read), lambda path: centers(path, read))


def merge(parts: Sequence[tuple[AxisPart | None, Form, Paths]], label: str, *, one_window: bool) -> Paths:
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
    different = tuple({id(paths): paths for _, _, paths in parts}.values())
    if len(different) == 1:
        return first
    small = all(paths.small for paths in different)
    return (_together if small else _together.__wrapped__)(different, label, one_window=one_window)


@lru_cache(maxsize=256)  # rows and columns usually have the same paths
def _together(several: tuple[Paths, ...], label: str, *, one_window: bool) -> Paths:
    """The paths of several branches."""
    known = [paths.smallest for paths in several if paths.smallest is not None]
    smallest = min(known, key=lambda path: path.size) if len(known) == len(several) else None
    centers: tuple[Alike, ...] | None = None
    if all(paths.centers is not None for paths in several):
        centers = _different([alike for paths in several for alike in paths.centers or ()])
    if one_window and centers is not None:
        centers = _joined(centers)
    apart_at = next((paths.apart_at for paths in several if paths.apart_at is not None), None)
    merged = Paths(smallest, centers, apart_at)
    if apart_at is None and merged.center_range is not None and merged.center_range[0] < merged.center_range[1]:
        return Paths(smallest, centers, label)
    return merged


def _changed(
    paths: Paths, change: Callable[[Path], Path | None], center: Callable[[Path], tuple[Path, int | None] | None]
) -> Paths:
    """Every path changed alike; `center` makes a center of a path that begins at pixel 0, and tells where it begins."""
    smallest = None if paths.smallest is None else change(paths.smallest)
    centers: list[Alike] = []
    for alike in paths.centers or ():
        after = center(alike.path)
        if after is None:
            return Paths(smallest, None, paths.apart_at)
        narrowed, start = after
        shifted = (0, 0) if start is None else (alike.least + start, alike.most + start)
        centers.append(Alike(narrowed, *shifted))
    return Paths(smallest, _different(centers) if centers else None, paths.apart_at)


def _different(several: Sequence[Alike]) -> tuple[Alike, ...] | None:
    """Different centers, in order; None if there are more than MOST_PATHS."""
    if len(several) == 1:
        return tuple(several)
    ends: dict[Path, tuple[int, int]] = {}
    for alike in several:
        first, last = ends.get(alike.path, (alike.least, alike.most))
        ends[alike.path] = (min(first, alike.least), max(last, alike.most))
    if sum([1 if least == most else 2 for least, most in ends.values()]) > MOST_PATHS:
        return None
    return tuple(sorted([Alike(path, *shifts) for path, shifts in ends.items()]))


def _joined(centers: tuple[Alike, ...]) -> tuple[Alike, ...]:
    """The hull of shifted grids, where they fit into one stride."""
    firsts = [alike.path.firsts[0] + shift for alike in centers for shift in (alike.least, alike.most)]
    step = centers[0].path.step
    if any(len(alike.path.firsts) > 1 for alike in centers) or max(firsts) - min(firsts) >= abs(step):
        return centers
    path, start = _placed(Path(step, (min(firsts),), (max(firsts),)))
    return (Alike(path, start or 0, start or 0),)


def _first_phase(path: Path) -> Path:
    return Path(path.step, path.firsts[:1], path.lasts[:1])


def _placed(path: Path) -> tuple[Path, int | None]:
    """The path with one index in its first phase that sees anything, the others narrowed as much, moved to pixel 0.

    And where it begins; None where it sees nothing.
    """
    seeing = next((r for r, first in enumerate(path.firsts) if not sees_nothing(first)), None)
    if seeing is None:
        return path, None
    by = (path.lasts[seeing] - path.firsts[seeing]) // 2
    start = path.firsts[seeing] + by
    return Path(path.step, path_reads.moved(path.firsts, by - start), path_reads.moved(path.lasts, -by - start)), start


@lru_cache(maxsize=1024)  # paths differ mostly by shifts, and rows and columns not at all
def _centers(path: Path, read: Periodic) -> tuple[Path, int | None] | None:
    after = _read_at_zero(path, read)
    return None if after is None else _placed(after)


def _read(path: Path, read: Periodic) -> Path | None:
    start = path.firsts[0] if path.firsts[0] < NOTHING else min(path.firsts)
    if sees_nothing(start):
        start = 0
    after = _read_at_zero(_shifted(path, -start), read)
    return None if after is None else _shifted(after, start)


@lru_cache(maxsize=1024)  # paths differ mostly by shifts, and rows and columns not at all
def _read_at_zero(path: Path, read: Periodic) -> Path | None:
    if path_reads.is_short(len(path.firsts), read):
        return path_reads.composed(path, read)
    after = composition.composed(composition.of_path(path, NO_CAVEAT), read)
    return None if isinstance(after, Reason) else composition.path_of(after)


def _regrouped(ratio: Fraction) -> Periodic:
    """Reads of a Reshape after which an index covers so many of the former ones, or a part of one."""
    starts = [index * ratio.numerator // ratio.denominator for index in range(ratio.denominator)]
    ends = [-(-(index + 1) * ratio.numerator // ratio.denominator) for index in range(ratio.denominator)]
    taps = np.array(starts)[:, None] + np.arange(max(end - start for start, end in zip(starts, ends, strict=True)))
    return repeating(ratio.numerator, taps, taps < np.array(ends)[:, None])


def _shifted(path: Path, by: int) -> Path:
    return Path(path.step, path_reads.moved(path.firsts, by), path_reads.moved(path.lasts, by)) if by else path
