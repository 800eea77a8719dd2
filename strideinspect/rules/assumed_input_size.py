"""The file leaves the size of an axis open, and the program chose one.

## What it does

Lists the axes of an input that have no fixed size in the file, and the size at which the model was inspected. It is
the one that the exporter wrote into the metadata, that another declared shape or a weight needs, or else a usual one:
several are tried until the model runs. Where it has warnings there, a few others are analysed, and the one with the
fewest is preferred. If it runs at none of them, this is said instead, and nothing that depends on the size is reported.

## Why it matters

Which pixels are dropped, and whether the model runs at all, depends on the input size. Findings at a size that the
program chose are warnings at most; where it chose the length of a signal, notes.

## Flagged

A dynamic batch axis is not reported; height and width are:

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[N,1,height,width] x) => (float[N,1,h,w] y) {
      y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[N,1,64,64] x) => (float[N,1,32,32] y) {
      y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
    }

## What to do

Set the size that the model will run at with `--input-shape`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import axes_listed
from strideinspect.spelling import by_axes

if TYPE_CHECKING:
    from strideinspect.results.report import Input
    from strideinspect.rules.inspection import Inspection


_ORIGINS = {
    "metadata": "the size in the exporter's metadata",
    "weight": "which the weights need",
    "state": "the batch of a recurrent state",
    "declared": "which another declared shape needs",
}
"""By where a size is from; a size that was tried needs no words."""


@rule("model", Severity.NOTE, any_size=True)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per input; a single one where the model runs at none of the sizes tried."""
    for given in inspection.analysis.inputs:
        if not given.assumed:
            continue
        several = len(given.assumed) > 1
        open_axes = (
            f"{axes_listed(given.assumed)} of input {given.name} {'have' if several else 'has'} no size in the model"
        )
        yield Draft(
            f"{open_axes}: {_found(inspection, given)}",
            f"give the real size: --input-shape {given.name}={','.join(map(str, given.shape))}",
            input=given.name,
            axes=given.assumed,
            sizes=tuple(given.shape[axis] for axis in given.assumed),
        )
        if inspection.refusal is not None:
            return


def _found(inspection: Inspection, given: Input) -> str:
    """At what size the input is inspected, and why at this one."""
    failed = inspection.failed_sizes
    if inspection.refusal is not None:
        tried = f"at none of the {len(failed)} sizes that were tried" if len(failed) > 1 else "not"
        return f"the model runs {tried} ({_some(failed)}); at {failed[0]}, {inspection.refusal}"
    origins: dict[str, list[int]] = {}
    for axis, origin in zip(given.assumed, given.origins, strict=True):
        origins.setdefault(origin, []).append(axis)
    whole = len(origins) == 1
    reasons = [
        _ORIGINS[origin] if whole else f"{axes_listed(axes)}: {_ORIGINS[origin]}"
        for origin, axes in origins.items()
        if origin in _ORIGINS
    ]
    if inspection.passed_over and "tried" in origins:
        reasons.append(f"where there are fewer findings than at {inspection.passed_over}")
    if failed and "tried" in origins:
        reasons.append(f"{'' if reasons else 'since '}it does not run at {_some(failed)}")
    return ", ".join((f"inspected at {by_axes(given.shape)}", *reasons[:1])) + "".join(f"; {r}" for r in reasons[1:])


def _some(shapes: Sequence[str]) -> str:
    """The first few shapes, and how many there are besides."""
    most = 4
    named = ", ".join(shapes[:most])
    return named + (f" and {len(shapes) - most} more" if len(shapes) > most else "")
