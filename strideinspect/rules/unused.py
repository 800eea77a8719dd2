"""Indices of a window node's input that no node uses: dropped at the end, or skipped in between."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from strideinspect.analysis import Analysis
from strideinspect.fields.coverage import empty_indices, lost
from strideinspect.fields.index_masks import Vector, unmarked
from strideinspect.results.report import WindowNode


def unused(analysis: Analysis, window: WindowNode) -> tuple[tuple[int, Vector, Vector], ...]:
    """Per spatial axis of a window node: the axis, the pixels dropped at the end, and those skipped in between.

    Pixels that another node uses, or of which a copy is used, are not counted. For a window on which no output depends
    the result is empty.
    """
    if window.output not in analysis.needed:
        return ()
    geometry = analysis.shapes.geometries[window.output]
    tensor = analysis.data_tensor(window)
    result = []
    for axis, axis_window in zip(geometry.axes, geometry.windows, strict=True):
        touched = analysis.reached[window.output][axis]
        empty = empty_indices(analysis.shapes, analysis.makers, analysis.fields, (tensor, axis), touched)
        left = lost(axis_window, touched, empty)
        nowhere_used = unmarked(analysis.used, tensor, axis, axis_window.length)
        result.append((axis, left.pixels & nowhere_used, left.gaps & nowhere_used))
    return tuple(result)


def alike(masks: Iterable[tuple[int, Vector]]) -> list[tuple[list[int], Vector]]:
    """Group axes with equal masks; axes without a marked index are omitted."""
    groups: list[tuple[list[int], Vector]] = []
    for axis, mask in masks:
        if not mask.any():
            continue
        twin = next((axes for axes, other in groups if np.array_equal(other, mask)), None)
        if twin is None:
            groups.append(([axis], mask))
        else:
            twin.append(axis)
    return groups
