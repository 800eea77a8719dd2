"""Merged branches are spatially misaligned.

## What it does

Compares the centers of the receptive fields, averaged over phases, of maps that are merged by an elementwise operator
or by a Concat along channels. If one of them was upsampled, the finding is a note.

Two cases are not reported. Along a single axis, fields that end at the same pixel belong to causal convolutions,
which depend on different lengths of the past. A Concat of shifted slices of one map is intended: YOLOv5 and YOLOX use
it to move resolution into channels.

## Why it is bad

The merged values belong to different places in the image. TensorFlow's SAME padding causes this on even sizes: a 3×3
stride-2 convolution is centered one pixel further along than the 1×1 stride-2 shortcut next to it.

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

Pad symmetrically, use an odd input size with SAME padding, or align the corners of the Resize.
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
    """Whether a Concat joins slices of one map (a Focus layer), which are shifted on purpose."""
    return merge.node.op == "Concat" and len({_unsliced(analysis, branch.tensor) for branch in merge.branches}) == 1


def _unsliced(analysis: Analysis, tensor: str) -> str:
    """The tensor before one or more successive slices; the tensor itself if it is not a slice."""
    while (node := analysis.producers.get(tensor)) is not None and node.op in {"Slice", "Unsqueeze"}:
        tensor = node.inputs[0]
    return tensor
