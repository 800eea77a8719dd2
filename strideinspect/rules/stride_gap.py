"""Windows step over interior pixels that no other reader reads.

## What it does

Reports the rows and columns between a node's windows (or between its dilated taps) that neither this node nor any
other reader of the map reads. Keras' ResNet-50 has such maps: both branches of a block use the same 1×1 stride-2 grid.

## Why it is bad

What was computed for these pixels is thrown away; with 1×1 stride 2 that is three quarters of the map.

## Flagged

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x) => (float[1,1,4,4] y) <float[1,1,1,1] w = {1}> {
      y = Conv <strides = [2, 2]> (x, w)
    }

## Clean

A residual block's shortcut may skip pixels: the 3×3 beside it reads them.

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x) => (float[1,1,4,4] y)
        <float[1,1,1,1] w = {1}, float[1,1,3,3] v = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
      shortcut = Conv <strides = [2, 2]> (x, w)
      block = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, v)
      y = Add (shortcut, block)
    }

## What to do

Move the stride to a window that is at least as wide (the 3×3 of the block), or pool instead of skipping.

## References

- The 1×1 stride-2 convolution of ResNet, and what moving the stride brings: Bag of Tricks for Image Classification
  with Convolutional Neural Networks ([arXiv:1812.01187](https://arxiv.org/abs/1812.01187))
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import axes_name, by, kernel, percent

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("coverage", Severity.WARNING)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per node and set of rows or columns."""
    from strideinspect.fields.index_masks import runs  # imports numpy, as `unused` does
    from strideinspect.rules.unused import alike, unused

    for window in inspection.analysis.windows:
        if window.dropped is None or not any(window.dropped.gap) or window.input_shape is None:
            continue
        per_axis = unused(inspection.analysis, window)
        dilated = f" and dilation {by(window.dilation)}" if max(window.dilation) > 1 else ""
        kept = 1.0
        for _, _, skipped in per_axis:
            kept *= 1 - float(skipped.mean())
        for axes, skipped in alike((axis, gaps) for axis, _, gaps in per_axis):
            count, length = int(skipped.sum()), len(skipped)
            positions = [window.spatial_axes.index(axis) for axis in axes]
            what = axes_name(positions, len(window.spatial_axes))
            size = by([window.input_shape[axis] for axis in window.spatial_axes])
            yield Draft(
                f"{window.op} {window.label}: {kernel(window.kernel)} with stride {by(window.stride)}{dilated} skips "
                f"{count} of {length} {what} of its {size} input, and no other node uses them: {percent(1 - kept)} of "
                "the map is never used",
                "move the stride to a larger kernel, or use pooling",
                node=window.output,
                axes=tuple(axes),
                ranges=runs(skipped),
                pixels=count,
            )
