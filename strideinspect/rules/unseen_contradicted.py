"""Pixels that this tool calls unseen reach an output in onnxruntime.

## What it does

Lights only the unseen pixels and looks for light at the outputs.

## Why it is bad

One of the two is wrong, so that no number near this node can be trusted.

## Flagged

No model shows this by itself: it takes two programs that disagree. Where they do, the message has both answers.

## Clean

Every model on which the two agree, as the last line of its report says.

## What to do

Report it, with the model's structure (weights are not needed).
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
    return contradictions(inspection, "unseen")
