"""A tensor does not have the expected values.

## What it does

Checks the assertions of `--expect` and of `expect` in the configuration. An assertion starts with the name of an
output or of any other tensor or node (optional for a model with one output), followed by the expected values: `size`,
`first`, `last` and `center` of its theoretical local field in pixels of the input, `stride` in input pixels per
index, or its `shape`. One value applies to all axes; `size=427x213` has one per axis.

## Why it is bad

A change of the model has changed what its output depends on.

## Flagged

Two 3×3 convolutions with stride 2 have a receptive field of 7 pixels:

    [tool.strideinspect]
    expect = ["y:size=5,stride=4"]

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,15,15] x) => (float[1,1,3,3] y) {
      a = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (x)
      y = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (a)
    }

## Clean

    [tool.strideinspect]
    expect = ["y:size=7,stride=4,shape=1x1x3x3"]

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,15,15] x) => (float[1,1,3,3] y) {
      a = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (x)
      y = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (a)
    }

## What to do

Find the change that caused this, or update the expected values if it is intended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import cycle
from operator import eq
from typing import TYPE_CHECKING

from strideinspect.expectation import Expectation
from strideinspect.results.report import Finding, Severity, TensorReport
from strideinspect.rules.bounds import by_input, once
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import by, listed

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("budget", Severity.ERROR)
def check(inspection: Inspection) -> Iterator[Finding]:
    """One finding per assertion that does not hold."""
    for expectation in inspection.settings.expect:
        name = expectation.tensor
        if not name and len(inspection.outputs) == 1:
            name = inspection.outputs[0].name
        tensor = inspection.tensor(name)
        if tensor is None:
            outputs = listed([output.name for output in inspection.outputs])
            missing = f"there is no tensor or node {name!r}" if name else "it names no output"
            yield _unmet(expectation, f"{missing}; the outputs are: {outputs}", None)
            continue
        for key, wanted in expectation.values:
            for where, found in _found(tensor, key):
                if _met(found, wanted):
                    continue
                told = once([_told(value) for value in found]) if found else "not known"
                reasons = [field.reason for field in tensor.fields if field.reason and None in found]
                why = f" ({reasons[0]})" if reasons else ""
                expected = (once if len(wanted) == len(found) else by)([_told(value) for value in wanted])
                yield _unmet(
                    expectation, f"{tensor.name}: its {key}{where} is {told}{why}, not {expected}", tensor.name
                )


def _met(found: Sequence[Fraction | int | None], wanted: Sequence[Fraction]) -> bool:
    """Whether all values are as wanted: one for all of them, or one for each."""
    return bool(found) and len(wanted) in (1, len(found)) and all(map(eq, found, cycle(wanted)))


def _found(tensor: TensorReport, key: str) -> Iterator[tuple[str, list[Fraction | int | None]]]:
    """What there is of a key, per graph input: the input in words, and a value per axis."""
    if key == "shape":
        yield "", [*(tensor.shape or ())]
        return
    fields = by_input(tensor)
    if not fields:
        yield "", []
    for name, own in fields.items():
        yield f" in {name}", [getattr(field, key) for field in own]


def _told(value: Fraction | int | None) -> str:
    return "undefined" if value is None else str(value)


def _unmet(expectation: Expectation, message: str, output: str | None) -> Finding:
    return Finding(
        rule="unmet-expectation",
        severity=Severity.ERROR,
        message=message,
        help=f"expected is {expectation.text!r}: find the change that did it, or expect the new values",
        output=output,
    )
