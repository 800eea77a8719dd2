"""No output depends on an input.

## What it does

Reports graph inputs whose values affect no graph output.

## Why it matters

Callers have to provide data that is never used. Some exporters turn parameters of a layer into such inputs.

## Flagged

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x, float[1] rate) => (float[1,1,8,8] y) {
      y = Relu (x)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x, float[1] rate) => (float[1,1,8,8] y) {
      y = Mul (x, rate)
    }

## What to do

Remove the input from the model, or find out why it is not connected.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("coverage", Severity.NOTE)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per input."""
    analysis = inspection.analysis
    known = all(output.shape is not None for output in analysis.outputs)
    # Of an output of unknown shape nobody can say on what it depends, so only an input that no node reads is unused.
    read = set() if known else {name for node in analysis.nodes.values() for name in node.inputs}
    for given in analysis.inputs:
        if given.name not in analysis.needed and given.name not in read:
            yield Draft(
                f"no output depends on input {given.name}",
                "remove it from the model, or find out why it is not connected",
                input=given.name,
            )
