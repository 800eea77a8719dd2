"""A declared shape differs from the computed shape.

## What it does

Compares the shapes that the file declares for its tensors and outputs with the shapes that the operators produce at
this input size.

## Why it is bad

Other runtimes, compilers and people rely on the declared shape. Runtimes are lenient and do not report the conflict.

## Flagged

Ten rows hold four windows, not five:

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,10,10] x) => (float[1,1,5,5] y) {
      y = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (x)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,10,10] x) => (float[1,1,4,4] y) {
      y = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (x)
    }

## What to do

Export the model again, or correct the declared shape.

## References

- What the checker lets pass: [onnx issue 5974](https://github.com/onnx/onnx/issues/5974)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.spelling import by_axes

if TYPE_CHECKING:
    from strideinspect.analysis import Analysis
    from strideinspect.model.node import Shape
    from strideinspect.rules.inspection import Inspection


@rule("model", Severity.ERROR)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per tensor."""
    for name, declared, computed in _conflicts(inspection.analysis):
        computes = inspection.analysis.producers.get(name)
        yield Draft(
            f"{name} is declared as {by_axes(declared)}; its shape is {by_axes(computed)}",
            "export the model again, or correct the declaration",
            node=computes.key if computes else None,
            tensor=name,
        )


def _conflicts(analysis: Analysis) -> Iterator[tuple[str, Shape, Shape]]:
    """Tensors whose declared shape differs from the computed one: name, declared, computed.

    At an input size other than the declared one, the declarations do not apply.
    """
    shapes = analysis.shapes
    for name, declared in analysis.network.declared.items() if not shapes.resized else ():
        computed = shapes.shapes.get(name)
        if computed is None or declared.dims is None or name in analysis.network.inputs:
            continue
        agree = len(declared.dims) == len(computed) and all(
            not isinstance(d, int) or d == c for d, c in zip(declared.dims, computed, strict=True)
        )
        if not agree:
            yield name, tuple(d if isinstance(d, int) else -1 for d in declared.dims), computed
