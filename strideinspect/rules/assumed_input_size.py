"""A dynamic axis was given a size by default.

What it does: says which axes of an input have no size in the file, and at which size the model was inspected instead.

Why it matters: what is dropped, and what fits, depends on the size.

What to do: give the size that the model will run at with `--input-shape`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.report.model import Finding, Severity
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import by, listed

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("model", Severity.NOTE)
def check(inspection: Inspection) -> Iterator[Finding]:
    """One finding per input."""
    for given in inspection.inputs:
        if given.assumed:
            sizes = tuple(given.shape[axis] for axis in given.assumed)
            plural = "es" if len(sizes) > 1 else "is"
            yield Finding(
                rule="assumed-input-size",
                severity=Severity.NOTE,
                message=f"ax{plural} {listed([str(a) for a in given.assumed])} of input {given.name} "
                f"{'have' if len(sizes) > 1 else 'has'} no size in the model: inspected at {by(given.shape)}",
                help=f"give the real size: --input-shape {given.name}={','.join(map(str, given.shape))}",
                input=given.name,
                axes=given.assumed,
                sizes=sizes,
            )
