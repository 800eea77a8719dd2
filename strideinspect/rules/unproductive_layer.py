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

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.spelling import by_axes, input_noun

if TYPE_CHECKING:
    from strideinspect.analysis import Analysis
    from strideinspect.results.report import WindowNode
    from strideinspect.rules.inspection import Inspection


@rule("field", Severity.NOTE)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per layer."""
    for window in inspection.analysis.windows:
        if not window.learned or max(window.kernel, default=1) == 1 or window.dropped is None:
            continue
        before = _fields_before(inspection.analysis, window)
        if before and all(size is not None and size >= extent for size, extent in before):
            sizes = by_axes([size for size, _ in before])
            yield Draft(
                f"{window.op} {window.label}: the receptive field of its input ({sizes}) already covers the "
                f"{input_noun(len(before))}",
                "use a larger input or a smaller network",
                node=window.output,
                axes=window.spatial_axes,
            )


def _fields_before(analysis: Analysis, window: WindowNode) -> list[tuple[int | None, int]]:
    """Per spatial axis of a window node the theoretical size of its input's field, and the extent of the image."""
    from strideinspect.fields.closed_form import Closed  # imports numpy

    before: list[tuple[int | None, int]] = []
    for (name, axis), seen in analysis.fields.get(analysis.data_tensor(window), {}).items():
        if seen.actual.local is not None and seen.actual.axes & frozenset(window.spatial_axes):
            size = seen.form.size if isinstance(seen.form, Closed) else None
            before.append((size, analysis.sizes[name][axis]))
    return before
