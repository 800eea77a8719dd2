"""The value of an input decides a branch or a shape, and was not given.

## What it does

Names the small inputs (a sampling rate, a flag, a list of sizes) whose values select the branch of an If or determine
the shape of a tensor, and what stays unknown without them.

## Why it matters

Both branches of the If are reported though only one of them runs; of a tensor without a shape nothing is known, nor of
what comes after it.

## Flagged

Whoever runs this model says how large the map becomes:

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x, int64[4] sizes) => (float[1,1,h,w] y) {
      y = Resize <mode = "nearest"> (x, , , sizes)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x) => (float[1,1,16,16] y) {
      sizes = Constant <value_ints = [1, 1, 16, 16]> ()
      y = Resize <mode = "nearest"> (x, , , sizes)
    }

## What to do

Give the value with `--input-value`, for example `--input-value sizes=1,1,16,16`, or `input-values` in the
configuration. The analysis and the run both use it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.spelling import listed

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("model", Severity.NOTE)
def check(inspection: Inspection) -> Iterator[Draft]:
    """At most one finding."""
    from strideinspect.rules.control_inputs import compared_with, decided_by_inputs  # import numpy

    decided = list(decided_by_inputs(inspection.analysis))
    if not decided:
        return
    names = list(dict.fromkeys(name for entry in decided for name in entry.inputs))
    branches = [f"{entry.node.op} {entry.node.label}" for entry in decided if entry.branch]
    ends = [f"{entry.node.op} {entry.node.label}" for entry in decided if not entry.branch]
    hidden = []
    if branches:
        hidden.append(f"which branch of {_some(branches)} runs, so both are reported")
    if ends:
        hidden.append(f"the output shape of {_some(ends)}, so nothing is known after it")
    inputs = (
        f"input {names[0]} has no value, which decides"
        if len(names) == 1
        else (f"inputs {listed(names)} have no values, which decide")
    )
    compared = {name: compared_with(inspection.analysis, name) for name in names}
    options = " ".join(f"--input-value {name}={compared[name] or 'VALUE'}" for name in names)
    known = " (what it is compared with)" if len(names) == 1 and compared[names[0]] else ""
    yield Draft(
        f"{inputs} {'; and '.join(hidden)}",
        f"give {'it' if len(names) == 1 else 'them'}: {options}{known}",
        node=decided[0].node.key,
        input=names[0],
    )


def _some(nodes: list[str]) -> str:
    """The first node, and how many there are besides."""
    return nodes[0] if len(nodes) == 1 else f"{nodes[0]} and {len(nodes) - 1} more"
