"""The windows that an output depends on take more multiply-adds than the configuration allows.

## What it does

Adds up the multiply-adds, for one batch element, of all window nodes that an output depends on, and compares the sum
with `max-macs` under `budgets` in the configuration. Matrix products count nothing: they are no windows.

## Why it is bad

Somebody has decided what this output may cost.

## Flagged

Four outputs of a 3×3 kernel on one channel are 36 multiply-adds:

    [tool.strideinspect.budgets]
    max-macs = 35

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,4,4] x) => (float[1,1,2,2] y)
    <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
      y = Conv (x, w)
    }

## Clean

    [tool.strideinspect.budgets]
    max-macs = 36

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,4,4] x) => (float[1,1,2,2] y)
    <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
      y = Conv (x, w)
    }

## What to do

Use a smaller input, fewer channels or grouped convolutions, or raise the bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.bounds import budgeted
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("budget", Severity.ERROR)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per output."""
    for output, budget in budgeted(inspection):
        most = budget.max_macs
        if most is None:
            continue
        needed = inspection.analysis.needed_by(output.name)
        counts = [window.macs for window in inspection.analysis.windows if window.output in needed]
        total = sum(count for count in counts if count is not None)
        if total > most:
            least = "at least " if None in counts else ""
            yield Draft(
                f"output {output.name}: its window nodes take {least}{total:,} multiply-adds; at most {most:,} are "
                "allowed",
                "use a smaller input, fewer channels or grouped convolutions, or raise max-macs",
                tensor=output.name,
            )
