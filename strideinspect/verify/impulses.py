"""Impulses through the real weights, as claimed: what each may reach, which are sent, and what came of them.

That nothing reaches further is what they can show; a weight of zero, or a unit that is off, keeps them from showing
that everything is reached.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from math import gcd
from typing import Any, Final

from strideinspect.results.field import Span
from strideinspect.results.verdict import Check, Counts, Impulses, Verdict

LIMIT: Final = 96
"""Runs at most, over all axes of all inputs."""

_RANGES: Final = 4  # unseen ranges at either end of an axis whose ends are tried first
_SPREAD: Final = 0.618  # of an axis between one index and the next: any number of them is spread evenly

Place = tuple[str, int]
"""A graph input and one of its axes."""

Try = tuple[str, int, int]
"""A graph input, one of its axes, and the index along it that is changed."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Which indices of an axis of a graph input each element of a tensor may depend on, whatever the weights.

    `first` and `last` are the hull of full dependence, in row-major order over `extents`, which broadcasts to `shape`;
    `first` is behind `last` where an element sees nothing. Nothing of the tensor depends on an index in `dark`.
    """

    input: str
    axis: int
    tensor: str
    node: str | None
    shape: tuple[int, ...]
    extents: tuple[int, ...]
    first: tuple[int, ...]
    last: tuple[int, ...]
    dark: tuple[Span, ...] = ()

    def excludes_any(self, length: int) -> bool:
        """Whether there is an index, of `length`, that must not reach some element."""
        return bool(self.dark) or max(self.first, default=0) > 0 or min(self.last, default=length) < length - 1


@dataclass(frozen=True, slots=True)
class Sending:
    """The impulses to send: the claims that they can contradict, and what is changed in which order."""

    reaches: Sequence[Reach]
    lengths: Mapping[Place, int]
    tries: Sequence[Try]


def plan(reaches: Sequence[Reach], lengths: Mapping[Place, int], limit: int = LIMIT) -> Sending:
    """Choose at most `limit` indices: borders, ends of unseen ranges, then evenly spread; every axis in its turn.

    `lengths` are those of the input axes. An axis that may reach everything is left out: no impulse contradicts that.
    """
    biting = [reach for reach in reaches if reach.excludes_any(lengths[reach.input, reach.axis])]
    dark = {(reach.input, reach.axis): reach.dark for reach in sorted(biting, key=lambda reach: len(reach.dark))}
    orders = [[(*place, index) for index in _order(lengths[place], ranges)] for place, ranges in dark.items()]
    turns = [given for turn in zip_longest(*orders) for given in turn if given is not None]
    return Sending(biting, lengths, turns[:limit])


def _order(length: int, dark: Sequence[Span]) -> Iterator[int]:
    """Every index once, those that tell most first."""
    ends = chain.from_iterable(dict.fromkeys((*dark[:_RANGES], *dark[-_RANGES:])))
    step = next(step for step in range(round(_SPREAD * length) or 1, 2 * length + 1) if gcd(step, length) == 1)
    yield from dict.fromkeys(chain((0, length - 1), ends, (k * step % length for k in range(length))))


def question(sending: Sending) -> dict[str, Any]:
    """What to ask the worker, ready for JSON."""
    return {
        "reaches": [
            {
                "input": reach.input,
                "axis": reach.axis,
                "tensor": reach.tensor,
                "shape": list(reach.shape),
                "extents": list(reach.extents),
                "first": list(reach.first),
                "last": list(reach.last),
                "dark": [list(span) for span in reach.dark],
            }
            for reach in sending.reaches
        ],
        "tries": [list(given) for given in sending.tries],
    }


@dataclass(frozen=True, slots=True)
class Sent:
    """What the worker answered: tensors that it could not watch and why, and per impulse what it wrongly reached.

    `reason` says why impulses are missing at the end, if there are any.
    """

    watched: int
    missing: Mapping[str, str]
    found: Sequence[Mapping[str, Any] | None]
    reason: str | None


def judge(sending: Sending, sent: Sent) -> tuple[Impulses, list[Check]]:
    """The verdict on every index of every axis, and all that is to say of it; one contradiction per tensor and axis."""
    nodes = {reach.tensor: reach.node for reach in sending.reaches}
    wrong: dict[tuple[str, Place], Check] = {}
    for (name, axis, index), found in zip(sending.tries, sent.found, strict=False):
        if found is not None:
            tensor = found["tensor"]
            place = {"input": name, "axis": axis}
            predicted = {**place, "index": found["index"], "first": found["first"], "last": found["last"]}
            ran = {**place, "index": found["index"], "changed_by": index}
            check = Check(nodes[tensor], tensor, "impulse", Verdict.CONTRADICTED, predicted=predicted, ran=ran)
            wrong.setdefault((tensor, (name, axis)), check)
    contradicted = sum(found is not None for found in sent.found)
    counts = Counts(len(sent.found) - contradicted, contradicted, sum(sending.lengths.values()) - len(sent.found))
    remarks = [*wrong.values(), *_left(sending, sent)]
    remarks += [Check(nodes[t], t, "impulse", Verdict.NOT_CHECKED, why) for t, why in sent.missing.items()]
    return Impulses(counts, sent.watched, LIMIT), remarks


def _left(sending: Sending, sent: Sent) -> Iterator[Check]:
    """One remark per input with indices that were not tried."""
    tried = Counter((name, axis) for name, axis, _ in sending.tries[: len(sent.found)])
    asked = {(name, axis) for name, axis, _ in sending.tries}
    for given in dict.fromkeys(name for name, _ in sending.lengths):
        axes = {axis: length for (name, axis), length in sending.lengths.items() if name == given}
        idle = [axis for axis in axes if (given, axis) not in asked]
        left = [axis for axis, length in axes.items() if axis not in idle and tried[given, axis] < length]
        if left:
            parts = [f"{tried[given, axis]} of {axes[axis]:,} indices of axis {axis}" for axis in left]
            why = f"{', '.join(parts)} were tried: {sent.reason or f'at most {LIMIT} impulses are sent'}"
            yield Check(None, given, "impulse", Verdict.NOT_CHECKED, why)
        if idle:
            where = " and ".join(f"axis {axis}" for axis in idle)
            why = f"all that was to be watched may depend on the whole of {where}, so that no impulse could tell"
            yield Check(None, given, "impulse", Verdict.NOT_CHECKED, why)
