"""Kernel taps that never touch a pixel.

What it does: reports windows of which some taps lie in the padding at every position: a 3×3 window on a 1×1 map, or a
dilation larger than the map.

Why it is bad: these weights are never used, and the layer is not what its kernel size says.

What to do: use a larger input, less downsampling before, or a smaller kernel or dilation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.report.model import Finding, Severity
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import by, percent

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("coverage", Severity.WARNING)
def check(inspection: Inspection) -> Iterator[Finding]:
    """One finding per node."""
    for window in inspection.windows:
        used = inspection.used_taps(window)
        if used is None or window.input_shape is None:
            continue
        idle = [i for i, (count, kernel) in enumerate(zip(used, window.kernel, strict=True)) if count < kernel]
        if not idle:
            continue
        share = 1.0
        for count, kernel in zip(used, window.kernel, strict=True):
            share *= count / kernel
        size = by([window.input_shape[axis] for axis in window.spatial_axes])
        yield Finding(
            rule="padding-only-window",
            severity=Severity.WARNING,
            message=f"{window.op} {window.label}: {percent(1 - share)} of its {by(window.kernel)} kernel "
            f"never touches a pixel of its {size} map",
            help="use a larger input, less downsampling before it, or a smaller kernel or dilation",
            node=window.name or None,
            output=window.output,
            axes=tuple(window.spatial_axes[i] for i in idle),
            source=window.source,
        )
