"""A window node drops pixels that no other node uses.

## What it does

Reports trailing rows and columns of a node's input that its windows do not reach because the output size is rounded
down, if they are pixels rather than padding and no other node uses them.

## Why it is bad

The computation for these pixels is wasted, and the map is cut on one side only.

## Flagged

Four windows of size 3 with stride 2 cover rows 0 to 8 of 10:

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,10,10] x) => (float[1,1,4,4] y) {
      y = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (x)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,11,11] x) => (float[1,1,5,5] y) {
      y = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (x)
    }

## What to do

Choose an input size at which the division has no remainder (the help lists the nearest ones, if any), or pad the end
of the map.

## References

- Output size: [ONNX operator MaxPool](https://onnx.ai/onnx/operators/onnx__MaxPool.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.rules.size_advice import advice_at
from strideinspect.spelling import axes_nouns, by_axes, point_noun, spans

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("coverage", Severity.WARNING)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per node and set of rows or columns."""
    from strideinspect.fields.index_masks import runs  # imports numpy, as `unused` does
    from strideinspect.rules.unused import alike, unused

    for window in inspection.analysis.windows:
        if window.dropped is None or not any(window.dropped.pixels) or window.input_shape is None:
            continue
        for axes, dropped in alike((axis, pixels) for axis, pixels, _ in unused(inspection.analysis, window)):
            ranges = runs(dropped)
            count = int(dropped.sum())
            positions = [window.spatial_axes.index(axis) for axis in axes]
            what = axes_nouns(positions, len(window.spatial_axes), count)
            sizes = [window.input_shape[axis] for axis in window.spatial_axes]
            whole = f"its {by_axes(sizes)} input" if len(sizes) > 1 else f"the {sizes[0]} of its input"
            advice = advice_at(inspection, window, axes, "dropped")
            yield Draft(
                f"{window.op} {window.label}: {what} {spans(ranges)} of {whole} "
                f"{'is' if count * len(axes) == 1 else 'are'} never used",
                advice.text
                if advice
                else f"pad the map at its end, so that the last window reaches its last {point_noun(len(sizes))}",
                node=window.output,
                axes=tuple(axes),
                ranges=ranges,
                pixels=count,
                sizes=advice.sizes if advice else (),
                cause=inspection.cause_of_loss(window.output, ranges),
                consequence=True,
            )
