"""An output does not depend on more rows or columns of an input than the configuration allows.

## What it does

Counts, for every output by itself, the indices of each spatial axis of an input on which it does not depend in any way,
and compares their number with `max-unseen` under `budgets` in the configuration. (`unseen-input` tells of those that no
output at all depends on.)

## Why it is bad

What lies there cannot be found by this output, whatever the weights are.

## Flagged

Five windows of 4 with stride 4 cover 20 of 22 rows:

    [tool.strideinspect.budgets]
    max-unseen = 0

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,22,22] x) => (float[1,1,5,5] y) {
      y = MaxPool <kernel_shape = [4, 4], strides = [4, 4]> (x)
    }

## Clean

Two rows may be missing here:

    [tool.strideinspect.budgets]
    max-unseen = 2

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,22,22] x) => (float[1,1,5,5] y) {
      y = MaxPool <kernel_shape = [4, 4], strides = [4, 4]> (x)
    }

## What to do

Choose an input size at which no division leaves a remainder, pad the input, or raise the bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.bounds import budgeted
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import spans

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("budget", Severity.ERROR)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per output, input and axis."""
    for output, budget in budgeted(inspection):
        most = budget.max_unseen
        if most is None:
            continue
        for unseen in inspection.analysis.unseen_by(output.name):
            count = sum(last - first + 1 for first, last in unseen.ranges)
            if count > most:
                yield Draft(
                    f"output {output.name} does not depend on {count:,} of the indices of axis {unseen.axis} of "
                    f"{unseen.input} ({spans(unseen.ranges)}); at most {most:,} are allowed",
                    "choose a size at which no division leaves a remainder, pad the input, or raise max-unseen",
                    tensor=output.name,
                    input=unseen.input,
                    axes=(unseen.axis,),
                    ranges=unseen.ranges,
                    pixels=count,
                )
