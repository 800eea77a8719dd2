"""A map has been reduced to a single index before further windows, or is empty.

## What it does

Warns about kernels larger than 1 on a map of size 1 that strided or unpadded windows have reduced to this size. Axes
that were pooled globally, or that had size 1 from the start, are not reported. An empty map is an error.

## Why it is bad

On a 1×1 map, a 3×3 kernel uses one of its nine weights. An empty map cannot be computed.

## Flagged

A warning: four rows are reduced to two and then to one, and a third 3×3 kernel runs on the single row.

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,4,4] x) => (float[1,1,1,1] y) <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
      half = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, w)
      one = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (half, w)
      y = Conv <pads = [1, 1, 1, 1]> (one, w)
    }

An error: a kernel of size 5 does not fit into two rows.

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

Use a larger input or fewer strides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.rules.size_advice import smallest_size
from strideinspect.rules.wording import kernel, map_of

if TYPE_CHECKING:
    from strideinspect.analysis import Analysis
    from strideinspect.results.report import WindowNode
    from strideinspect.rules.inspection import Inspection


@rule("model", Severity.ERROR)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per node: an error where a map is empty, a warning where it has one index."""
    from strideinspect.rules import small_maps

    analysis = inspection.analysis
    for window in analysis.windows:
        axes = _shrunk_axes(analysis, window)
        if axes and window.input_shape is not None:
            tensor = analysis.data_tensor(window)
            size = map_of([window.input_shape[axis] for axis in window.spatial_axes], "a")
            yield Draft(
                f"{window.op} {window.label}: {kernel(window.kernel)} slides over {size}, to which earlier layers have "
                "reduced it",
                small_maps.advice(analysis, window),
                node=window.output,
                axes=axes,
                severity=Severity.WARNING,
                cause=small_maps.cause(analysis, tensor),
            )
    for problem in analysis.problems:
        if problem.trouble.value == "empty":
            node = problem.node
            smallest = smallest_size(inspection, node) or "use a larger input"
            yield Draft(
                f"{node.op} {node.label}: {problem.text}",
                f"{smallest}, or fewer strides before it",
                node=node.key,
                cause=small_maps.cause(analysis, node.inputs[0]),
            )


def _shrunk_axes(analysis: Analysis, window: WindowNode) -> tuple[int, ...]:
    """Axes that earlier windows reduced to extent 1 and over which a wider window slides."""
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
