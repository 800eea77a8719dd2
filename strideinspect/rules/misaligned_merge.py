"""Branches that are merged look at places that lie apart.

## What it does

Compares the centers of the fields, averaged over phases, of the maps that meet in an elementwise operator or a Concat
along channels. Where one of them was upsampled it is a note. It is none at all where, along one axis alone, the fields
end at the same pixel: causal convolutions reach back in time, each as far as it likes. Nor is it where a Concat joins
slices of one map, which somebody shifted on purpose: YOLOv5 and YOLOX trade size for depth so.

## Why it is bad

What is added or stacked belongs to different places of the image. TensorFlow's SAME padding does so on even sizes: a
3×3 stride-2 convolution is centered one pixel further on than the 1×1 stride-2 shortcut beside it.

## Flagged

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x) => (float[1,1,4,4] y)
        <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}, float[1,1,1,1] v = {1}> {
      block = Conv <auto_pad = "SAME_UPPER", strides = [2, 2]> (x, w)
      shortcut = Conv <auto_pad = "SAME_UPPER", strides = [2, 2]> (x, v)
      y = Add (block, shortcut)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x) => (float[1,1,4,4] y)
        <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}, float[1,1,1,1] v = {1}> {
      block = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (x, w)
      shortcut = Conv <strides = [2, 2]> (x, v)
      y = Add (block, shortcut)
    }

## What to do

Pad symmetrically, use an odd input size with SAME, or align the corners of the resizing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import axes_listed, pixels

if TYPE_CHECKING:
    from strideinspect.analysis import Analysis
    from strideinspect.fields.merging import MapMerge
    from strideinspect.rules.inspection import Inspection


@rule("alignment", Severity.WARNING)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per merge."""
    for merge in inspection.analysis.merges:
        causal = len(merge.axes) == 1 and len({branch.last for branch in merge.branches}) == 1
        if causal or len({branch.stride for branch in merge.branches}) > 1:
            continue
        low = min(merge.branches, key=lambda branch: branch.center)
        high = max(merge.branches, key=lambda branch: branch.center)
        apart = high.center - low.center
        if apart and not _slices_of_one_map(inspection.analysis, merge):
            distance = pixels(apart, len(inspection.analysis.spatial_axes[merge.input]))
            yield Draft(
                f"{merge.node.op} {merge.node.label}: its branches are spatially misaligned: {high.tensor} is centered "
                f"{distance} after {low.tensor} along {axes_listed(merge.axes)} of {merge.input}",
                "pad symmetrically, or use an odd size where padding is SAME",
                node=merge.node.key,
                input=merge.input,
                axes=merge.axes,
                severity=Severity.NOTE if merge.upsampled else None,
            )


def _slices_of_one_map(analysis: Analysis, merge: MapMerge) -> bool:
    """Whether a Concat joins slices of one map (a Focus layer): shifted against each other on purpose."""
    return merge.node.op == "Concat" and len({_unsliced(analysis, branch.tensor) for branch in merge.branches}) == 1


def _unsliced(analysis: Analysis, tensor: str) -> str:
    """The tensor that was sliced, also several times in a row; the tensor itself where it is not a slice."""
    while (node := analysis.producers.get(tensor)) is not None and node.op in {"Slice", "Unsqueeze"}:
        tensor = node.inputs[0]
    return tensor
