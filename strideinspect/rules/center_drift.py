"""An output map is not centered on the image.

## What it does

Compares the midpoint between the centers of a map's first and last index with the middle of the image, and reports a
difference of half an effective stride or more, once per output map and axis.

## Why it matters

Code that maps indices back to pixels with `(i + ½)·stride − ½` is off by this distance. Causes are asymmetric padding
and dropped rows or columns.

## Flagged

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x) => (float[1,1,8,8] y) <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
      y = Conv <pads = [2, 2, 0, 0]> (x, w)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,9,9] x) => (float[1,1,5,5] y) <float[1,1,1,1] w = {1}> {
      y = Conv <strides = [2, 2]> (x, w)
    }

## What to do

Nothing, if decoding uses the true centers (`--format csv` lists them). Otherwise pad symmetrically.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING

from strideinspect.results.report import Finding, Severity
from strideinspect.rules.registry import rule

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("alignment", Severity.NOTE)
def check(inspection: Inspection) -> Iterator[Finding]:
    """One finding per output, input and axis."""
    for output in inspection.outputs:
        node = inspection.producers.get(output.name)
        for field in output.fields:
            if field.center is None or field.stride is None or field.node_axis is None or output.shape is None:
                continue
            cells = output.shape[field.node_axis]
            last = field.phases[(cells - 1) % len(field.phases)]
            if last is None:
                continue
            turns = (cells - 1) // len(field.phases)
            end = Fraction(sum(last), 2) + turns * field.stride * len(field.phases)
            drift = (field.center + end) / 2 - Fraction(field.extent - 1, 2)
            if abs(drift) * 2 >= abs(field.stride):
                yield Finding(
                    rule="center-drift",
                    severity=Severity.NOTE,
                    message=f"{output.name} is centered {float(abs(drift)):g} pixels "
                    f"{'after' if drift > 0 else 'before'} the middle of axis {field.axis} of {field.input}, "
                    f"{float(abs(drift / field.stride)):.2g} of its effective stride {field.stride}",
                    help="decode with the true centers (--format csv), or pad symmetrically",
                    output=output.name,
                    input=field.input,
                    axes=(field.axis,),
                    source=inspection.code(node) if node else None,
                )
