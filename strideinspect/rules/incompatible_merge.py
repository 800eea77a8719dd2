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

from strideinspect.results.report import Finding, Severity
from strideinspect.rules.registry import rule

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("model", Severity.ERROR)
def check(inspection: Inspection) -> Iterator[Finding]:
    """One finding per merge."""
    for problem in inspection.problems:
        if problem.trouble.value == "merge":
            node = problem.node
            yield Finding(
                rule="incompatible-merge",
                severity=Severity.ERROR,
                message=f"{node.op} {node.label}: {problem.text} at this input size",
                help=inspection.fitting_help,
                node=node.name or None,
                output=node.key,
                source=inspection.code(node),
            )
