"""A size that is baked into the model does not fit this input size.

What it does: reports the Reshape, Gemm or other node that cannot run, with its numbers. What lies behind it cannot be
computed; the rest of the report stays.

Why it is bad: the model cannot run at this size.

What to do: use the size that the model was exported for, or export it with a head that fits (global pooling).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.report.model import Finding, Severity
from strideinspect.rules.registry import rule

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("model", Severity.ERROR)
def check(inspection: Inspection) -> Iterator[Finding]:
    """One finding per node."""
    for problem in inspection.problems:
        if problem.trouble.value == "head":
            node = problem.node
            yield Finding(
                rule="incompatible-head",
                severity=Severity.ERROR,
                message=f"{node.op} {node.label}: {problem.text}",
                help="use the size that the model was exported for, or export it again for this size",
                node=node.name or None,
                output=node.key,
                source=inspection.code(node),
            )
