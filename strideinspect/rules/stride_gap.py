"""A window node skips pixels that no other node uses.

## What it does

Reports rows and columns between a node's windows (or between its dilated taps) that neither this node nor any other
node uses. An example is Keras' ResNet-50, in which both branches of a block have a 1×1 convolution with stride 2.

## Why it is bad

The computation for these pixels is wasted: with a 1×1 kernel and stride 2, three quarters of the map.

## Flagged

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x) => (float[1,1,4,4] y) <float[1,1,1,1] w = {1}> {
      y = Conv <strides = [2, 2]> (x, w)
    }

## Clean

The shortcut of a residual block may skip pixels, because the parallel 3×3 convolution uses them.

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x) => (float[1,1,4,4] y)
        <float[1,1,1,1] w = {1}, float[1,1,3,3] v = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
      shortcut = Conv <strides = [2, 2]> (x, w)
      block = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, v)
      y = Add (shortcut, block)
    }

## What to do

Move the stride to a layer with a kernel at least as large as the stride (the 3×3 convolution of the block), or use
pooling.

## References

- On the 1×1 stride-2 convolutions of ResNet and the effect of moving the stride: Bag of Tricks for Image Classification
  with Convolutional Neural Networks ([arXiv:1812.01187](https://arxiv.org/abs/1812.01187))
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Finding, Severity
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import axes_name, by, percent

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("coverage", Severity.WARNING)
def check(inspection: Inspection) -> Iterator[Finding]:
    """One finding per node and set of rows or columns."""
    for window in inspection.windows:
        if window.dropped is None or not any(window.dropped.gap) or window.input_shape is None:
            continue
        found = inspection.lost(window)
        dilated = f" and dilation {by(window.dilation)}" if max(window.dilation) > 1 else ""
        kept = 1.0
        for _, _, unread in found:
            kept *= 1 - float(unread.mean())
        for axes, unread in inspection.alike((axis, gaps) for axis, _, gaps in found):
            count, length = int(unread.sum()), len(unread)
            positions = [window.spatial_axes.index(axis) for axis in axes]
            what = axes_name(positions, len(window.spatial_axes))
            size = by([window.input_shape[axis] for axis in window.spatial_axes])
            yield Finding(
                rule="stride-gap",
                severity=Severity.WARNING,
                message=f"{window.op} {window.label}: its {by(window.kernel)} windows with stride {by(window.stride)}"
                f"{dilated} step over {count} of {length} {what} of the {size} map, and nobody else reads them: "
                f"{percent(1 - kept)} of the map is never read",
                help="move the stride to a wider window, or pool instead of skipping",
                node=window.name or None,
                output=window.output,
                axes=tuple(axes),
                ranges=inspection.runs(unread),
                pixels=count,
                source=window.source,
            )
