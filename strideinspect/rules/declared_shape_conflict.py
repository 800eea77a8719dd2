"""A declared shape contradicts the computed one.

What it does: compares the shapes that the file declares for its tensors and outputs with those that follow from the
operators at this input size.

Why it is bad: whoever reads the declaration (another runtime, a compiler, a human) is misled; runtimes are lenient and
do not complain.

What to do: export the model again, or correct the declaration.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.report.model import Finding, Severity
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import by

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("model", Severity.ERROR)
def check(inspection: Inspection) -> Iterator[Finding]:
    """One finding per tensor."""
    for name, declared, computed in inspection.declared_conflicts():
        node = inspection.producers.get(name)
        yield Finding(
            rule="declared-shape-conflict",
            severity=Severity.ERROR,
            message=f"{name} is declared as {by(declared)}, its shape is {by(computed)}",
            help="export the model again, or correct the declaration",
            node=(node.name or None) if node else None,
            output=name,
            source=inspection.code(node) if node else None,
        )
