"""Branches that meet in a Concat or an elementwise operator do not fit together at this size.

What it does: reports the merge with the shapes of its branches. What lies behind it cannot be computed; the rest of the
report stays.

Why it is bad: the model cannot run at this size. A U-Net whose skips meet maps that were halved and doubled is the
common case: it wants a multiple of its downsampling factor.

What to do: use a size that divides by the model's stride, or pad or crop before the merge.
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
    """One finding per merge."""
    for problem in inspection.problems:
        if problem.trouble.value == "merge":
            node = problem.node
            yield Finding(
                rule="incompatible-merge",
                severity=Severity.ERROR,
                message=f"{node.op} {node.label}: {problem.text} at this input size",
                help=inspection.fitting_help(),
                node=node.name or None,
                output=node.key,
                source=inspection.code(node),
            )
