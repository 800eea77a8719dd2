"""The output pixels of a transposed convolution are computed from different numbers of kernel taps.

## What it does

Counts, along each axis, how many kernel taps make each output index, dilation included, and reports transposed
convolutions for which the number changes from index to index (uneven overlap). This is so where the kernel size is not
a multiple of the stride, or where dilation and stride share a factor: then some outputs depend on nothing at all.

## Why it is bad

Uneven overlap produces checkerboard artifacts, which training has to compensate for.

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

Use a kernel size that is a multiple of the stride (4×4 with stride 2) and no dilation that shares a factor with it, or
resize first and then convolve.

## References

- Odena, Dumoulin, Olah: [Deconvolution and Checkerboard Artifacts](https://distill.pub/2016/deconv-checkerboard/),
  Distill 2016
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import kernel
from strideinspect.spelling import axes_nouns, by_axes

if TYPE_CHECKING:
    from strideinspect.model.geometry import Window
    from strideinspect.rules.inspection import Inspection


@rule("upsampling", Severity.WARNING)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per node."""
    from strideinspect.fields.overlap import overlap  # imports numpy, which the list of rules does not need

    for window in inspection.analysis.windows:
        if window.output_padding is None or window.output_shape is None:
            continue
        windows = inspection.analysis.shapes.geometries[window.output].windows
        taps = [overlap(w) if w.stride > 1 else None for w in windows]
        uneven = [i for i, counted in enumerate(taps) if counted is not None and counted.uneven]
        if not uneven:
            continue
        counted = next(counted for counted in taps if counted is not None and counted.uneven)
        dilated = f" and dilation {by_axes(window.dilation)}" if max(window.dilation) > 1 else ""
        nothing = ""
        if counted.fewest == 0:
            what = axes_nouns(uneven, len(window.spatial_axes), counted.empty)
            length = windows[uneven[0]].size
            verb = "depends" if counted.empty * len(uneven) == 1 else "depend"
            nothing = f"; {counted.empty:,} of {length:,} {what} of its output {verb} on nothing but the bias"
        yield Draft(
            f"{window.op} {window.label}: {kernel(window.kernel)} with stride {by_axes(window.stride)}{dilated} "
            f"overlaps unevenly: {counted.fewest} or {counted.most} taps per axis{nothing}",
            _help(windows),
            node=window.output,
            axes=tuple(window.spatial_axes[i] for i in uneven),
        )


def _help(windows: Sequence[Window]) -> str:
    from strideinspect.fields.overlap import even_kernel

    better = [even_kernel(w) for w in windows]
    sizes = [size for size in better if size is not None]
    if len(sizes) == len(better):
        return f"use {kernel(sizes, 'a')}, or resize and then convolve"
    multiple = [-(-w.kernel // w.stride) * w.stride for w in windows]
    instead = f"use {kernel(multiple, 'a')} without dilation, or resize and then convolve"
    return f"{instead}; with this dilation every kernel overlaps unevenly"
