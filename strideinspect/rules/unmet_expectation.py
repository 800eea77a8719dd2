"""A tensor does not have the expected values.

## What it does

Checks the assertions of `--expect` and of `expect` in the configuration. An assertion starts with the name of an
output or of any other tensor, node or layer (optional for a model with one output), followed by the expected values:
`size`, `first`, `last` and `center` of its theoretical local field in pixels of the input, `stride` in input pixels per
index, or its `shape`. One value applies to all axes; `size=427x213` has one per axis. Of an output that holds several
maps side by side, as detectors have, `out[0]` is the first one: `out[0]:stride=8`.

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

from collections.abc import Iterator
from fractions import Fraction
from itertools import cycle
from operator import eq
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity, TensorReport
from strideinspect.rules.bounds import by_input, once
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.spelling import by_axes, listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strideinspect.expectation import Expectation
    from strideinspect.rules.inspection import Inspection


@rule("budget", Severity.ERROR, any_size=True)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per assertion that does not hold."""
    outputs = inspection.analysis.outputs
    for expectation in inspection.settings.expect:
        name = expectation.tensor
        if not name and len(outputs) == 1:
            name = outputs[0].name
        found = inspection.analysis.find(name) or _scale(inspection, name)
        if len(found) != 1:
            yield _unmet(expectation, _why_not_one(inspection, name, found), None)
            continue
        (tensor,) = found
        for key, wanted in expectation.values:
            for where, values in _values(tensor, key):
                if _met(values, wanted):
                    continue
                actual = once([_text(value) for value in values]) if values else "unknown"
                reasons = [field.reason for field in tensor.fields if field.reason and None in values]
                reasons += [tensor.reason] if tensor.reason else []
                why = f" ({reasons[0]})" if reasons else ""
                expected = (once if len(wanted) == len(values) else by_axes)([_text(value) for value in wanted])
                message = f"{tensor.name}: its {key}{where} is {actual}{why}, not {expected}"
                any_size = key != "shape" and None not in values and bool(values)
                yield _unmet(expectation, message, tensor.name, any_size=any_size)


def _why_not_one(inspection: Inspection, name: str, found: Sequence[TensorReport]) -> str:
    outputs = inspection.analysis.outputs
    if found:
        return f"{name!r} stands for {len(found)} tensors, of which one is to be named: {_names(found)}"
    for tensor in _several(inspection, name):
        if tensor.scales:
            last = len(tensor.scales) - 1
            return f"there is no map {name!r}; {tensor.name} holds {tensor.name}[0] to {tensor.name}[{last}]"
    missing = f"there is no tensor, node or layer {name!r}" if name else "it does not say which output"
    return f"{missing}; the outputs are: {_names(outputs)}"


def _names(tensors: Sequence[TensorReport]) -> str:
    return listed([tensor.name for tensor in tensors])


def _scale(inspection: Inspection, name: str) -> Sequence[TensorReport]:
    """One of the maps of which a tensor is made, `out[0]`, as if it were a tensor by itself; nothing without it."""
    found = _several(inspection, name)
    index = name.removesuffix("]").rpartition("[")[2]
    scales = found[0].scales[int(index) :][:1] if len(found) == 1 else ()
    return [TensorReport(name, scale.grid, scale.fields) for scale in scales]


def _several(inspection: Inspection, name: str) -> Sequence[TensorReport]:
    """The tensors of which `out[0]` names a map."""
    whole, bracket, index = name.removesuffix("]").rpartition("[")
    return inspection.analysis.find(whole) if bracket and name.endswith("]") and index.isdecimal() else ()


def _met(values: Sequence[Fraction | int | None], wanted: Sequence[Fraction]) -> bool:
    """Whether all values are as expected: one expected value for all of them, or one for each."""
    return bool(values) and len(wanted) in (1, len(values)) and all(map(eq, values, cycle(wanted)))


def _values(tensor: TensorReport, key: str) -> Iterator[tuple[str, list[Fraction | int | None]]]:
    """The values of a key per graph input: the input as text, and one value per axis."""
    if key == "shape":
        yield "", [*(tensor.shape or ())]
        return
    fields = by_input(tensor)
    if not fields:
        yield "", []
    for name, own in fields.items():
        yield f" in {name}", [getattr(field, key) for field in own]


def _text(value: Fraction | int | None) -> str:
    return "undefined" if value is None else str(value)


def _unmet(expectation: Expectation, message: str, tensor: str | None, *, any_size: bool = True) -> Draft:
    return Draft(
        message,
        f"expected was {expectation.text!r}: find the change that caused it, or update the expectation",
        tensor=tensor,
        any_size=any_size,
    )
