"""Branches that are merged by a Concat or an elementwise operator have incompatible shapes at this size.

## What it does

Reports the merge with the shapes of its branches. Nodes after it cannot be analysed; the rest of the report is
complete.

## Why it is bad

The model cannot run at this input size. A typical case is a U-Net whose skip connections meet maps that were halved
and doubled: its input size must be a multiple of its downsampling factor.

## Flagged

Seven rows are halved to three and then doubled to six:

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,7,7] x) => (float[1,2,h,w] y) <float[1,1,2,2] w = {1, 1, 1, 1}> {
      half = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
      whole = ConvTranspose <strides = [2, 2]> (half, w)
      y = Concat <axis = 1> (x, whole)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x) => (float[1,2,8,8] y) <float[1,1,2,2] w = {1, 1, 1, 1}> {
      half = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
      whole = ConvTranspose <strides = [2, 2]> (half, w)
      y = Concat <axis = 1> (x, whole)
    }

## What to do

Use an input size that is a multiple of the model's stride, or pad or crop before the merge.

## References

- On the choice of the tile size of a U-Net: U-Net: Convolutional Networks for Biomedical Image Segmentation
  ([arXiv:1505.04597](https://arxiv.org/abs/1505.04597))
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.spelling import by_axes

if TYPE_CHECKING:
    from strideinspect.analysis import Analysis
    from strideinspect.rules.inspection import Inspection


@rule("model", Severity.ERROR)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per merge."""
    misfits = [problem for problem in inspection.analysis.problems if problem.trouble.value == "merge"]
    advice = _help(inspection.analysis) if misfits else ""
    for problem in misfits:
        node = problem.node
        yield Draft(f"{node.op} {node.label}: {problem.text} at this input size", advice, node=node.key)


def _help(analysis: Analysis) -> str:
    """Advice: the nearest multiples of the largest stride at which the model runs; empty if there are none."""
    strides = {abs(field.stride) for window in analysis.windows for field in window.fields if field.stride is not None}
    largest = int(max((s for s in strides if s.denominator == 1), default=1))
    texts: list[str] = []
    for up in (0, 1):
        near = {
            given.name: tuple(
                (n + up * (largest - 1)) // largest * largest if axis in given.spatial_axes else n
                for axis, n in enumerate(given.shape)
            )
            for given in analysis.inputs
        }
        sizes = [near[given.name][axis] for given in analysis.inputs for axis in given.spatial_axes]
        if min(sizes, default=0) and not analysis.at(near).problems:
            texts.append(by_axes(sizes) if len(set(sizes)) > 1 else str(sizes[0]))
    if not texts:
        return "give both branches the same size, or pad or crop before the merge"
    return f"use sizes that are multiples of {largest}, such as {' or '.join(dict.fromkeys(texts))}"
