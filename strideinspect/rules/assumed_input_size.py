"""A dynamic axis was given a size by default.

## What it does

Says which axes of an input have no size in the file, and at which size the model was inspected instead.

## Why it matters

What is dropped, and what fits, depends on the size.

## Flagged

The batch is no matter, but height and width are:

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[N,1,height,width] x) => (float[N,1,h,w] y) {
      y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[N,1,64,64] x) => (float[N,1,32,32] y) {
      y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
    }

## What to do

Give the size that the model will run at with `--input-shape`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import axes_listed, by

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("model", Severity.NOTE)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per input."""
    for given in inspection.analysis.inputs:
        if given.assumed:
            several = len(given.assumed) > 1
            yield Draft(
                f"{axes_listed(given.assumed)} of input {given.name} {'have' if several else 'has'} no size in the "
                f"model: inspected at {by(given.shape)}",
                f"give the real size: --input-shape {given.name}={','.join(map(str, given.shape))}",
                input=given.name,
                axes=given.assumed,
                sizes=tuple(given.shape[axis] for axis in given.assumed),
            )
