"""Some kernel taps only ever read padding.

## What it does

Reports kernels with taps that lie in the padding at every position: a 3×3 kernel on a 1×1 map, or a dilation larger
than the map.

## Why it is bad

These weights are never used, and the effective kernel is smaller than its declared size.

## Flagged

Only the middle one of the nine taps reads the pixel:

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,1,1] x) => (float[1,1,1,1] y) <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
      y = Conv <pads = [1, 1, 1, 1]> (x, w)
    }

## Clean

On a 2×2 map every tap reads a pixel at one of the four positions:

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,2,2] x) => (float[1,1,2,2] y) <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
      y = Conv <pads = [1, 1, 1, 1]> (x, w)
    }

## What to do

Use a larger input, less downsampling before this layer, or a smaller kernel or dilation. Where the size of the input is
fixed, the layer computes the same without the taps that only touch padding.

## References

- A dilated 3×3 kernel that degenerates to its middle tap: Rethinking Atrous Convolution for Semantic Image Segmentation
  ([arXiv:1706.05587](https://arxiv.org/abs/1706.05587))
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import kernel, map_of
from strideinspect.spelling import percent

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("coverage", Severity.WARNING)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per node."""
    from strideinspect.rules import small_maps

    analysis = inspection.analysis
    for window in analysis.windows:
        idle = small_maps.idle_axes(analysis, window)
        if not idle or window.input_shape is None:
            continue
        share = 1.0
        for count, taps in zip(small_maps.taps_used(analysis, window), window.kernel, strict=True):
            share *= count / taps
        tensor = analysis.data_tensor(window)
        own = inspection.cause_at(window.output)
        yield Draft(
            f"{window.op} {window.label}: {percent(1 - share)} of {kernel(window.kernel)} only ever touches padding "
            f"on {map_of([window.input_shape[axis] for axis in window.spatial_axes])}",
            small_maps.advice(analysis, window),
            node=window.output,
            axes=tuple(window.spatial_axes[i] for i in idle),
            cause=small_maps.cause(analysis, tensor) if own is None else own,
            consequence=True,
        )
