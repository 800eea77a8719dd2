"""A window node drops only padding, which makes the effective padding lopsided.

What it does: reports nodes whose floored division cuts trailing rows or columns that are padding and no pixel.

Why it matters: nothing is lost, but the grid of the output is not centered on the image: a 3×3 stride-2 convolution
with padding 1 on an even size uses its padding at the beginning only.

What to do: nothing, if that is meant; else pad only at the beginning, or use an odd size.
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
    """One finding per node and count of rows or columns."""
    for window in inspection.windows:
        if window.dropped is None:
            continue
        groups: dict[int, list[int]] = {}
        for i, (pixels, padding) in enumerate(zip(window.dropped.pixels, window.dropped.padding, strict=True)):
            if padding and not pixels:
                groups.setdefault(padding, []).append(i)
        for count, positions in groups.items():
            what = axes_name(positions, len(window.spatial_axes), count)
            yield Finding(
                rule="padding-truncation",
                severity=Severity.NOTE,
                message=f"{window.op} {window.label} drops {count} {what} of padding at the end, and no pixel",
                help="nothing is lost; the output's grid is not centered on the image",
                node=window.name or None,
                output=window.output,
                axes=tuple(window.spatial_axes[i] for i in positions),
                pixels=count,
                source=window.source,
            )
