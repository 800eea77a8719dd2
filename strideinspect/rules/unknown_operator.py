"""A field passes a node whose reads are unknown.

What it does: reports operators that choose what they read by values of the data (GridSample, RoiAlign), and operators
that are not described (custom domains). They are taken to read their whole input.

Why it matters: fields behind such a node are upper bounds, not exact.

What to do: look at the fields of the tensors before it (`--tensor`), which are exact.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.report.model import Finding, Severity
from strideinspect.rules.registry import rule

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("model", Severity.WARNING)
def check(inspection: Inspection) -> Iterator[Finding]:
    """One finding per node."""
    for node, reason in inspection.unknown_reads():
        yield Finding(
            rule="unknown-operator",
            severity=Severity.WARNING,
            message=f"{reason}: it is taken to read its whole input",
            help="fields behind it are upper bounds; --tensor shows those of the tensors before it",
            node=node.name or None,
            output=node.key,
            source=inspection.code(node),
        )
