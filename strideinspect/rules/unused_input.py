"""Nothing at all depends on an input.

What it does: reports graph inputs whose values reach no graph output.

Why it matters: a caller has to provide them for nothing; some exporters turn parameters of a layer into such inputs.

What to do: remove the input from the model, or find out why it is not connected.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.report.model import Finding, Severity
from strideinspect.rules.registry import rule

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("coverage", Severity.NOTE)
def check(inspection: Inspection) -> Iterator[Finding]:
    """One finding per input."""
    for given in inspection.inputs:
        if given.name not in inspection.seen:
            yield Finding(
                rule="unused-input",
                severity=Severity.NOTE,
                message=f"no output depends on input {given.name}",
                help="remove it from the model, or find out why it is not connected",
                input=given.name,
            )
