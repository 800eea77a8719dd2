"""onnxruntime refuses to run the model at this size.

## What it does

Runs the model in onnxruntime at the size that was given, first without its weights and, where that fails, with them.
Where both fail, it names the node and onnxruntime's reason.

## Why it is bad

A program that runs this model with onnxruntime fails in the same way.

## Flagged

The state of the LSTM is for a batch of 3, its input has a batch of 1:

    <ir_version: 8, opset_import: ["": 17]>
    agraph (float[100,1,4] x, float[1,3,2] h) => (float[T,D,N,C] y) <
      float[1,8,4] W = {1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1},
      float[1,8,2] R = {1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1}
    > {
      y, last, cell = LSTM <hidden_size = 2> (x, W, R, "", "", h, h)
    }

## Clean

    <ir_version: 8, opset_import: ["": 17]>
    agraph (float[100,1,4] x, float[1,1,2] h) => (float[T,D,N,C] y) <
      float[1,8,4] W = {1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1},
      float[1,8,2] R = {1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1}
    > {
      y, last, cell = LSTM <hidden_size = 2> (x, W, R, "", "", h, h)
    }

## What to do

Compare the sizes in the message with those of the inputs. If the model is used at another size, inspect it there with
`--input-shape`. A size that the model leaves open is never an error: it is reported by `not-verified`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.results.verdict import Verdict
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.spelling import by_axes

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("runtime", Severity.ERROR, after_verification=True)
def check(inspection: Inspection) -> Iterator[Draft]:
    """At most one finding: a run stops at the first node that is refused."""
    if inspection.verification is None:
        return
    analysis = inspection.analysis
    sizes = ", ".join(f"{given.name} {by_axes(given.shape)}" for given in analysis.inputs)
    for refused in inspection.verification.details:
        if refused.claim == "run" and refused.verdict is Verdict.CONTRADICTED:
            node = analysis.producers.get(refused.output)
            yield Draft(
                f"onnxruntime refuses to run the model at {sizes}: {refused.reason}",
                "inspect it at the size at which it is used (--input-shape), or correct the model",
                node=None if node is None else node.key,
            )
