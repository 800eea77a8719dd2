"""The receptive field of an output has holes.

## What it does

Computes the exact receptive field of the middle index of each output that has positions, and reports image rows or
columns inside the field that this index does not depend on.

## Why it is bad

Details inside the holes have no effect on this output. The cause is repeated dilation by the same factor, or a stride
larger than the kernel (gridding).

## Flagged

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,16,16] x) => (float[1,1,16,16] y) <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
      first = Conv <dilations = [2, 2], pads = [2, 2, 2, 2]> (x, w)
      y = Conv <dilations = [2, 2], pads = [2, 2, 2, 2]> (first, w)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,16,16] x) => (float[1,1,16,16] y) <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
      first = Conv <pads = [1, 1, 1, 1]> (x, w)
      y = Conv <dilations = [2, 2], pads = [2, 2, 2, 2]> (first, w)
    }

## What to do

Use dilations without a common factor (1, 2, 5), or add undilated convolutions in between.

## References

- Wang et al.: Understanding Convolution for Semantic Segmentation ([arXiv:1702.08502](https://arxiv.org/abs/1702.08502))
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Finding, Severity
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import axis_name, spans

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("field", Severity.WARNING)
def check(inspection: Inspection) -> Iterator[Finding]:
    """One finding per output, input and axis."""
    for output, field, index, holes in inspection.holes():
        node = inspection.producers.get(output.name)
        given = next(i for i in inspection.inputs if i.name == field.input)
        count = sum(b - a + 1 for a, b in holes)
        what = axis_name(given.spatial_axes.index(field.axis), len(given.spatial_axes), count)
        yield Finding(
            rule="dilation-holes",
            severity=Severity.WARNING,
            message=f"{output.name} index {index} does not see {what} {spans(holes)} of {field.input}, "
            f"inside its own field",
            help="use dilations without a common factor, or convolve undilated in between",
            output=output.name,
            input=field.input,
            axes=(field.axis,),
            ranges=holes,
            pixels=count,
            source=inspection.code(node) if node else None,
        )
