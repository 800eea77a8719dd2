"""A transposed convolution whose kernel is no multiple of its stride.

## What it does

Reports transposed convolutions in which neighbouring output pixels are made from different numbers of kernel taps.

## Why it is bad

The uneven overlap shows as a checkerboard pattern that the weights have to unlearn.

## Flagged

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x) => (float[1,1,17,17] y)
        <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
      y = ConvTranspose <strides = [2, 2]> (x, w)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x) => (float[1,1,16,16] y) <float[1,1,2,2] w = {1, 1, 1, 1}> {
      y = ConvTranspose <strides = [2, 2]> (x, w)
    }

## What to do

Use a kernel that is a multiple of the stride (4×4 with stride 2), or resize and then convolve.

## References

- Odena, Dumoulin, Olah: [Deconvolution and Checkerboard Artifacts](https://distill.pub/2016/deconv-checkerboard/),
  Distill 2016
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import by, kernel

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("upsampling", Severity.WARNING)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per node."""
    for window in inspection.analysis.windows:
        if window.output_padding is None:
            continue
        uneven = [i for i, (k, s) in enumerate(zip(window.kernel, window.stride, strict=True)) if s > 1 and k % s]
        if uneven:
            better = [-(-k // s) * s for k, s in zip(window.kernel, window.stride, strict=True)]
            fewest = window.kernel[uneven[0]] // window.stride[uneven[0]]
            yield Draft(
                f"{window.op} {window.label}: {kernel(window.kernel)} is not a multiple of its stride "
                f"{by(window.stride)}; uneven overlap: {fewest} or {fewest + 1} taps per axis",
                f"use {kernel(better, 'a')}, or resize and then convolve",
                node=window.output,
                axes=tuple(window.spatial_axes[i] for i in uneven),
            )
