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
pooling. Gaps between the taps of a dilated kernel go away with less dilation.

## References

- On the 1×1 stride-2 convolutions of ResNet and the effect of moving the stride: Bag of Tricks for Image Classification
  with Convolutional Neural Networks ([arXiv:1812.01187](https://arxiv.org/abs/1812.01187))
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import kernel
from strideinspect.spelling import axes_nouns, by_axes, percent

if TYPE_CHECKING:
    from strideinspect.results.report import WindowNode
    from strideinspect.rules.inspection import Inspection


@rule("coverage", Severity.WARNING)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per window geometry, whose places are the nodes that have it."""
    from strideinspect.fields.index_masks import runs  # imports numpy, as `unused` does
    from strideinspect.rules.unused import alike, unused

    for window in inspection.analysis.windows:
        if window.dropped is None or not any(window.dropped.gap) or window.input_shape is None:
            continue
        per_axis = unused(inspection.analysis, window)
        dilated = f" and dilation {by_axes(window.dilation)}" if max(window.dilation) > 1 else ""
        kept = 1.0
        for _, _, skipped in per_axis:
            kept *= 1 - float(skipped.mean())
        for axes, skipped in alike((axis, gaps) for axis, _, gaps in per_axis):
            count, length = int(skipped.sum()), len(skipped)
            positions = [window.spatial_axes.index(axis) for axis in axes]
            what = axes_nouns(positions, len(window.spatial_axes))
            sizes = [window.input_shape[axis] for axis in window.spatial_axes]
            whole = f"its {by_axes(sizes)} input" if len(sizes) > 1 else "its input"
            design = ("stride-gap", window.kernel, window.stride, window.dilation)
            lost = inspection.cause_of_loss(window.output, runs(skipped))
            yield Draft(
                f"{window.op} {window.label}: {kernel(window.kernel)} with stride {by_axes(window.stride)}{dilated} "
                f"skips {count} of {length} {what} of {whole}, and no other node uses them: "
                f"{percent(1 - kept)} of the map is never used",
                _help(window, positions),
                node=window.output,
                axes=tuple(axes),
                ranges=runs(skipped),
                pixels=count,
                cause=design if lost is None else lost,
                consequence=lost is not None,
            )


def _help(window: WindowNode, positions: Sequence[int]) -> str:
    """Less dilation where the gaps lie between taps; else a kernel as large as the stride."""
    if all(window.dilation[i] > 1 and window.stride[i] == 1 for i in positions):
        return "use less dilation"
    less = "use less dilation, or " if any(window.dilation[i] > 1 for i in positions) else ""
    if not window.learned:
        return f"{less}make the kernel as large as the stride, or the stride as small as the kernel"
    return f"{less}move the stride to a larger kernel, or use pooling"
