"""Advice on input sizes, in words: the nearest sizes at which nothing is lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from strideinspect.rules.wording import axes_name, by, listed

if TYPE_CHECKING:
    from strideinspect.results.report import WindowNode
    from strideinspect.rules.inspection import Inspection
    from strideinspect.studies.lossless_sizes import Aim

_CLAIMS = {"unseen": ("loses", "lose", "no pixel"), "dropped": ("drops", "drop", "nothing anywhere")}
_ENDS = {"rows": "bottom", "columns": "right"}


class SizeAdvice(NamedTuple):
    """Input sizes to use instead, as extents of the first axis that changes, and the advice in words."""

    sizes: tuple[int, ...]
    text: str


def advice_for(inspection: Inspection, name: str, axes: Sequence[int], aim: Aim) -> SizeAdvice | None:
    """Advice on sizes of these axes of a graph input; None where no size nearby helps."""
    found = inspection.size_search.nearest(name, tuple(axes), aim)
    sizes = [size for size in (found.smaller, found.larger) if size is not None]
    if not sizes:
        return None
    given = inspection.analysis.sizes[name]
    spatial = inspection.analysis.spatial_axes[name]
    positions = [spatial.index(axis) for axis in found.axes]
    whole = found.axes == spatial
    texts = [by(size) if whole else f"{by(size)} {axes_name(positions, len(spatial))}" for size in sizes]
    one, several, what = _CLAIMS[aim]
    text = f"{listed(texts)} {several if len(texts) > 1 or not whole else one} {what}"
    if found.larger is not None and aim == "unseen":
        ends = dict.fromkeys(_ENDS.get(axes_name([position], len(spatial)), "end") for position in positions)
        text += f"; or pad {found.larger[0] - given[found.axes[0]]} at the {listed(list(ends))}"
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
