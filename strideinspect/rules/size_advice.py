"""Advice on input sizes, in words: the nearest sizes at which nothing is lost, what they cost, and what else to do."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct

from strideinspect.spelling import axes_nouns, by_axes, listed, percent, plural, point_noun

if TYPE_CHECKING:
    from strideinspect.model.node import Node
    from strideinspect.results.report import WindowNode
    from strideinspect.rules.inspection import Inspection
    from strideinspect.studies.lossless_sizes import Aim, LosslessSizes

_CLAIMS = {"unseen": ("loses", "lose", "no pixel"), "dropped": ("drops", "drop", "nothing anywhere")}
_ENDS = {"rows": "bottom", "columns": "right"}
_MODERATE = 0.1
"""A change in the number of pixels by this share or less is not worth a remark."""


class SizeAdvice(Struct, frozen=True):
    """Input sizes to use instead, as extents of the first axis that changes, and the advice as text."""

    sizes: tuple[int, ...]
    text: str


def advice_for(inspection: Inspection, name: str, axes: Sequence[int], aim: Aim) -> SizeAdvice | None:
    """Advice on sizes of these axes of a graph input; None where no size nearby helps.

    Where the model takes no other size, the advice is where in it the content has to lie.
    """
    if not inspection.advises:
        return None
    nearest = inspection.size_search.nearest(name, tuple(axes), aim)
    found = [size for size in (nearest.smaller, nearest.larger) if size is not None]
    if not found:
        return _within(inspection, name, axes) if aim == "unseen" else None
    analysis = inspection.analysis
    spatial = analysis.spatial_axes[name]
    positions = [spatial.index(axis) for axis in nearest.axes]
    whole = nearest.axes == spatial
    texts = [by_axes(size) if whole else f"{by_axes(size)} {axes_nouns(positions, len(spatial))}" for size in found]
    one, several, what = _CLAIMS[aim]
    if len(spatial) != 2 and aim == "unseen":
        what = f"no {point_noun(len(spatial))}"
    text = f"{listed(texts)} {several if len(texts) > 1 or not whole else one} {what}"
    remarks = [
        remark
        for size, spelled in zip(found, texts, strict=True)
        for remark in _remarks(inspection, name, nearest, size, spelled if len(found) > 1 else "")
    ]
    if remarks:
        text += f" ({'; '.join(remarks)})"
    if nearest.larger is not None:
        ends = dict.fromkeys(_ENDS.get(axes_nouns([position], len(spatial)), "end") for position in positions)
        added = nearest.larger[0] - analysis.sizes[name][nearest.axes[0]]
        text += f"; or pad {added} at the {listed(list(ends))}"
    if _is_fixed(inspection, name, nearest.axes):
        text += "; the file fixes the input size: export it again"
    return SizeAdvice(tuple(size[0] for size in found), text)


def _remarks(
    inspection: Inspection, name: str, nearest: LosslessSizes, size: tuple[int, ...], spelled: str
) -> list[str]:
    """What a size costs, and what is still dropped there; `spelled` names the size where there are several."""
    from strideinspect.rules.verified_sizes import remaining

    given = inspection.analysis.sizes[name]
    shape = list(given)
    for axis, extent in zip(nearest.axes, size, strict=True):
        shape[axis] = extent
    where = f"at {spelled} " if spelled else "there "
    remarks = []
    share = math.prod(size) / math.prod(given[axis] for axis in nearest.axes)
    if abs(share - 1) > _MODERATE:
        points = plural(point_noun(len(inspection.analysis.spatial_axes[name])))
        amount = f"{share:.1f} times the {points}" if share > 1 else f"{percent(share)} of the {points}"
        remarks.append(f"{spelled}: {amount}" if spelled else amount)
    left = remaining(inspection, name, tuple(shape), ["floor-truncation"])
    nodes = []
    for window in inspection.analysis.windows:
        along = _axes_along(inspection, window, name, nearest.axes)
        if any(finding.output == window.output and along & set(finding.axes) for finding in left):
            nodes.append(f"{window.op} {window.label}")
    if nodes:
        others = f" and {len(nodes) - 1} more" if len(nodes) > 1 else ""
        remarks.append(f"{where}{nodes[0]}{others} still {'drop' if others else 'drops'} the end of a map")
    return remarks


def _axes_along(inspection: Inspection, window: WindowNode, name: str, axes: Sequence[int]) -> frozenset[int]:
    """The axes of a window node's input along which these axes of a graph input run."""
    analysis = inspection.analysis
    if window.output not in analysis.shapes.geometries:
        return frozenset()
    behind = analysis.fields.get(analysis.data_tensor(window), {})
    return frozenset().union(*(behind[name, axis].actual.axes for axis in axes if (name, axis) in behind))


def _is_fixed(inspection: Inspection, name: str, axes: Sequence[int]) -> bool:
    """Whether the file declares the sizes of these axes of a graph input."""
    declared = inspection.analysis.network.inputs[name]
    return all(declared.fixes(axis) for axis in axes)


def smallest_size(inspection: Inspection, node: Node) -> str:
    """`use an input of at least 94×94`, where the map of a node is too small; empty where no size nearby is enough."""
    from strideinspect.rules.verified_sizes import runs

    behind = inspection.analysis.fields.get(node.inputs[0], {}) if node.inputs and inspection.advises else {}
    for name in dict.fromkeys(owner for owner, _ in behind):
        spatial = inspection.analysis.spatial_axes[name]
        for axes in [*((axis,) for axis in spatial), spatial]:
            found = inspection.size_search.smallest(name, axes, partial(runs, inspection))
            if found is None:
                continue
            nouns = axes_nouns([spatial.index(axis) for axis in axes], len(spatial))
            return (
                f"use {f'an input of at least {by_axes(found)}' if len(found) > 1 else f'at least {found[0]} {nouns}'}"
            )
    return ""


def _within(inspection: Inspection, name: str, axes: Sequence[int]) -> SizeAdvice | None:
    """Where the content has to lie, if no other size helps: a head or a protocol may fix the size."""
    analysis = inspection.analysis
    lost = {unseen.axis: unseen.ranges for unseen in analysis.unseen if unseen.input == name}
    last = lost[axes[0]][0][0] - 1
    if last < 0 or analysis.problems:
        return None
    spatial = analysis.spatial_axes[name]
    nouns = axes_nouns([spatial.index(axis) for axis in axes], len(spatial))
    return SizeAdvice((), f"no size nearby is better: what matters has to lie in {nouns} 0–{last}")


def advice_at(inspection: Inspection, window: WindowNode, axes: Sequence[int], aim: Aim) -> SizeAdvice | None:
    """Advice on the axes of a graph input that run along these axes of a window node's input."""
    analysis = inspection.analysis
    fields = analysis.fields.get(analysis.data_tensor(window), {})
    behind = [source for source, seen in fields.items() if seen.actual.axes & frozenset(axes)]
    if not behind:
        return None
    name = behind[0][0]
    return advice_for(inspection, name, [axis for owner, axis in behind if owner == name], aim)
