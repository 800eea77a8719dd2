"""Actual fields: for every tensor, the hull of the indices of an input axis that each of its indices depends on.

Per source (one axis of one graph input) a tensor has a local and a full hull. The full hull is everything that a value
depends on; the local one excludes the statistics of normalising operators and broadcasts of a collapsed axis.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import assert_never

import numpy as np
from msgspec import Struct, structs

from strideinspect.fields.axes import StepContext, carried, inserts_axes
from strideinspect.fields.hulls import (
    Hulls,
    TooLargeError,
    combined,
    emptied_at,
    grouped,
    joined,
    mix_channels,
    reshaped,
    shrunk,
    slide,
)
from strideinspect.reads import steps
from strideinspect.results.field import NOTHING


class Dependence(Struct, frozen=True):
    """What a tensor sees of one axis of one graph input.

    - `local` is the local dependence, None where no local path leads here;
    - `uncollapsed` is the part of it on paths without a collapsed axis. It replaces `local` when a collapsed axis is
      broadcast: the result of a global pooling does not widen the local field where it is repeated;
    - `full` is everything that the tensor depends on;
    - `axes` are the tensor's axes along which the position runs;
    - `collapsed` are the axes that had the position until a pooling or reduction brought them to extent 1. After a
      merge, an axis may be in both sets;
    - `any_single_axis`: a collapsed axis was removed (squeezed); once an axis is inserted, any of extent 1 may be it;
    - `guessed`: one was inserted, and `collapsed` holds axes that may only be taken for the removed one;
    - `collapsed_at` is the tensor in which an axis first collapsed or was normalised over;
    - `unknown` is the reason why the reads of an earlier node are not known.
    """

    local: Hulls | None
    uncollapsed: Hulls | None
    full: Hulls
    axes: frozenset[int]
    collapsed: frozenset[int] = frozenset()
    any_single_axis: bool = False
    guessed: bool = False
    collapsed_at: str | None = None
    unknown: str | None = None

    def changed(self, change: Callable[[Hulls], Hulls], **more: object) -> Dependence:
        """Apply the same change to all hulls, once where they are the same array; `self` where nothing changes."""
        full = change(self.full)
        local = full if self.local is self.full else None if self.local is None else change(self.local)
        uncollapsed = (
            local if self.uncollapsed is self.local else None if self.uncollapsed is None else change(self.uncollapsed)
        )
        if full is self.full and local is self.local and uncollapsed is self.uncollapsed and not more:
            return self
        return structs.replace(self, local=local, uncollapsed=uncollapsed, full=full, **more)


def apply(step: steps.Step, seen: Dependence, context: StepContext) -> Dependence:
    """What the output of one step sees. If the array would be too large, it is the whole input, with the reason."""
    try:
        return _applied(step, seen, context)
    except TooLargeError as error:
        rank = seen.full.ndim - 1
        if isinstance(step, steps.Reshape | steps.Broadcast | steps.Everything):
            rank = len(step.after)
        return whole_input(seen, rank, str(error))


def _applied(step: steps.Step, seen: Dependence, context: StepContext) -> Dependence:  # noqa: C901, PLR0911 - one case a kind
    match step:  # the most frequent kinds first
        case steps.Sliding() | steps.Transposed() | steps.Table():
            return _axis_step(step, seen, context)
        case steps.Channels():
            return _channels(step, seen)
        case steps.Broadcast():
            return _broadcast(step, seen)
        case steps.Reshape():
            return _reshape(step, seen)
        case steps.Permute():
            return _permute(step, seen)
        case steps.Whole():
            return _whole(step, seen, context)
        case steps.Statistics():
            return _statistics(step, seen, context)
        case steps.Masked():
            taken = step.over(context.other_axes - seen.axes)  # fields are projected per axis
            return seen.changed(lambda spans: emptied_at(spans, ~taken))
        case steps.Everything():
            return whole_input(seen, len(step.after), step.reason)
        case steps.Cumulative():
            return _cumulative(step, seen)
        case _:
            assert_never(step)


def _axis_step(
    step: steps.Sliding | steps.Transposed | steps.Table, seen: Dependence, context: StepContext
) -> Dependence:
    # Fields are projected per axis: padding along one image axis does not empty the field along another.
    if step.axis in context.other_axes and step.axis not in seen.axes and seen.full.shape[step.axis + 1] == 1:
        return seen
    after = seen.changed(lambda spans: slide(spans, step))
    if isinstance(step, steps.Sliding) and step.collapses:
        return _collapse(after, step.axis, context)
    return after


def _channels(step: steps.Channels, seen: Dependence) -> Dependence:
    # A position that runs along the channels (after SpaceToDepth) ends where channels are mixed.
    mixed = seen.changed(lambda spans: mix_channels(spans, step))
    if step.groups == step.inputs or step.axis not in seen.axes:
        return mixed
    return structs.replace(mixed, axes=seen.axes - {step.axis})


def _whole(step: steps.Whole, seen: Dependence, context: StepContext) -> Dependence:
    axis = step.axis + 1
    reduced = seen.changed(
        lambda spans: spans if spans.shape[axis] == 1 else spans.min(axis=axis, keepdims=True, initial=NOTHING)
    )
    if step.collapses:
        return _collapse(reduced, step.axis, context)
    axes = seen.axes if step.length == 1 else seen.axes - {step.axis}
    # What a matrix product makes of the axis is another one: its columns are no collapsed axis that is spread again.
    return structs.replace(reduced, axes=axes, collapsed=seen.collapsed - {step.axis})


def _collapse(seen: Dependence, axis: int, context: StepContext) -> Dependence:
    if axis not in seen.axes:
        return seen
    axes, collapsed, at = seen.axes - {axis}, seen.collapsed | {axis}, seen.collapsed_at or context.tensor
    return structs.replace(seen, uncollapsed=None, axes=axes, collapsed=collapsed, collapsed_at=at)


def _cumulative(step: steps.Cumulative, seen: Dependence) -> Dependence:
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


def _statistics(step: steps.Statistics, seen: Dependence, context: StepContext) -> Dependence:
    axes = tuple(axis + 1 for axis in step.axes if seen.full.shape[axis + 1] > 1)
    if not axes:
        return seen
    return structs.replace(
        seen,
        full=seen.full.min(axis=axes, keepdims=True, initial=NOTHING),
        collapsed_at=seen.collapsed_at or context.tensor,
    )


def _permute(step: steps.Permute, seen: Dependence) -> Dependence:
    order = (0, *(axis + 1 for axis in step.perm))
    to = {axis: i for i, axis in enumerate(step.perm)}
    return seen.changed(
        lambda spans: spans.transpose(order),
        axes=frozenset(to[axis] for axis in seen.axes),
        collapsed=frozenset(to[axis] for axis in seen.collapsed),
    )


def _reshape(step: steps.Reshape, seen: Dependence) -> Dependence:
    axes = carried(seen.axes, step.before, step.after)
    single = frozenset(i for i, n in enumerate(step.after) if n == 1)
    kept = [carried([axis], step.before, step.after) for axis in seen.collapsed]
    any_single_axis = seen.any_single_axis or seen.guessed or not all(kept)
    guessed = any_single_axis and (seen.guessed or inserts_axes(step.before, step.after))
    ones = single - axes if guessed else frozenset().union(*kept) & single - axes
    ones |= carried(seen.collapsed & seen.axes, step.before, step.after)
    reshaped_to = seen.changed(
        lambda spans: _split(step, reshaped(spans, step.before, step.after)),
        collapsed=ones,
        any_single_axis=any_single_axis,
        guessed=guessed,
    )
    hulls = [spans for spans in (reshaped_to.full, reshaped_to.local) if spans is not None]
    for new in _splits(step):
        varying = {axis for axis in new if any(spans.shape[axis + 1] > 1 for spans in hulls)}
        if varying:  # of the parts of a split axis, those with constant spans have no position
            axes -= frozenset(new) - varying
    return structs.replace(reshaped_to, axes=axes)


def _split(step: steps.Reshape, spans: Hulls) -> Hulls:
    """Reduce those parts of a split axis to extent 1 along which the spans are constant."""
    for new in _splits(step):
        for axis in new:
            spans = shrunk(spans, axis)
    return spans


def _splits(step: steps.Reshape) -> list[list[int]]:
    """The axes that one axis, or several together, are split into."""
    parts = [[axis for axis in new if step.after[axis] > 1] for _, new in grouped(step.before, step.after)]
    return [part for part in parts if len(part) > 1]


def _broadcast(step: steps.Broadcast, seen: Dependence) -> Dependence:
    lead = len(step.after) - len(step.before)
    before = (1,) * lead + step.before
    spread = {i for i, (a, b) in enumerate(zip(before, step.after, strict=True)) if a == 1 and b != 1}
    collapsed = frozenset(axis + lead for axis in seen.collapsed)
    if seen.any_single_axis and lead:
        collapsed |= {i for i, n in enumerate(before) if n == 1 and i - lead not in seen.axes}
    widened = seen
    if lead:
        widened = widened.changed(lambda spans: spans.reshape(2, *(1,) * lead, *spans.shape[1:]))
    local = widened.uncollapsed if collapsed & spread else widened.local
    axes = frozenset(axis + lead for axis in seen.axes) - spread
    return structs.replace(widened, local=local, axes=axes, collapsed=collapsed - spread)


def whole_input(seen: Dependence, rank: int, reason: str | None) -> Dependence:
    """Every index of a tensor of this rank sees all that any index of another sees; `reason` if it is assumed."""

    def flat(spans: Hulls) -> Hulls:
        return np.asarray(spans.reshape(2, -1).min(axis=1, initial=NOTHING)).reshape(2, *(1,) * rank)

    return seen.changed(
        flat, axes=frozenset(), collapsed=frozenset(), any_single_axis=False, unknown=seen.unknown or reason
    )


def merge(parts: Sequence[tuple[steps.AxisPart | None, Dependence]], others: Collection[int]) -> Dependence:
    """What a tensor sees through all of its reads: the hull of whole reads, and the concatenation of partial ones."""
    stretches = [(place, part) for place, part in parts if place is not None]
    whole = [part for place, part in parts if place is None]
    if stretches:
        whole.append(_laid_out(stretches, others))
    if len(whole) == 1:
        return whole[0]
    near = [part for part in whole if part.local is not None]
    axes = frozenset().union(*(part.axes for part in near or whole))
    full = combined([part.full for part in whole])
    shared = len(near) == len(whole) and all(part.local is part.full for part in whole)
    local = full if shared else combined([p.local for p in near if p.local is not None]) if near else None
    uncollapsed = [part.uncollapsed for part in near if part.uncollapsed is not None]
    none_collapsed = all(part.uncollapsed is part.local for part in near)
    return Dependence(
        local=local,
        uncollapsed=local if none_collapsed else combined(uncollapsed) if uncollapsed else None,
        full=full,
        axes=axes,
        collapsed=frozenset().union(*(part.collapsed for part in near or whole)),
        any_single_axis=any(part.any_single_axis for part in whole),
        guessed=any(part.guessed for part in whole),
        collapsed_at=next((part.collapsed_at for part in whole if part.collapsed_at), None),
        unknown=next((part.unknown for part in whole if part.unknown), None),
    )


def _laid_out(stretches: Sequence[tuple[steps.AxisPart, Dependence]], others: Collection[int]) -> Dependence:
    first = stretches[0][1]
    axis = stretches[0][0].axis
    along_other_axis = axis in others and not any(axis in part.axes for _, part in stretches)
    near = [(place, part.local) for place, part in stretches if part.local is not None]
    kept = [(place, part.uncollapsed) for place, part in stretches if part.uncollapsed is not None]
    shared = len(near) == len(stretches) and all(part.local is part.full for _, part in stretches)
    none_collapsed = all(part.uncollapsed is part.local for _, part in stretches)
    axes = frozenset().union(*(part.axes for _, part in stretches))
    try:
        full = joined([(place, part.full) for place, part in stretches], ignore_empty=along_other_axis)
        local = full if shared else joined(near, ignore_empty=along_other_axis) if near else None
        uncollapsed = local if none_collapsed else joined(kept, ignore_empty=along_other_axis) if kept else None
    except TooLargeError as error:
        flat = [whole_input(part, first.full.ndim - 1, str(error)) for _, part in stretches]
        return merge([(None, part) for part in flat], others)
    return Dependence(
        local=local,
        uncollapsed=uncollapsed,
        full=full,
        axes=axes,
        collapsed=frozenset().union(*(part.collapsed for _, part in stretches)) - {axis},
        any_single_axis=any(part.any_single_axis for _, part in stretches),
        guessed=any(part.guessed for _, part in stretches),
        collapsed_at=next((part.collapsed_at for _, part in stretches if part.collapsed_at), None),
        unknown=next((part.unknown for _, part in stretches if part.unknown), None),
    )
