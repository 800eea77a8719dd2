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

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import pixels

if TYPE_CHECKING:
    from strideinspect.results.field import Field
    from strideinspect.rules.inspection import Inspection


@rule("alignment", Severity.NOTE)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per output, input and axis."""
    for output in inspection.analysis.outputs:
        for field in output.fields:
            drift = _drift(field, output.shape)
            if drift is None or field.stride is None or abs(drift) * 2 < abs(field.stride):
                continue
            distance = pixels(abs(drift), len(inspection.analysis.spatial_axes[field.input]))
            yield Draft(
                f"the center of {output.name} is {distance} {'after' if drift > 0 else 'before'} the middle of axis "
                f"{field.axis} of {field.input}: {float(abs(drift / field.stride)):.2g} of its effective stride "
                f"{field.stride}",
                "decode positions with the true centers (--format csv lists them), or pad symmetrically",
                tensor=output.name,
                input=field.input,
                axes=(field.axis,),
                written_by=output.name,
            )


def _drift(field: Field, shape: tuple[int, ...] | None) -> Fraction | None:
    """Distance of the midpoint of the first and last index's centers from the middle of the image, in pixels."""
    if field.center is None or field.stride is None or field.node_axis is None or shape is None or not field.phases:
        return None
    cells, period = shape[field.node_axis], len(field.phases)
    last = field.phases[(cells - 1) % period]
    if last is None:
        return None
    end = Fraction(sum(last), 2) + (cells - 1) // period * field.stride * period
    return (field.center + end) / 2 - Fraction(field.extent - 1, 2)
