"""A window node drops real pixels that no other reader of the map reads.

What it does: reports the trailing rows and columns of a node's input that its windows never reach, because the output
size is a floored division and the remainder is not padding, where nobody else reads them either.

Why it is bad: what was computed for these pixels is thrown away, and the map is cut on one side only.

What to do: choose an input size at which the division leaves no remainder, or pad the map at its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.report.model import Finding, Severity
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import axes_name, by, spans

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("coverage", Severity.WARNING)
def check(inspection: Inspection) -> Iterator[Finding]:
    """One finding per node and set of rows or columns."""
    for window in inspection.windows:
        if window.dropped is None or not any(window.dropped.pixels) or window.input_shape is None:
            continue
        for axes, unread in inspection.alike((axis, pixels) for axis, pixels, _ in inspection.lost(window)):
            ranges = inspection.runs(unread)
            count = int(unread.sum())
            positions = [window.spatial_axes.index(axis) for axis in axes]
            what = axes_name(positions, len(window.spatial_axes), count)
            size = by([window.input_shape[axis] for axis in window.spatial_axes])
            advice = inspection.advice(window, axes, "dropped")
            yield Finding(
                rule="floor-truncation",
                severity=Severity.WARNING,
                message=f"{window.op} {window.label}: {what} {spans(ranges)} of its {size} input "
                f"{'is' if count * len(axes) == 1 else 'are'} read by nobody",
                help=advice.text
                if advice
                else "pad the map at its end, so that the last window reaches its last pixel",
                node=window.name or None,
                output=window.output,
                axes=tuple(axes),
                ranges=ranges,
                pixels=count,
                sizes=advice.sizes if advice else (),
                source=window.source,
            )
