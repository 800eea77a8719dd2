"""Verification could not run.

## What it does

Says why onnxruntime could not confirm what was reported.

## Why it matters

The numbers follow from the analysis alone.

## Flagged

onnxruntime has no kernel for an operator of one's own:

    <ir_version: 8, opset_import: ["": 18, "com.example": 1]>
    agraph (float[1,1,8,8] x) => (float[1,1,4,4] y) {
      smooth = com.example.Smooth (x)
      y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (smooth)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x) => (float[1,1,4,4] y) {
      y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
    }

## What to do

As the reason says; a custom operator or missing runtime support cannot be helped from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("runtime", Severity.NOTE, after_verification=True)
def check(inspection: Inspection) -> Iterator[Draft]:
    """At most one finding."""
    verification = inspection.verification
    if verification is not None and verification.status.value == "not-checked":
        yield Draft(
            f"onnxruntime could not confirm this report: {verification.reason}",
            "the numbers come from the analysis alone",
        )
