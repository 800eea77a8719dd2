"""Branches that are merged have different effective strides.

## What it does

Compares the effective strides of the maps that meet in an elementwise operator or a Concat along channels. Where one of
them was upsampled it is a note: resizing to a size that is no exact multiple makes a small difference.

## Why it is bad

An index means another place in each branch, and the further from the corner the more so.

## Flagged

The strided branch happens to come out as large as the other, which is not padded.

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,4,4] x) => (float[1,1,2,2] y)
        <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}, float[1,1,2,2] v = {1, 1, 1, 1}> {
      dense = Conv (x, w)
      coarse = Conv <strides = [2, 2]> (x, v)
      y = Add (dense, coarse)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,4,4] x) => (float[1,1,2,2] y) <float[1,1,2,2] v = {1, 1, 1, 1}> {
      one = Conv <strides = [2, 2]> (x, v)
      other = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
      y = Add (one, other)
    }

## What to do

Downsample both branches alike, or resize by a whole factor.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import axes_listed, listed

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("alignment", Severity.WARNING)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per merge."""
    for merge in inspection.analysis.merges:
        if len({abs(branch.stride) for branch in merge.branches}) > 1:
            texts = [f"{branch.tensor} has {abs(branch.stride)}" for branch in merge.branches]
            yield Draft(
                f"{merge.node.op} {merge.node.label} merges maps with different effective strides along "
                f"{axes_listed(merge.axes)} of {merge.input}: {listed(texts)}",
                "resize by a whole factor" if merge.upsampled else "downsample both branches by the same factor",
                node=merge.node.key,
                input=merge.input,
                axes=merge.axes,
                severity=Severity.NOTE if merge.upsampled else None,
            )
