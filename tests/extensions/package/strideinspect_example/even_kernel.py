"""A convolution has an even kernel.

## What it does

Reports convolutions with a kernel of even size along some axis.

## Why it matters

An even kernel has no middle tap: its output is shifted by half a pixel.

## What to do

Use an odd kernel.
"""

from __future__ import annotations

from collections.abc import Iterator

from strideinspect.extend import Draft, Inspection, Severity, rule


@rule("example", Severity.NOTE, page="https://example.com/even-kernel")
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per window node with weights."""
    for window in inspection.analysis.windows:
        even = [i for i, size in enumerate(window.kernel) if size % 2 == 0]
        if window.learned and even:
            yield Draft(
                f"{window.op} {window.label} has an even kernel",
                "use an odd kernel",
                node=window.output,
                axes=tuple(window.spatial_axes[i] for i in even),
            )
