"""Whether a network does the same along two axes of an input, so that what is found of one holds for the other."""

from __future__ import annotations

from typing import assert_never

from strideinspect.analysis import Analysis
from strideinspect.fields.axis_field import AxisField
from strideinspect.fields.node_reads import NodeReads
from strideinspect.reads import steps
from strideinspect.results.field import InputAxis


def symmetric(analysis: Analysis, one: InputAxis, other: InputAxis) -> bool:
    """Whether exchanging two axes of a graph input exchanges two axes of every tensor, and changes nothing else.

    False where that is not certain: then each axis has to be looked at.
    """
    alike = one[0] == other[0] and analysis.sizes[one[0]][one[1]] == analysis.sizes[other[0]][other[1]]
    # Where sizes are computed in the graph, those of both axes may come from one of them.
    return (
        alike
        and not analysis.shapes.size_dependent
        and all(_keeps(analysis, item, one, other) for item in analysis.reads)
    )


def _keeps(analysis: Analysis, item: NodeReads, one: InputAxis, other: InputAxis) -> bool:
    """Whether a node does the same along both axes."""
    if not item.known:
        return False
    for read in item.reads:
        fields = analysis.fields.get(item.node.inputs[read.input], {})
        if one not in fields and other not in fields:
            continue
        axes = [_axis(fields[source]) for source in (one, other) if source in fields]
        if axes == [None, None]:
            continue  # no position is left along either
        first, second = axes if len(axes) == 2 else (None, None)
        if first is None or second is None:
            return False
        if not (_untouched(read, first, second) or _same_windows(analysis, item, read, first, second)):
            return False
    return True


def _axis(seen: AxisField) -> int | None:
    """The one axis along which a position runs; None where there is none, or none alone."""
    return next(iter(seen.actual.axes)) if seen.actual.local is not None and len(seen.actual.axes) == 1 else None


def _untouched(read: steps.Read, first: int, second: int) -> bool:  # noqa: C901 - one case a kind
    """Whether a read keeps the indices of two axes of its input, though the axes may move."""
    for step in read.steps:
        match step:
            case (
                steps.Sliding()
                | steps.Transposed()
                | steps.Whole()
                | steps.Cumulative()
                | steps.Table()
                | steps.Channels()
            ):
                if step.axis in (first, second):
                    return False
            case steps.Statistics():
                if (first in step.axes) != (second in step.axes):
                    return False
            case steps.Permute():
                first, second = step.perm.index(first), step.perm.index(second)
            case steps.Broadcast():
                lead = len(step.after) - len(step.before)
                if step.before[first] != step.before[second] or step.after[first + lead] != step.after[second + lead]:
                    return False
                first, second = first + lead, second + lead
            case steps.Masked():
                if max(step.extents[first], step.extents[second]) > 1:
                    return False
            case steps.Reshape() | steps.Everything():
                return False
            case _:
                assert_never(step)
    return read.place is None or read.place.axis not in (first, second)


def _same_windows(analysis: Analysis, item: NodeReads, read: steps.Read, first: int, second: int) -> bool:
    """Whether a node does nothing along two axes but move a window, the same one along both.

    What a Slice, a Pad or a Resize does at another size does not show in what it reads at this one.
    """
    geometry = analysis.shapes.geometries.get(item.node.key)
    if geometry is None or read.place is not None or {first, second} - set(geometry.axes):
        return False
    if not all(
        isinstance(step, steps.Sliding | steps.Transposed | steps.Whole | steps.Channels) for step in read.steps
    ):
        return False
    return geometry.windows[geometry.axes.index(first)] == geometry.windows[geometry.axes.index(second)]
