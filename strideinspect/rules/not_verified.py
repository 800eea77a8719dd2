"""Verification could not run.

What it does: says why onnxruntime could not confirm what was reported.

Why it matters: the numbers follow from the analysis alone.

What to do: as the reason says; a custom operator or missing runtime support cannot be helped from here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.report.model import Finding, Severity
from strideinspect.rules.registry import rule

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("runtime", Severity.NOTE, after_verification=True)
def check(inspection: Inspection) -> Iterator[Finding]:
    """At most one finding."""
    verification = inspection.verification
    if verification is not None and verification.status.value == "not-checked":
        yield Finding(
            rule="not-verified",
            severity=Severity.NOTE,
            message=f"onnxruntime could not confirm this report: {verification.reason}",
            help="the numbers follow from the analysis alone",
        )
