"""A window hangs over the edge of the map, because the output size was rounded up.

What it does: reports the nodes whose last window reaches past the padded map (`ceil_mode`, or a map smaller than the
window).

Why it matters: the last row and column of the output are computed from fewer pixels than the others.

What to do: nothing, if that is meant; else choose a size at which the windows fit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.report.model import Finding, Severity
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import axes_name

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("coverage", Severity.NOTE)
def check(inspection: Inspection) -> Iterator[Finding]:
    """One finding per node and overhang."""
    for window in inspection.windows:
        groups: dict[int, list[int]] = {}
        for position, overhang in enumerate(inspection.overhang(window)):
            if overhang:
                groups.setdefault(overhang, []).append(position)
        for overhang, positions in groups.items():
            what = axes_name(positions, len(window.spatial_axes), overhang)
            yield Finding(
                rule="partial-window",
                severity=Severity.NOTE,
                message=f"{window.op} {window.label}: its last window hangs {overhang} {what} over the edge of the map",
                help="the last outputs are computed from fewer pixels than the others",
                node=window.name or None,
                output=window.output,
                axes=tuple(window.spatial_axes[i] for i in positions),
                pixels=overhang,
                source=window.source,
            )
