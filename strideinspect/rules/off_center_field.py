"""What moves an output lies to one side of its center.

## What it does

With `--erf` (`erf = true` in the configuration), computes the gradient of every output's middle index with respect to
the inputs, with the weights of the file, as `strideinspect erf` does at random inputs. Reports a center of mass that
lies at least one standard deviation of the mass, and at least one pixel, off the center of the theoretical field. A
causal axis, along which the past is seen on purpose, is left out.

## Why it matters

The index answers for another place than the one that its position stands for: boxes, heat maps and masks that are
mapped back by geometry are shifted. Training can bring this about by labels that were shifted themselves.

## Flagged

Of nine weights only the last one counts, so that y shows what is one row below and one column to the right:

    [tool.strideinspect]
    erf = true

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,11,11] x) => (float[1,1,11,11] y) <float[1,1,3,3] w = {0, 0, 0, 0, 0, 0, 0, 0, 1}> {
      y = Conv <pads = [1, 1, 1, 1]> (x, w)
    }

## Clean

    [tool.strideinspect]
    erf = true

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,11,11] x) => (float[1,1,11,11] y) <float[1,1,3,3] w = {0, 1, 0, 1, 4, 1, 0, 1, 0}> {
      y = Conv <pads = [1, 1, 1, 1]> (x, w)
    }

## What to do

Compare inputs and labels of the training for a shift. Where it is meant, map positions back to the center of mass.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.bounds import by_input
from strideinspect.rules.causal_axes import causal
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.spelling import listed, measured, place_text, plural, point_noun

if TYPE_CHECKING:
    from strideinspect.results.effective_field import EffectiveField
    from strideinspect.results.effective_parts import EffectiveInput
    from strideinspect.rules.inspection import Inspection


@rule("alignment", Severity.NOTE)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per output and input."""
    for sight in inspection.effective:
        if sight.field is None or sight.reason:
            continue
        at = sight.field.at
        for seen in sight.field.inputs:
            off = _off_center(inspection, sight.field, seen)
            if off:
                cell = place_text(at.tensor, at.shape, at.indices)
                parts = [f"{_distance(by, len(seen.axes))} it along axis {axis}" for axis, by in off]
                yield Draft(
                    f"what moves {cell} lies to one side of its center in {seen.name}: in the mean {listed(parts)}",
                    "compare inputs and labels of the training for a shift, or map positions back to the center of "
                    "mass that strideinspect erf shows",
                    tensor=sight.output,
                    input=seen.name,
                    axes=tuple(axis for axis, _ in off),
                    written_by=sight.output,
                )


def _distance(by: float, rank: int) -> str:
    far = measured(abs(by))
    return f"{far} {plural(point_noun(rank), 1 if far == '1' else 2)} {'after' if by > 0 else 'before'}"


def _off_center(inspection: Inspection, field: EffectiveField, seen: EffectiveInput) -> list[tuple[int, float]]:
    """The axes along which the mass lies to one side, and how far."""
    fields = by_input(inspection.analysis.tensor(field.at.tensor))[seen.name]
    past = {one.axis for one in fields if causal(one, fields)}
    sides = zip(seen.axes, seen.centroid, seen.center, seen.sigma, strict=True)
    return [
        (axis, mass - center)
        for axis, mass, center, sigma in sides
        if axis not in past and abs(mass - center) >= max(1, sigma)
    ]
