"""A field passes a node whose reads are unknown.

## What it does

Reports operators that choose what they read by values of the data (GridSample, RoiAlign), operators that are not
described (custom domains), and bodies that run again and again (Loop, Scan), with the windows in them, which are not
analysed. They are taken to read their whole input.

## Why it is bad

Fields behind such a node are upper bounds, not exact.

## Flagged

Where it samples stands in another input:

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x, float[1,4,4,2] grid) => (float[1,1,4,4] y) {
      half = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
      y = GridSample (half, grid)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x) => (float[1,1,8,8] y) {
      half = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
      scales = Constant <value_floats = [1.0, 1.0, 2.0, 2.0]> ()
      y = Resize <mode = "linear"> (half, , scales)
    }

## What to do

Look at the fields of the tensors before it (`--tensor`), which are exact.

## References

- [ONNX operator GridSample](https://onnx.ai/onnx/operators/onnx__GridSample.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("model", Severity.WARNING)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per node."""
    from strideinspect.fields.unknown import unknown_reads  # imports numpy, which the list of rules does not need

    analysis = inspection.analysis
    for node, reason in unknown_reads(analysis.shapes, analysis.reads, analysis.fields):
        known = node.key in analysis.shapes.shapes
        behind = "the fields after it are upper bounds" if known else "nothing is known of what comes after it"
        yield Draft(reason, f"{behind}; --tensor shows the fields of the tensors before it", node=node.key)
