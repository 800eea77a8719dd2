"""No output depends on an input.

## What it does

Reports graph inputs whose values affect no graph output.

## Why it matters

Callers have to provide data that is never used. Some exporters leave constants behind as such inputs: tf2onnx those of
a Keras layer whose arithmetic it has folded.

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

Remove the input from the model, or find out why it is not connected. Where a node takes it without using its values (a
Resize with regions that it does not need, a Shape), any values of the right shape will do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
            takers = list(
                dict.fromkeys(
                    f"{node.op} {node.label}" for node in analysis.nodes.values() if given.name in node.inputs
                )
            )
            yield Draft(
                f"no output depends on {'the values of ' if takers else ''}input {given.name}"
                f"{'' if takers else ', which no node takes'}",
                _help(takers),
                input=given.name,
            )


def _help(takers: Sequence[str]) -> str:
    """What to do with an input that nodes take without using its values, or that no node takes."""
    if takers:
        others = f" and {len(takers) - 1} more" if len(takers) > 1 else ""
        return f"{takers[0]}{others} {'take' if others else 'takes'} it without using its values: any will do"
    return "remove it from the model: exporters leave constants behind as inputs; or find out why it is not connected"
