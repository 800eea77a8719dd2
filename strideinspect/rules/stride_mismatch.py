"""Merged branches have different effective strides.

## What it does

Compares the effective strides of maps that are merged by an elementwise operator or by a Concat along channels. If
one of them was upsampled, the finding is a note: resizing to a size that is not an exact multiple causes a small
difference.

## Why it is bad

The same index refers to different places in each branch, increasingly so away from the first index.

## Flagged

The strided branch has the same size as the other one only because the latter is not padded.

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

Downsample both branches by the same factor, or resize by an integer factor. A Resize from m to n rows with
`align_corners` has the factor (n − 1) / (m − 1), which is an integer at hardly any size: use `half_pixel`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.nodes_before import last_resize
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import axes_listed
from strideinspect.spelling import by_axes, listed

if TYPE_CHECKING:
    from strideinspect.analysis import Analysis
    from strideinspect.fields.merging import MapMerge
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
                _at_corners(inspection.analysis, merge)
                or (
                    "resize by a whole factor, or use an input size at which the factor is whole"
                    if merge.upsampled
                    else "downsample both branches by the same factor"
                ),
                node=merge.node.key,
                input=merge.input,
                axes=merge.axes,
                severity=Severity.NOTE if merge.upsampled else None,
            )


def _at_corners(analysis: Analysis, merge: MapMerge) -> str:
    """What to change of a Resize that puts corner on corner: its factor is (n − 1) / (m − 1)."""
    for branch in merge.branches:
        node = last_resize(analysis, branch.tensor)
        if node is None or node.text("coordinate_transformation_mode", "half_pixel") != "align_corners":
            continue
        before, after = (analysis.shapes.shapes[name] for name in (node.inputs[0], node.key))
        resized = [(m, n) for m, n in zip(before, after, strict=True) if m != n]
        if all(n % m == 0 for m, n in resized):
            factors = by_axes([n // m for m, n in resized])
            return (
                f"with coordinate_transformation_mode half_pixel instead of align_corners, the factor of {node.op} "
                f"{node.label} is {factors}"
            )
    return ""
