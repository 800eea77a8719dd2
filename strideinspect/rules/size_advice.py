"""Advice on input sizes, in words: the nearest sizes at which nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from strideinspect.spelling import axes_nouns, by_axes, listed

if TYPE_CHECKING:
    from strideinspect.results.report import WindowNode
    from strideinspect.rules.inspection import Inspection
    from strideinspect.studies.lossless_sizes import Aim

_CLAIMS = {"unseen": ("loses", "lose", "no pixel"), "dropped": ("drops", "drop", "nothing anywhere")}
_ENDS = {"rows": "bottom", "columns": "right"}


class SizeAdvice(NamedTuple):
    """Input sizes to use instead, as extents of the first axis that changes, and the advice as text."""

    sizes: tuple[int, ...]
    text: str


def advice_for(inspection: Inspection, name: str, axes: Sequence[int], aim: Aim) -> SizeAdvice | None:
    """Advice on sizes of these axes of a graph input; None where no size nearby helps."""
    nearest = inspection.size_search.nearest(name, tuple(axes), aim)
    sizes = [size for size in (nearest.smaller, nearest.larger) if size is not None]
    if not sizes:
        return None
    given = inspection.analysis.sizes[name]
    spatial = inspection.analysis.spatial_axes[name]
    positions = [spatial.index(axis) for axis in nearest.axes]
    whole = nearest.axes == spatial
    texts = [by_axes(size) if whole else f"{by_axes(size)} {axes_nouns(positions, len(spatial))}" for size in sizes]
    one, several, what = _CLAIMS[aim]
    text = f"{listed(texts)} {several if len(texts) > 1 or not whole else one} {what}"
    if nearest.larger is not None and aim == "unseen":
        ends = dict.fromkeys(_ENDS.get(axes_nouns([position], len(spatial)), "end") for position in positions)
        text += f"; or pad {nearest.larger[0] - given[nearest.axes[0]]} at the {listed(list(ends))}"
    return SizeAdvice(tuple(size[0] for size in sizes), text)


def advice_at(inspection: Inspection, window: WindowNode, axes: Sequence[int], aim: Aim) -> SizeAdvice | None:
    """Advice on the axes of a graph input that run along these axes of a window node's input."""
    analysis = inspection.analysis
    fields = analysis.fields.get(analysis.data_tensor(window), {})
    behind = [source for source, seen in fields.items() if seen.actual.axes & frozenset(axes)]
    if not behind:
        return None
    name = behind[0][0]
    return advice_for(inspection, name, [axis for owner, axis in behind if owner == name], aim)
