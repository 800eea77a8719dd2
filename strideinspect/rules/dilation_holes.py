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

from collections.abc import Hashable, Iterator, Sequence
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.spelling import axis_noun, spans

if TYPE_CHECKING:
    from strideinspect.results.field import Field, Span
    from strideinspect.rules.inspection import Inspection


@rule("field", Severity.WARNING)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per output, input and axis: the holes in the field of its middle index."""
    from strideinspect.fields.holes import holes_of, may_have_holes  # imports numpy

    analysis = inspection.analysis
    if not may_have_holes(analysis.shapes):
        return
    outputs = [output for output in analysis.outputs if output.shape is not None]
    holes_by_output = holes_of(analysis.shapes, analysis.reads, analysis.fields, [output.name for output in outputs])
    for output in outputs:
        for field in output.fields:
            if (field.input, field.axis) not in holes_by_output[output.name]:
                continue
            index, holes = holes_by_output[output.name][field.input, field.axis]
            spatial = analysis.spatial_axes[field.input]
            count = sum(b - a + 1 for a, b in holes)
            what = axis_noun(spatial.index(field.axis), len(spatial), count)
            yield Draft(
                f"index {index} of {output.name} does not depend on {what} {spans(holes)} of {field.input}, inside its "
                "own receptive field",
                "use dilations without a common factor, or convolve without dilation in between",
                tensor=output.name,
                input=field.input,
                axes=(field.axis,),
                ranges=holes,
                pixels=count,
                written_by=output.name,
                cause=(unseen := _unseen(inspection, field, holes)),
                consequence=unseen is not None,
            )


def _unseen(inspection: Inspection, field: Field, holes: Sequence[Span]) -> Hashable | None:
    """The cause of the holes if no output at all depends on these pixels; None if others do."""
    for lost in inspection.lost_pixels:
        within = all(any(first <= a and b <= last for first, last in lost.ranges) for a, b in holes)
        if lost.given.name == field.input and field.axis in lost.axes and within:
            return lost.cause
    return None
