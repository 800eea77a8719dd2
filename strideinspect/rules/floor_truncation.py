"""A window node drops pixels that no other node uses.

## What it does

Reports trailing rows and columns of a node's input that its windows do not reach because the output size is rounded
down, if they are pixels rather than padding and no other node uses them.

## Why it is bad

The computation for these pixels is wasted, and the map is cut on one side only.

## Flagged

Four windows of size 3 with stride 2 cover rows 0 to 8 of 10:

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,10,10] x) => (float[1,1,4,4] y) {
      y = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (x)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,11,11] x) => (float[1,1,5,5] y) {
      y = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (x)
    }

## What to do

Choose an input size at which the division has no remainder (the help lists the nearest ones, if any), or pad the end
of the map.

## References

- Output size: [ONNX operator MaxPool](https://onnx.ai/onnx/operators/onnx__MaxPool.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Finding, Severity
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import axes_name, by, spans

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("coverage", Severity.WARNING)
def check(inspection: Inspection) -> Iterator[Finding]:
    """One finding per node and set of rows or columns."""
    for window in inspection.windows:
        if window.dropped is None or not any(window.dropped.pixels) or window.input_shape is None:
            continue
        for axes, unread in inspection.alike((axis, pixels) for axis, pixels, _ in inspection.lost(window)):
            ranges = inspection.runs(unread)
            count = int(unread.sum())
            positions = [window.spatial_axes.index(axis) for axis in axes]
            what = axes_name(positions, len(window.spatial_axes), count)
            sizes = [window.input_shape[axis] for axis in window.spatial_axes]
            whole = f"its {by(sizes)} input" if len(sizes) > 1 else f"the {sizes[0]} of its input"
            advice = inspection.advice(window, axes, "dropped")
            yield Finding(
                rule="floor-truncation",
                severity=Severity.WARNING,
                message=f"{window.op} {window.label}: {what} {spans(ranges)} of {whole} "
                f"{'is' if count * len(axes) == 1 else 'are'} read by nobody",
                help=advice.text
                if advice
                else "pad the map at its end, so that the last window reaches its last pixel",
                node=window.name or None,
                output=window.output,
                axes=tuple(axes),
                ranges=ranges,
                pixels=count,
                sizes=advice.sizes if advice else (),
                source=window.source,
            )
