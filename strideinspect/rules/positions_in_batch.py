"""A batch of one comes out as several: positions of the map have been moved into the batch axis.

## What it does

Reports outputs whose first axis is a multiple of the batch, because a Reshape put rows and columns there that the map
still has at this input size. It compares the output at the given batch with that at twice the batch.

## Why it matters

A classifier whose head flattens with `-1` was made for a map of one index. At a larger input it returns several results
for one image, without an error. For a detector that lists its boxes this is intended.

## Flagged

A head made for inputs of 8×8, at 16×16:

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,2,16,16] x) => (float[n,2] y) <int64[2] s = {-1, 2}> {
      map = MaxPool <kernel_shape = [8, 8], strides = [8, 8]> (x)
      last = Transpose <perm = [0, 2, 3, 1]> (map)
      y = Reshape (last, s)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,2,8,8] x) => (float[n,2] y) <int64[2] s = {-1, 2}> {
      map = MaxPool <kernel_shape = [8, 8], strides = [8, 8]> (x)
      last = Transpose <perm = [0, 2, 3, 1]> (map)
      y = Reshape (last, s)
    }

## What to do

Nothing, if the output lists positions. Otherwise use the size that the model was made for, or pool globally before the
head.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule

if TYPE_CHECKING:
    from strideinspect.analysis import Analysis
    from strideinspect.results.report import TensorReport
    from strideinspect.rules.inspection import Inspection


@rule("model", Severity.NOTE)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per output."""
    analysis = inspection.analysis
    batches = {given.shape[0] for given in analysis.inputs if given.spatial_axes}
    if len(batches) != 1 or analysis.problems:
        return
    (batch,) = batches
    several = [output for output in analysis.outputs if _holds_positions(analysis, output, batch)]
    if not batch or not several:
        return
    twice = analysis.at({given.name: (2 * batch, *given.shape[1:]) for given in analysis.inputs if given.spatial_axes})
    for output in several:
        first = (output.shape or (0,))[0]
        if twice.shapes.shapes.get(output.name, (0,))[0] == 2 * first:
            yield Draft(
                f"{output.name}: a batch of {batch} comes out as {first:,}: at this size {first // batch:,} positions "
                "of the map are in its batch axis",
                "right where the output lists positions; else use the size that the model was made for, or pool before "
                "the head",
                tensor=output.name,
                written_by=output.name,
            )


def _holds_positions(analysis: Analysis, output: TensorReport, batch: int) -> bool:
    """Whether the output's first axis is longer than the batch, and positions of some input run along it."""
    if not output.shape or output.shape[0] <= batch:
        return False
    return any(axis > 0 and 0 in seen.actual.axes for (_, axis), seen in analysis.fields.get(output.name, {}).items())
