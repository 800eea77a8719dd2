"""The input of a layer already has a receptive field that is as large as the image, on every path.

## What it does

Reports trainable layers with a kernel larger than 1 whose input already has a theoretical field that is at least as
large as the image along every axis, even on the path with the smallest field (past the blocks that a skip connection
leaves out): the unproductive layers, from the border layer on. The message says how many rows and columns of the input
depend on the whole image at this size; those near the border of the map still gain pixels in this layer.

## Why it matters

Such a layer integrates little that is new. In trained classifiers these layers were found to contribute little.

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

- Richter, Schöning, Wiedenroth, Krumnack: Should You Go Deeper? ([arXiv:2106.12307](https://arxiv.org/abs/2106.12307)),
  with the smallest field over all paths
- Richter, Byttner, Krumnack, Schallner, Shenk: Size Matters ([arXiv:2102.01582](https://arxiv.org/abs/2102.01582))
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.spelling import along, by_axes, input_noun

if TYPE_CHECKING:
    from strideinspect.analysis import Analysis
    from strideinspect.results.field import Field
    from strideinspect.results.report import WindowNode
    from strideinspect.rules.inspection import Inspection


_LARGER = "use a larger input, less downsampling before it, or fewer layers"


@rule("field", Severity.NOTE)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per layer."""
    from strideinspect.rules import small_maps

    analysis = inspection.analysis
    for window in analysis.windows:
        if not window.learned or max(window.kernel, default=1) == 1 or window.dropped is None:
            continue
        if not _may_see_all(analysis, window):
            continue
        before = _fields_before(analysis, window)
        if before and all(field.smallest is not None and field.smallest >= field.extent for field in before):
            sizes = by_axes([field.smallest for field in before])
            image = input_noun(len(before))
            counts = [_whole(field) for field in before]
            whole = along([f"{n:,} of {len(field.positions):,}" for n, field in zip(counts, before, strict=True)])
            seen = (
                f": {whole} of its input {'depends' if counts == [1] else 'depend'} on the whole {image}"
                if any(counts)
                else f", although every index of its input sees padding in place of a part of the {image}"
            )
            too_small = small_maps.idle_axes(analysis, window)
            yield Draft(
                f"{window.op} {window.label}: the receptive field of its input ({sizes} on every path) is at least "
                f"as large as the {image}{seen}",
                "layers like this one added little to trained classifiers: "
                + ("fewer of them may do" if small_maps.is_fixed(analysis, window) else _LARGER),
                node=window.output,
                axes=window.spatial_axes,
                cause=small_maps.cause(analysis, analysis.data_tensor(window)) if too_small else None,
                consequence=bool(too_small),
            )


def _may_see_all(analysis: Analysis, window: WindowNode) -> bool:
    """Whether an index of a window node's input may see the whole image on every path: cheaper to ask than fields."""
    seen = analysis.fields.get(analysis.data_tensor(window), {})
    for (name, axis), one in seen.items():
        if len(one.actual.axes) == 1 and one.actual.axes.issubset(window.spatial_axes):
            smallest = one.paths.smallest
            if smallest is None or smallest.size < analysis.sizes[name][axis]:
                return False
    return True


def _fields_before(analysis: Analysis, window: WindowNode) -> list[Field]:
    """The fields of a window node's input along its spatial axes."""
    axes = frozenset(window.spatial_axes)
    return [field for field in analysis.tensor_fields.of(analysis.data_tensor(window)) if field.node_axis in axes]


def _whole(field: Field) -> int:
    """How many indices depend on the whole axis of the image."""
    ends = (0, field.extent - 1)
    return sum(seen == ends for seen in zip(field.positions.first, field.positions.last, strict=True))
