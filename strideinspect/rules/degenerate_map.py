"""A map that windows shrank to a single index is slid over by further windows, or a map has no index at all.

## What it does

Warns of windows wider than one that slide over a map of extent 1, where ordinary windows brought it there (a pooled
axis, or one that was 1 from the start, is none); a map without any index is an error.

## Why it is bad

Of a 3×3 kernel on a 1×1 map one weight in nine is used; a map without an index cannot be computed.

## Flagged

A warning: four rows become two and then one, and a third 3×3 window slides over it.

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,4,4] x) => (float[1,1,1,1] y) <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
      half = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, w)
      one = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (half, w)
      y = Conv <pads = [1, 1, 1, 1]> (one, w)
    }

An error: a window of 5 has no place in two rows.

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,4,4] x) => (float[1,1,h,w] y) {
      half = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
      y = MaxPool <kernel_shape = [5, 5]> (half)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x) => (float[1,1,2,2] y) <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
      half = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, w)
      quarter = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (half, w)
      y = Conv <pads = [1, 1, 1, 1]> (quarter, w)
    }

## What to do

Use a larger input, or fewer strides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import by, kernel

if TYPE_CHECKING:
    from strideinspect.analysis import Analysis
    from strideinspect.results.report import WindowNode
    from strideinspect.rules.inspection import Inspection


_HELP = "use a larger input, or fewer strides before it"


@rule("model", Severity.ERROR)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per node: an error where a map is empty, a warning where it has one index."""
    analysis = inspection.analysis
    for window in analysis.windows:
        axes = _shrunk_axes(analysis, window)
        if axes and window.input_shape is not None:
            size = by([window.input_shape[axis] for axis in window.spatial_axes])
            yield Draft(
                f"{window.op} {window.label}: {kernel(window.kernel)} slides over a map that was reduced to {size}",
                _HELP,
                node=window.output,
                axes=axes,
                severity=Severity.WARNING,
            )
    for problem in analysis.problems:
        if problem.trouble.value == "empty":
            yield Draft(f"{problem.node.op} {problem.node.label}: {problem.text}", _HELP, node=problem.node.key)


def _shrunk_axes(analysis: Analysis, window: WindowNode) -> tuple[int, ...]:
    """Axes that ordinary windows brought to extent 1 and over which a wider window slides."""
    if window.dropped is None or window.input_shape is None:
        return ()
    geometry = analysis.shapes.geometries[window.output]
    fields = analysis.fields.get(analysis.data_tensor(window), {})
    return tuple(
        axis
        for axis, w in zip(geometry.axes, geometry.windows, strict=True)
        if w.length == 1
        and w.kernel > 1
        and any(axis in s.actual.axes and analysis.sizes[name][from_] > 1 for (name, from_), s in fields.items())
    )
