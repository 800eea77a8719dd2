"""A window extends past the edge of the map because the output size was rounded up.

## What it does

Reports nodes whose last window extends past the padded map (`ceil_mode`, or a map smaller than the kernel).

## Why it matters

The last row and column of the output are computed from fewer pixels than the others.

## Flagged

The third window starts at row 4 of 5 and contains only one row:

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,5,5] x) => (float[1,1,3,3] y) {
      y = MaxPool <kernel_shape = [2, 2], strides = [2, 2], ceil_mode = 1> (x)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,6,6] x) => (float[1,1,3,3] y) {
      y = MaxPool <kernel_shape = [2, 2], strides = [2, 2], ceil_mode = 1> (x)
    }

## What to do

Nothing, if this is intended. Otherwise choose an input size at which the windows fit exactly.

## References

- `ceil_mode`: [ONNX operator MaxPool](https://onnx.ai/onnx/operators/onnx__MaxPool.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import by_count
from strideinspect.spelling import axes_nouns

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("coverage", Severity.NOTE)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per node and overhang."""
    for window in inspection.analysis.windows:
        if window.dropped is None:
            continue
        geometry = inspection.analysis.shapes.geometries[window.output]
        for overhang, positions in by_count([axis.overhang for axis in geometry.windows]).items():
            what = axes_nouns(positions, len(window.spatial_axes), overhang)
            yield Draft(
                f"{window.op} {window.label}: its last window extends {overhang} {what} past the edge of the map",
                "the last outputs are computed from fewer pixels than the others",
                node=window.output,
                axes=tuple(window.spatial_axes[i] for i in positions),
                pixels=overhang,
                cause=inspection.cause_at(window.output),
            )
