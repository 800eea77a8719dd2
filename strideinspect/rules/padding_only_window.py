"""Kernel taps that never touch a pixel.

## What it does

Reports windows of which some taps lie in the padding at every position: a 3×3 window on a 1×1 map, or a dilation
larger than the map.

## Why it is bad

These weights are never used, and the layer is not what its kernel size says.

## Flagged

Of the nine taps only the middle one ever meets the pixel:

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,1,1] x) => (float[1,1,1,1] y) <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
      y = Conv <pads = [1, 1, 1, 1]> (x, w)
    }

## Clean

On 2×2 every tap meets a pixel at one of the four positions:

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,2,2] x) => (float[1,1,2,2] y) <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
      y = Conv <pads = [1, 1, 1, 1]> (x, w)
    }

## What to do

Use a larger input, less downsampling before, or a smaller kernel or dilation.

## References

- A dilated 3×3 kernel that shrinks to its middle tap: Rethinking Atrous Convolution for Semantic Image Segmentation
  ([arXiv:1706.05587](https://arxiv.org/abs/1706.05587))
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import by, kernel, percent

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("coverage", Severity.WARNING)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per node."""
    from strideinspect.fields.coverage import used_taps  # imports numpy, which the list of rules does not need

    for window in inspection.analysis.windows:
        if window.dropped is None or window.input_shape is None:
            continue
        used = [used_taps(w) for w in inspection.analysis.shapes.geometries[window.output].windows]
        idle = [i for i, (count, taps) in enumerate(zip(used, window.kernel, strict=True)) if count < taps]
        if not idle:
            continue
        share = 1.0
        for count, taps in zip(used, window.kernel, strict=True):
            share *= count / taps
        size = by([window.input_shape[axis] for axis in window.spatial_axes])
        yield Draft(
            f"{window.op} {window.label}: {percent(1 - share)} of {kernel(window.kernel)} only ever touches padding "
            f"on its {size} map",
            "use a larger input, less downsampling before it, or a smaller kernel or dilation",
            node=window.output,
            axes=tuple(window.spatial_axes[i] for i in idle),
        )
