"""The input of a layer already has a receptive field that covers the whole image.

## What it does

Reports trainable layers with a kernel larger than 1 whose input already has a theoretical field that covers the image
along every axis: all layers from the border layer on.

## Why it matters

Such a layer cannot add context. In trained classifiers these layers were found to contribute little.

## Flagged

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,3,3] x) => (float[1,1,3,3] y) <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
      first = Conv <pads = [1, 1, 1, 1]> (x, w)
      y = Conv <pads = [1, 1, 1, 1]> (first, w)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,9,9] x) => (float[1,1,9,9] y) <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
      first = Conv <pads = [1, 1, 1, 1]> (x, w)
      y = Conv <pads = [1, 1, 1, 1]> (first, w)
    }

## What to do

Use a larger input or a smaller network, or less downsampling in the first layers.

## References

- Richter, Byttner, Krumnack, Schallner, Shenk: Size Matters ([arXiv:2102.01582](https://arxiv.org/abs/2102.01582))
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Finding, Severity
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import by

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("field", Severity.NOTE)
def check(inspection: Inspection) -> Iterator[Finding]:
    """One finding per layer."""
    for window in inspection.windows:
        if not window.learned or max(window.kernel, default=1) == 1 or window.dropped is None:
            continue
        before = inspection.fields_before(window)
        if before and all(size is not None and size >= extent for size, extent in before):
            sizes = by([size for size, _ in before])
            yield Finding(
                rule="unproductive-layer",
                severity=Severity.NOTE,
                message=f"{window.op} {window.label}: the field covers the image before this layer ({sizes})",
                help="a larger input would give it something to see",
                node=window.name or None,
                output=window.output,
                axes=window.spatial_axes,
                source=window.source,
            )
