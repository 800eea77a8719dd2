"""The fields of all indices of a map in a few numbers: they move by the same step from index to index, but at borders.

This is what the page's script needs to place a box: exact, and small for any size.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TypedDict

import numpy as np

from strideinspect.results.contribution import Contribution
from strideinspect.results.field import Field, Span

BINS = 48
"""So many bars show the contribution of the pixels."""

Run = list[int]
"""Start, first, last, step of first, step of last: see `AxisData`."""


class HolesData(TypedDict):
    """The holes of every index, relative to the first pixel of its field."""

    patterns: list[list[Span]]
    runs: list[list[int]]


class ContributionData(TypedDict):
    """Shares of the middle index in bars over the `size` pixels of its field, in percent of the largest."""

    middle: int
    first: int
    size: int
    bars: list[int]


class AxisData(TypedDict):
    """The fields of a map along one axis.

    Index `i` is number `i // period` of those with the same remainder `i % period`, whose runs are in
    `runs[remainder]`. The first and the last pixel of number `k` are `first + (k - start) * step` of the last run with
    `start <= k`; a first pixel of `nothing` or more is that of an index without a field. `phases` holds the theoretical
    field of the first indices, `shift` what a period adds; `length` is the number of indices.
    """

    period: int
    runs: list[list[Run]]
    phases: list[Span | None]
    shift: int
    length: int
    holes: HolesData | None
    contribution: ContributionData | None


def axis_data(field: Field, contribution: Contribution | None) -> AxisData:
    """The fields along one axis of a graph input, with holes and contributions where they are known."""
    period = max(1, len(field.phases))
    return {
        "period": period,
        "runs": [_runs(field, remainder, period) for remainder in range(min(period, len(field.positions)))],
        "phases": [*field.phases] if field.node_axis is not None else [],
        "shift": 0 if field.stride is None else int(field.stride * period),
        "length": len(field.positions),
        "holes": None if contribution is None else _holes(field, contribution),
        "contribution": None if contribution is None or not contribution.shares else _bars(contribution),
    }


def _runs(field: Field, remainder: int, period: int) -> list[Run]:
    """Runs of equal steps: each goes on to the index before the next."""
    ends = [np.frombuffer(side, dtype=np.intc)[remainder::period] for side in _ends(field)]
    values = np.stack(ends).astype(np.int64)
    steps = np.diff(values, axis=1)
    changes = np.flatnonzero((steps[:, 1:] != steps[:, :-1]).any(axis=0)) + 1
    runs: list[Run] = []
    start = 0
    for change in [*changes.tolist(), steps.shape[1]]:
        if change < start:
            continue
        by = steps[:, start].tolist() if start < steps.shape[1] else [0, 0]
        runs.append([start, *values[:, start].tolist(), *by])
        start = change + 1
    if start < values.shape[1]:
        runs.append([start, *values[:, start].tolist(), 0, 0])
    return runs


def _ends(field: Field) -> tuple[bytes, bytes]:
    return field.positions.firsts, field.positions.lasts


def _holes(field: Field, contribution: Contribution) -> HolesData | None:
    if contribution.middle_holes:
        return _holes_like_the_middle(field, contribution.middle, contribution.middle_holes)
    if not contribution.holes:
        return None
    numbers: dict[tuple[Span, ...], int] = {}
    runs: list[list[int]] = []
    for index, holes in enumerate(contribution.holes):
        seen = field.positions.at(index)
        shift = 0 if seen is None else seen[0]
        pattern = numbers.setdefault(tuple((a - shift, b - shift) for a, b in holes), len(numbers))
        if runs and runs[-1][1] == pattern:
            runs[-1][0] += 1
        else:
            runs.append([1, pattern])
    return {"patterns": [[*pattern] for pattern in numbers], "runs": runs}


def _holes_like_the_middle(field: Field, middle: int, holes: Sequence[Span]) -> HolesData:
    """The holes of the middle index, and the same moved along at the indices that have to have them.

    These are in the same phase, and neither they nor the middle one see less than their theoretical field: no border is
    in their way. Of the others nothing is told.
    """
    firsts, lasts = (np.frombuffer(side, dtype=np.intc).astype(np.int64) for side in _ends(field))
    alike = np.arange(len(firsts)) == middle
    phase = field.phases[middle % len(field.phases)] if field.phases else None
    if phase is not None and field.stride is not None:
        period = len(field.phases)
        moved = (np.arange(len(firsts)) // period) * int(field.stride * period)
        whole = (firsts == phase[0] + moved) & (lasts == phase[1] + moved)
        whole &= np.arange(len(firsts)) % period == middle % period
        alike = whole if whole[middle] else alike
    starts = [0, *(np.flatnonzero(np.diff(alike)) + 1).tolist(), len(alike)]
    first = int(firsts[middle])
    return {
        "patterns": [[], [(a - first, b - first) for a, b in holes]],
        "runs": [[b - a, int(alike[a])] for a, b in pairwise(starts)],
    }


def _bars(contribution: Contribution) -> ContributionData:
    known = len(contribution.shares)
    bins = min(BINS, known)
    edges = [known * number // bins for number in range(bins + 1)]
    means = [sum(contribution.shares[a:b]) / (b - a) for a, b in pairwise(edges)]
    top = max(means)
    return {
        "middle": contribution.middle,
        "first": contribution.first,
        "size": contribution.size,
        "bars": [round(100 * mean / top) for mean in means],
    }
