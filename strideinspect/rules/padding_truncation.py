"""A window node drops only padding, which makes its effective padding asymmetric.

## What it does

Reports nodes whose output size is rounded down so that only trailing padding is cut, either the node's own padding or
that of a preceding Pad node.

## Why it matters

No pixel is lost, but the output is not centered on the image: a 3×3 stride-2 kernel with padding 1 on an even size
uses the padding at the beginning only.

## Flagged

Five windows cover rows −1 to 9; row 10, which is padding, is not used:

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,10,10] x) => (float[1,1,5,5] y) {
      y = MaxPool <kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]> (x)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,11,11] x) => (float[1,1,6,6] y) {
      y = MaxPool <kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]> (x)
    }

## What to do

Nothing, if this is intended. Otherwise pad only at the beginning, or use an odd size.

## References

- Effects of uneven padding on the weights: Mind the Pad – CNNs Can Develop Blind Spots
  ([arXiv:2010.02178](https://arxiv.org/abs/2010.02178))
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import by_count
from strideinspect.spelling import axes_nouns

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("coverage", Severity.NOTE)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per node and count of rows or columns."""
    for window in inspection.analysis.windows:
        if window.dropped is None:
            continue
        dropped = zip(window.dropped.pixels, window.dropped.padding, strict=True)
        for count, positions in by_count([0 if pixels else padding for pixels, padding in dropped]).items():
            what = axes_nouns(positions, len(window.spatial_axes), count)
            yield Draft(
                f"{window.op} {window.label} drops {count} {what} of padding at the end, and nothing else",
                "nothing is lost: the output is the same without this part of the padding",
                node=window.output,
                axes=tuple(window.spatial_axes[i] for i in positions),
                pixels=count,
            )
