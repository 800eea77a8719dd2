"""Most of what moves an output lies closer to its center than the configured minimum.

## What it does

With `--erf` (`erf = true` in the configuration), computes the gradient of every output's middle index with respect to
the inputs, with the weights of the file, as `strideinspect erf` does at random inputs. Compares the distance within
which 90 % of its mass lies, in pixels from the center of the theoretical field, with `min-effective-radius` under
`budgets`. Of an output without positions (a classifier) the map is judged that it was pooled from.

## Why it is bad

The theoretical receptive field says what an output could see; what it does see is often a small part in the middle of
that. Objects that reach further are judged by a piece of them.

## Flagged

The nine pixels of a 3×3 kernel of ones count alike, so that 90 % are all of them, up to 1.41 pixels away:

    [tool.strideinspect]
    erf = true
    budgets = {min-effective-radius = 2}

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,11,11] x) => (float[1,1,11,11] y) <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
      y = Conv <pads = [1, 1, 1, 1]> (x, w)
    }

## Clean

With dilation the same weights reach 2.83 pixels:

    [tool.strideinspect]
    erf = true
    budgets = {min-effective-radius = 2}

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,11,11] x) => (float[1,1,11,11] y) <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
      y = Conv <dilations = [2, 2], pads = [2, 2, 2, 2]> (x, w)
    }

## What to do

Look at it on your own images with `strideinspect erf --images`. Then add strides, dilation or larger kernels before
this output, train longer or on larger objects, or lower the limit. For objects that an index lies in the middle of, the
limit is half their size; where it may lie at their edge, their size.

## References

- Luo, Li, Urtasun, Zemel: [Understanding the Effective Receptive Field in Deep Convolutional Neural
  Networks](https://arxiv.org/abs/1701.04128), NeurIPS 2016
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.spelling import measured, place_text, plural, point_noun

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("field", Severity.WARNING)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per output and input."""
    for sight in inspection.effective:
        least = inspection.settings.budget(sight.output).min_effective_radius
        if sight.field is None or sight.reason or least is None:
            continue
        at = sight.field.at
        cell = place_text(at.tensor, at.shape, at.indices)
        for seen in sight.field.inputs:
            if seen.radius[90] < least:
                yield Draft(
                    f"90 % of what moves {cell} lies within {measured(seen.radius[90])} "
                    f"{plural(point_noun(len(seen.axes)))} of its center in {seen.name}; at least {least} are required",
                    "look at your own images with strideinspect erf; enlarge the receptive field, or lower "
                    "min-effective-radius",
                    tensor=sight.output,
                    input=seen.name,
                    axes=seen.axes,
                    written_by=sight.output,
                )
