"""The effective stride of an output is larger than the configured maximum.

## What it does

Compares the effective stride of every output, in input pixels per index, with `max-stride` under `budgets` in the
configuration. An output without positions (a classifier) has no stride and always passes; an output without a single
stride always fails.

## Why it is bad

Objects that are closer together than the stride share an index: a detector cannot separate them.

## Flagged

Two layers with stride 2 have an effective stride of 4:

    [tool.strideinspect.budgets]
    max-stride = 2

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,16,16] x) => (float[1,1,4,4] y) {
      a = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
      y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (a)
    }

## Clean

    [tool.strideinspect.budgets]
    max-stride = 2

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,16,16] x) => (float[1,1,8,8] y) {
      y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
    }

## What to do

Take the output from an earlier layer, replace a stride by dilation, upsample and merge with an earlier map, or raise
the limit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.bounds import budgeted, by_input, once
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import axes_listed

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("budget", Severity.ERROR, any_size=True)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per output and input."""
    for output, budget in budgeted(inspection):
        most = budget.max_stride
        if most is None:
            continue
        for name, fields in by_input(output).items():
            with_position = [field for field in fields if field.node_axis is not None]
            over = [field for field in with_position if field.stride is None or abs(field.stride) > most]
            if over:
                stride = once(["unknown" if field.stride is None else str(abs(field.stride)) for field in over])
                why = next((f" ({field.reason})" for field in over if field.stride is None and field.reason), "")
                yield Draft(
                    f"output {output.name}: its effective stride along {axes_listed([field.axis for field in over])} "
                    f"of {name} is {stride}{why}; at most {most} is allowed",
                    "take the output from an earlier layer, replace a stride by dilation, or raise max-stride",
                    tensor=output.name,
                    input=name,
                    axes=tuple(field.axis for field in over),
                )
