"""How much every pixel contributes to the window nodes of a model, and the holes in their fields."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
from numpy.typing import NDArray

from strideinspect.analysis import Analysis
from strideinspect.fields.index_masks import runs
from strideinspect.fields.middle_shares import Followed, MiddleShares, followed, middle_shares
from strideinspect.fields.shares import Shares, entries, shares
from strideinspect.limits import LARGEST_SHARES, MOST_BARS, MOST_SHARES
from strideinspect.results.contribution import Contribution, Contributions
from strideinspect.results.field import InputAxis, Span
from strideinspect.spelling import count


def contributions(analysis: Analysis) -> Contributions:
    """The contributions along every axis; the reason names the window nodes that have none.

    Holes are those of every index, where that is affordable, else those of the middle one.
    """
    wanted = {window.output for window in analysis.windows}
    by_node: dict[str, list[Contribution]] = {}
    former: tuple[Followed, list[MiddleShares]] | None = None
    for source in analysis.input_axes:
        known = set()
        if _affordable(analysis, source, wanted):
            for output, found in shares(analysis.shapes, analysis.reads, analysis.fields, source, wanted):
                known.add(output)
                if found.any():
                    by_node.setdefault(output, []).append(_contribution(source, found))
        if left := wanted - known:
            way = followed(analysis.shapes, analysis.reads, analysis.fields, source, left)
            if former is None or former[0] != way:  # rows and columns are usually alike
                former = way, [*middle_shares(way)]
            for middle in former[1]:
                by_node.setdefault(middle.tensor, []).append(_of_middle(source, middle))
    return Contributions({output: tuple(parts) for output, parts in by_node.items()}, _missing(analysis, by_node))


def _affordable(analysis: Analysis, source: InputAxis, wanted: Collection[str]) -> bool:
    """Whether every index can be followed."""
    name, axis = source
    if analysis.sizes[name][axis] ** 2 > LARGEST_SHARES:
        return False
    return entries(analysis.shapes, analysis.reads, analysis.fields, source, wanted) <= MOST_SHARES


def _contribution(source: InputAxis, found: Shares) -> Contribution:
    middle = len(found) // 2
    seen = np.flatnonzero(found[middle])
    first, last = (int(seen[0]), int(seen[-1])) if seen.size else (0, -1)
    values = found[middle, first : last + 1]
    return Contribution(*source, middle, first, _in_bars(values), len(values), tuple(_holes(found)))


def _of_middle(source: InputAxis, found: MiddleShares) -> Contribution:
    holes = tuple((a + found.first, b + found.first) for a, b in runs(found.shares == 0))
    return Contribution(
        *source, found.middle, found.first, _in_bars(found.shares), len(found.shares), middle_holes=holes
    )


def _in_bars(values: NDArray[np.float64]) -> tuple[float, ...]:
    """The shares, added up in as many equal parts as a figure can show."""
    if len(values) > MOST_BARS:
        values = np.add.reduceat(values, np.arange(MOST_BARS) * len(values) // MOST_BARS)
    return tuple(values.tolist())


def _holes(found: Shares) -> Iterator[tuple[Span, ...]]:
    """The holes of every index, or nothing where no index has any."""
    there = found > 0
    firsts = there.argmax(axis=1)
    lasts = found.shape[1] - there[:, ::-1].argmax(axis=1)
    counts = there.sum(axis=1)
    if not ((counts > 0) & (counts < lasts - firsts)).any():
        return
    for row, first, last in zip(there, firsts.tolist(), lasts.tolist(), strict=True):
        yield tuple((a + first, b + first) for a, b in runs(~row[first:last])) if row[first] else ()


def _missing(analysis: Analysis, found: Collection[str]) -> str | None:
    placed = [w for w in analysis.windows if any(field.node_axis is not None for field in w.fields)]
    missing = [window.label for window in placed if window.output not in found]
    if not missing:
        return None
    return f"of {count(len(missing), 'layer')} from {missing[0]} on: maps are reshaped before it, which takes too long"
