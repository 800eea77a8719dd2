"""Impulses through the real weights: which are sent, what each may reach, and the verdict on what they reached.

They can show only that a field is larger than claimed, never that it is smaller: a zero weight or an inactive
activation hides a dependence that exists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, zip_longest
from math import gcd
from typing import Final

from msgspec import Struct

from strideinspect.limits import MOST_IMPULSES
from strideinspect.results.field import InputAxis, Span
from strideinspect.results.verdict import Check, Counts, Impulses, Verdict
from strideinspect.verify.messages import Impulse, Reach, WrongReach

_RANGES: Final = 4  # number of unseen ranges at each end of an axis whose borders are tried first
_SPREAD: Final = 0.618  # step as a fraction of the axis: the golden ratio spreads any number of indices evenly


class ImpulsePlan(Struct, frozen=True):
    """The claims that impulses can contradict, the lengths of the input axes, and the impulses in the order of sending.

    An axis on which every tensor may depend completely is only in `lengths`.
    """

    reaches: Sequence[Reach]
    lengths: Mapping[InputAxis, int]
    impulses: Sequence[Impulse]


def plan(reaches: Sequence[Reach], lengths: Mapping[InputAxis, int], limit: int = MOST_IMPULSES) -> ImpulsePlan:
    """Choose at most `limit` indices: borders, ends of unseen ranges, then evenly spread, alternating between axes.

    `lengths` are those of the input axes. An axis on which every tensor may depend completely is left out, because no
    impulse along it can contradict a claim.
    """
    refutable = [reach for reach in reaches if reach.excludes_any(lengths[reach.input, reach.axis])]
    unseen = {(reach.input, reach.axis): reach.unseen for reach in sorted(refutable, key=lambda r: len(r.unseen))}
    orders = [[Impulse(*axis, index) for index in _order(lengths[axis], ranges)] for axis, ranges in unseen.items()]
    turns = [impulse for turn in zip_longest(*orders) for impulse in turn if impulse is not None]
    return ImpulsePlan(refutable, lengths, turns[:limit])


def _order(length: int, unseen: Sequence[Span]) -> Iterator[int]:
    """Every index once, the most informative first."""
    ends = chain.from_iterable(dict.fromkeys((*unseen[:_RANGES], *unseen[-_RANGES:])))
    # A step coprime to the length visits every index once before it returns to the first.
    step = next(step for step in range(round(_SPREAD * length) or 1, 2 * length + 1) if gcd(step, length) == 1)
    yield from dict.fromkeys(chain((0, length - 1), ends, (k * step % length for k in range(length))))


class ImpulseResults(Struct, frozen=True):
    """The worker's results: tensors that it could not compare and why, and per impulse what it wrongly reached.

    `reason` says why the last impulses are missing, if any are.
    """

    watched: int
    missing: Mapping[str, str]
    wrong: Sequence[WrongReach | None]
    reason: str | None


def judge(planned: ImpulsePlan, results: ImpulseResults) -> tuple[Impulses, list[Check]]:
    """The verdict on every index of every axis, with remarks; one contradiction per tensor and axis."""
    nodes = {reach.tensor: reach.node for reach in planned.reaches}
    contradictions: dict[tuple[str, InputAxis], Check] = {}
    for impulse, wrong in zip(planned.impulses, results.wrong, strict=False):
        if wrong is not None:
            tensor = wrong.tensor
            place = {"input": impulse.input, "axis": impulse.axis, "index": list(wrong.element)}
            predicted = {**place, "first": wrong.first, "last": wrong.last}
            ran = {**place, "changed_by": impulse.position}
            check = Check(nodes[tensor], tensor, "impulse", Verdict.CONTRADICTED, predicted=predicted, ran=ran)
            contradictions.setdefault((tensor, (impulse.input, impulse.axis)), check)
    sent = len(results.wrong)
    contradicted = sum(wrong is not None for wrong in results.wrong)
    counts = Counts(sent - contradicted, contradicted, sum(planned.lengths.values()) - sent)
    remarks = [*contradictions.values(), *_not_tried(planned, results)]
    remarks += [Check(nodes[t], t, "impulse", Verdict.NOT_CHECKED, why) for t, why in results.missing.items()]
    return Impulses(counts, results.watched, MOST_IMPULSES), remarks


def _not_tried(planned: ImpulsePlan, results: ImpulseResults) -> Iterator[Check]:
    """One remark per input with indices that were not tried."""
    tried = Counter((impulse.input, impulse.axis) for impulse in planned.impulses[: len(results.wrong)])
    refutable = {(impulse.input, impulse.axis) for impulse in planned.impulses}
    for name in dict.fromkeys(name for name, _ in planned.lengths):
        axes = {axis: length for (other, axis), length in planned.lengths.items() if other == name}
        irrefutable = [axis for axis in axes if (name, axis) not in refutable]
        left = [axis for axis, length in axes.items() if axis not in irrefutable and tried[name, axis] < length]
        if left:
            parts = [f"{tried[name, axis]} of {axes[axis]:,} indices of axis {axis}" for axis in left]
            why = f"{', '.join(parts)} were tried: {results.reason or f'at most {MOST_IMPULSES} impulses are sent'}"
            yield Check(None, name, "impulse", Verdict.NOT_CHECKED, why)
        if irrefutable:
            where = " and ".join(f"axis {axis}" for axis in irrefutable)
            why = f"every tensor compared may depend on the whole of {where}, so no impulse can contradict anything"
            yield Check(None, name, "impulse", Verdict.NOT_CHECKED, why)
