"""onnxruntime shows a different receptive field than the analysis.

## What it does

Compares the predicted receptive field of every index of every window node with the dependencies that are measured by
running a modified copy of the model in onnxruntime. For indices away from the borders the theoretical field is
compared as well. `--verify full` repeats this at larger inputs and also changes single rows and columns of the input:
only outputs that depend on them may change.

## Why it is bad

One of the two results is wrong, so the numbers near this node cannot be trusted.

## Flagged

No example: this finding requires that the two results disagree. The message contains both of them.

## Clean

Every model whose report ends with *agreed*.

## What to do

Please report it with the structure of the model (weights are not needed).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.contradictions import contradictions
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("runtime", Severity.ERROR, after_verification=True)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per contradicted claim."""
    return contradictions(inspection, "field", "theory", "impulse")
