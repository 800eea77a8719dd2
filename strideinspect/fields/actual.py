"""Actual fields: for every tensor, which indices of an input axis each of its indices depends on, as a hull.

Per source (one axis of one graph input) a tensor has a local and a full hull. Full is everything that a value depends
on; local leaves out the statistics of normalising operators and what a collapsed axis spreads again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple, assert_never

import numpy as np

from strideinspect.fields.axes import Around, carried
from strideinspect.fields.hulls import (
    Hulls,
    TooLargeError,
    grouped,
    joined,
    mix_channels,
    reshaped,
    shrunk,
    slide,
)
from strideinspect.reads.steps import (
    Broadcast,
    Channels,
    Everything,
    Permute,
    Place,
    Reshape,
    Running,
    Sliding,
    Statistics,
    Step,
    Table,
    Transposed,
    Whole,
)
from strideinspect.results.field import NOTHING


class Dependence(NamedTuple):
    """What a tensor sees of one axis of one graph input.

    `local` is None where no local path leads here; `placed` is the part of it that never passed a collapse, which is
    what is left once a collapsed axis is spread. `axes` are the tensor's axes along which the position runs, and
    `collapsed` those that had it until a pooling or reduction brought them to extent 1 (an axis is both where such a
    part was merged with one that has a position still); `loose` says that such an axis was then removed, so that any
    axis of extent 1 may take its place. `since` is the tensor where the first axis
    collapsed or was normalised over, `unknown` why the reads of a node on the way are not known.
    """

    local: Hulls | None
    placed: Hulls | None
    full: Hulls
    axes: frozenset[int]
    collapsed: frozenset[int] = frozenset()
    loose: bool = False
    since: str | None = None
    unknown: str | None = None

    def changed(self, change: Callable[[Hulls], Hulls], **more: object) -> Dependence:
        """Apply the same change to all hulls, once where they are the same array; `self` where nothing changes."""
        full = change(self.full)
        local = full if self.local is self.full else None if self.local is None else change(self.local)
        placed = local if self.placed is self.local else None if self.placed is None else change(self.placed)
        if full is self.full and local is self.local and placed is self.placed and not more:
            return self
        return self._replace(local=local, placed=placed, full=full, **more)  # type: ignore[arg-type]  # names of fields


def apply(step: Step, seen: Dependence, around: Around) -> Dependence:
    """What the output of one step sees. An array too large to be made becomes the whole input, with the reason."""
    try:
        return _applied(step, seen, around)
    except TooLargeError as error:
        rank = _rank_after(step, seen.full.ndim - 1)
        return _whole_input(seen, rank, str(error))


def _applied(step: Step, seen: Dependence, around: Around) -> Dependence:  # noqa: PLR0911 - one case a kind
    match step:  # the most frequent kinds first
        case Sliding() | Transposed() | Table():
            return _axis_step(step, seen, around)
        case Channels():
            return _channels(step, seen)
        case Broadcast():
            return _broadcast(step, seen)
        case Reshape():
            return _reshape(step, seen)
        case Permute():
            return _permute(step, seen)
        case Whole():
            return _whole(step, seen, around)
        case Statistics():
            return _statistics(step, seen, around)
        case Everything():
            return _whole_input(seen, len(step.after), step.reason)
        case Running():
            return _running(step, seen)
        case _:
            assert_never(step)


def _axis_step(step: Sliding | Transposed | Table, seen: Dependence, around: Around) -> Dependence:
    # Where nothing is read along another image axis, this axis keeps what the rest sees: fields are projected per axis.
    if step.axis in around.others and step.axis not in seen.axes and seen.full.shape[step.axis + 1] == 1:
        return seen
    found = seen.changed(lambda spans: slide(spans, step))
    if isinstance(step, Sliding) and step.collapses:
        return _collapse(found, step.axis, around)
    return found


def _channels(step: Channels, seen: Dependence) -> Dependence:
    # A position that came to run along the channels (SpaceToDepth) ends where they are mixed.
    found = seen.changed(lambda spans: mix_channels(spans, step))
    if step.groups == step.inputs or step.axis not in seen.axes:
        return found
    return found._replace(axes=seen.axes - {step.axis})


def _whole(step: Whole, seen: Dependence, around: Around) -> Dependence:
    axis = step.axis + 1
    found = seen.changed(
        lambda spans: spans if spans.shape[axis] == 1 else spans.min(axis=axis, keepdims=True, initial=NOTHING)
    )
    if step.collapses:
        return _collapse(found, step.axis, around)
    return found if step.length == 1 else found._replace(axes=seen.axes - {step.axis})


def _collapse(seen: Dependence, axis: int, around: Around) -> Dependence:
    if axis not in seen.axes:
        return seen
    return seen._replace(
        placed=None,
        axes=seen.axes - {axis},
        collapsed=seen.collapsed | {axis},
        since=seen.since or around.tensor,
    )


def _running(step: Running, seen: Dependence) -> Dependence:
    axis = step.axis + 1

    def accumulate(spans: Hulls) -> Hulls:
        if spans.shape[axis] == 1:
            return spans
        if step.forward:
            spans = np.minimum.accumulate(spans, axis=axis)
        if step.backward:
            spans = np.flip(np.minimum.accumulate(np.flip(spans, axis), axis=axis), axis)
        return spans

    return seen.changed(accumulate)


def _statistics(step: Statistics, seen: Dependence, around: Around) -> Dependence:
    axes = tuple(axis + 1 for axis in step.axes if seen.full.shape[axis + 1] > 1)
    if not axes:
        return seen
    return seen._replace(
        full=seen.full.min(axis=axes, keepdims=True, initial=NOTHING), since=seen.since or around.tensor
    )


def _permute(step: Permute, seen: Dependence) -> Dependence:
    order = (0, *(axis + 1 for axis in step.perm))
    to = {axis: i for i, axis in enumerate(step.perm)}
    return seen.changed(
        lambda spans: spans.transpose(order),
        axes=frozenset(to[axis] for axis in seen.axes),
        collapsed=frozenset(to[axis] for axis in seen.collapsed),
    )


def _reshape(step: Reshape, seen: Dependence) -> Dependence:
    axes = carried(seen.axes, step.before, step.after)
    loose = seen.loose or bool(seen.collapsed)
    ones = frozenset(i for i, n in enumerate(step.after) if n == 1) - axes if loose else frozenset()
    ones |= carried(seen.collapsed & seen.axes, step.before, step.after)
    found = seen.changed(
        lambda spans: _split(step, reshaped(spans, step.before, step.after)), collapsed=ones, loose=loose
    )
    hulls = [spans for spans in (found.full, found.local) if spans is not None]
    for new in _splits(step):
        varying = {axis for axis in new if any(spans.shape[axis + 1] > 1 for spans in hulls)}
        if varying:  # a digit of channels that never had the position has it not after they were split
            axes -= frozenset(new) - varying
    return found._replace(axes=axes)


def _split(step: Reshape, spans: Hulls) -> Hulls:
    """Extent 1 along those parts of a split axis along which nothing varies."""
    for new in _splits(step):
        for axis in new:
            spans = shrunk(spans, axis)
    return spans


def _splits(step: Reshape) -> list[list[int]]:
    """The axes that one axis, or several together, are split into."""
    parts = [[axis for axis in new if step.after[axis] > 1] for _, new in grouped(step.before, step.after)]
    return [part for part in parts if len(part) > 1]


def _broadcast(step: Broadcast, seen: Dependence) -> Dependence:
    lead = len(step.after) - len(step.before)
    before = (1,) * lead + step.before
    spread = {i for i, (a, b) in enumerate(zip(before, step.after, strict=True)) if a == 1 and b != 1}
    collapsed = frozenset(axis + lead for axis in seen.collapsed)
    if seen.loose:
        collapsed |= frozenset(range(lead))
    found = seen
    if lead:
        found = found.changed(lambda spans: spans.reshape(2, *(1,) * lead, *spans.shape[1:]))
    local = found.placed if collapsed & spread else found.local
    axes = frozenset(axis + lead for axis in seen.axes) - spread
    return found._replace(local=local, axes=axes, collapsed=collapsed - spread)


def _whole_input(seen: Dependence, rank: int, reason: str | None) -> Dependence:
    def flat(spans: Hulls) -> Hulls:
        return np.asarray(spans.reshape(2, -1).min(axis=1, initial=NOTHING)).reshape(2, *(1,) * rank)

    return seen.changed(flat, axes=frozenset(), collapsed=frozenset(), loose=False, unknown=seen.unknown or reason)


def _rank_after(step: Step, rank: int) -> int:
    return len(step.after) if isinstance(step, Reshape | Broadcast | Everything) else rank


def merge(parts: Sequence[tuple[Place | None, Dependence]], others: Collection[int]) -> Dependence:
    """What a tensor sees through all of its reads: the hull, stretches laid beside each other."""
    stretches = [(place, part) for place, part in parts if place is not None]
    whole = [part for place, part in parts if place is None]
    if stretches:
        whole.append(_laid_out(stretches, others))
    if len(whole) == 1:
        return whole[0]
    near = [part for part in whole if part.local is not None]
    axes = frozenset().union(*(part.axes for part in near or whole))
    full = _hull([part.full for part in whole])
    shared = len(near) == len(whole) and all(part.local is part.full for part in whole)
    local = full if shared else _hull([p.local for p in near if p.local is not None]) if near else None
    placed = [part.placed for part in near if part.placed is not None]
    alone = all(part.placed is part.local for part in near)
    return Dependence(
        local=local,
        placed=local if alone else _hull(placed) if placed else None,
        full=full,
        axes=axes,
        collapsed=frozenset().union(*(part.collapsed for part in near or whole)),
        loose=any(part.loose for part in whole) and not axes,
        since=next((part.since for part in whole if part.since), None),
        unknown=next((part.unknown for part in whole if part.unknown), None),
    )


def _laid_out(stretches: Sequence[tuple[Place, Dependence]], others: Collection[int]) -> Dependence:
    first = stretches[0][1]
    axis = stretches[0][0].axis
    aside = axis in others and not any(axis in part.axes for _, part in stretches)
    near = [(place, part.local) for place, part in stretches if part.local is not None]
    kept = [(place, part.placed) for place, part in stretches if part.placed is not None]
    shared = len(near) == len(stretches) and all(part.local is part.full for _, part in stretches)
    alone = all(part.placed is part.local for _, part in stretches)
    axes = frozenset().union(*(part.axes for _, part in stretches))
    try:
        full = joined([(place, part.full) for place, part in stretches], ignore_empty=aside)
        local = full if shared else joined(near, ignore_empty=aside) if near else None
        placed = local if alone else joined(kept, ignore_empty=aside) if kept else None
    except TooLargeError as error:
        flat = [_whole_input(part, first.full.ndim - 1, str(error)) for _, part in stretches]
        return merge([(None, part) for part in flat], others)
    return Dependence(
        local=local,
        placed=placed,
        full=full,
        axes=axes,
        collapsed=frozenset().union(*(part.collapsed for _, part in stretches)) - {axis},
        loose=any(part.loose for _, part in stretches) and not axes,
        since=next((part.since for _, part in stretches if part.since), None),
        unknown=next((part.unknown for _, part in stretches if part.unknown), None),
    )


def _hull(arrays: Sequence[Hulls]) -> Hulls:
    found = arrays[0]
    for other in arrays[1:]:
        if other is not found:
            found = np.minimum(found, other)
    return found
