"""A size that is fixed in the model does not match this input size.

## What it does

Reports a Reshape, Gemm or other node that cannot run, with its numbers. Nodes after it cannot be analysed; the rest
of the report is complete.

## Why it is bad

The model cannot run at this input size.

## Flagged

The head expects 4×4 maps; at this input size they are 5×5:

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,10,10] x) => (float[1,16] y) {
      map = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
      flat = Constant <value_ints = [1, 16]> ()
      y = Reshape (map, flat)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x) => (float[1,16] y) {
      map = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
      flat = Constant <value_ints = [1, 16]> ()
      y = Reshape (map, flat)
    }

## What to do

Use the size that the model was exported for, or export it with a head that accepts any size (global pooling).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("model", Severity.ERROR)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per node."""
    for problem in inspection.analysis.problems:
        if problem.trouble.value == "head":
            node = problem.node
            yield Draft(
                f"{node.op} {node.label}: {problem.text}",
                "use the size that the model was exported for, or export it again for this size",
                node=node.key,
            )
