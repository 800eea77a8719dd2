"""How much every pixel contributes to the window nodes of a model, and the holes in their fields."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from strideinspect.analysis import Analysis
from strideinspect.fields.index_masks import runs
from strideinspect.fields.shares import Shares, shares
from strideinspect.limits import LARGEST_SHARES
from strideinspect.results.contribution import Contribution, Contributions
from strideinspect.results.field import InputAxis, Span
from strideinspect.spelling import count, point_noun


def contributions(analysis: Analysis) -> Contributions:
    """The contributions along every axis that is not too long; the reason names the others."""
    wanted = {window.output for window in analysis.windows}
    by_node: dict[str, list[Contribution]] = {}
    for source in analysis.input_axes:
        for output, found in shares(analysis.shapes, analysis.reads, analysis.fields, source, wanted):
            if found.any():
                by_node.setdefault(output, []).append(_contribution(source, found))
    reason = _too_long(analysis) or _too_large(analysis, by_node)
    return Contributions({output: tuple(parts) for output, parts in by_node.items()}, reason)


def _contribution(source: InputAxis, found: Shares) -> Contribution:
    middle = len(found) // 2
    seen = np.flatnonzero(found[middle])
    first, last = (int(seen[0]), int(seen[-1])) if seen.size else (0, -1)
    values = tuple(float(share) for share in found[middle, first : last + 1])
    return Contribution(*source, middle, first, values, tuple(_holes(found)))


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


def _too_long(analysis: Analysis) -> str | None:
    longest = int(LARGEST_SHARES**0.5)
    for name, axes in analysis.spatial_axes.items():
        size = max((analysis.sizes[name][axis] for axis in axes), default=0)
        if size > longest:
            noun = point_noun(len(axes))
            return f"{name} has {count(size, noun)} along an axis; contributions are computed up to {longest:,}"
    return None


def _too_large(analysis: Analysis, found: Collection[str]) -> str | None:
    placed = [w for w in analysis.windows if any(field.node_axis is not None for field in w.fields)]
    missing = [window.label for window in placed if window.output not in found]
    if not missing:
        return None
    return f"of {count(len(missing), 'layer')} from {missing[0]} on: maps are reshaped before it, which takes too long"
