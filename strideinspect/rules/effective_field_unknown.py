"""What an output really sees cannot be computed.

## What it does

With `--erf` (`erf = true` in the configuration), says of every output with a position whose gradient cannot be computed
why that is so: an operator without a gradient, channels that add up to a constant, a file without weights.

## Why it matters

The rules about effective fields say nothing of this output: no finding of theirs does not mean that all is well.

## Flagged

The probabilities of a softmax add up to 1, whatever the input is:

    [tool.strideinspect]
    erf = true

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,9,9] x) => (float[1,2,9,9] y) <float[2,1,1,1] w = {1, 2}> {
      a = Conv (x, w)
      y = Softmax <axis = 1> (a)
    }

## Clean

    [tool.strideinspect]
    erf = true

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,9,9] x) => (float[1,2,9,9] y) <float[2,1,1,1] w = {1, 2}> {
      y = Conv (x, w)
    }

## What to do

Name a tensor before it with `strideinspect erf --at`. Of a file that has lost its weights, inspect the one that has
them; the HTML page shows what random ones see.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("field", Severity.NOTE)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per output."""
    unknown = dict.fromkeys((one.output, one.reason, one.field is None) for one in inspection.effective if one.reason)
    for output, reason, refused in unknown:
        yield Draft(
            f"what output {output} really sees is not known: {reason}",
            "name a tensor before it: strideinspect erf --at"
            if refused
            else "inspect the file with its weights; the page shows random ones, as before training",
            tensor=output,
            written_by=output,
        )
