"""Verification could not run, or not to the end.

## What it does

Reports why onnxruntime could not check the results, or only a part of them. Where another finding names the cause (a
node that does not fit, an unknown operator, an input without a value), this one is left out; the last lines of the
report tell it all the same.

## Why it matters

The results come from the analysis alone.

## Flagged

onnxruntime has no code for an old version of a standard operator:

    <ir_version: 8, opset_import: ["": 1]>
    agraph (float[1,1,8,8] x) => (float[1,1,4,4] y) {
      y = AveragePool <kernel_shape = [2, 2], strides = [2, 2]> (x)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x) => (float[1,1,4,4] y) {
      y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
    }

## What to do

See the reason in the message. What onnxruntime has no operator for cannot be verified; around it the rest is. Where it
took too long, `--verify-timeout` gives it more time. Where onnxruntime refuses a size that the model leaves open, give
the real one with `--input-shape`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.spelling import by_axes

if TYPE_CHECKING:
    from strideinspect.analysis import Analysis
    from strideinspect.rules.inspection import Inspection


@rule("runtime", Severity.NOTE, after_verification=True)
def check(inspection: Inspection) -> Iterator[Draft]:
    """At most one finding."""
    verification = inspection.verification
    if verification is None or verification.status.value != "not-checked":
        return
    from strideinspect.rules.control_inputs import decided_by_inputs  # imports numpy

    analysis = inspection.analysis
    misfits = {problem.node.key for problem in analysis.problems}
    undecided = {entry.node.key for entry in decided_by_inputs(analysis) if not entry.branch}
    if any(check.claim == "run" and check.output in misfits | undecided for check in verification.details):
        return
    if not verification.partial:
        yield Draft(
            f"onnxruntime could not confirm this report: {verification.reason}{_at_a_chosen_size(analysis)}",
            "the numbers come from the analysis alone",
        )
    elif not misfits and all(output.shape is not None for output in analysis.outputs):
        yield Draft(
            f"onnxruntime could check only a part of this report: {verification.reason}{_at_a_chosen_size(analysis)}",
            "the other numbers come from the analysis alone",
        )


def _at_a_chosen_size(analysis: Analysis) -> str:
    """A reminder, where sizes are not the user's, that others may run."""
    sizes = ", ".join(f"{given.name} {by_axes(given.shape)}" for given in analysis.inputs)
    return f", at {sizes} (assumed sizes)" if any(given.assumed for given in analysis.inputs) else ""
