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

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.spelling import by_axes, shape_text

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("model", Severity.ERROR)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per tensor. At an input size other than the declared one, the declarations do not apply."""
    from strideinspect.model.declared_shapes import conflicts  # imports onnx

    shapes = inspection.analysis.shapes
    for conflict in () if shapes.resized else conflicts(shapes):
        name, declared, computed = conflict.name, conflict.declared, conflict.computed
        computes = inspection.analysis.producers.get(name)
        yield Draft(
            f"{name} is declared {_declared(declared)}; "
            + (f"its shape is {by_axes(computed)}" if computed else "it is a scalar"),
            "whoever allocates it by its declaration gets it wrong: export the model again, or correct the declaration",
            node=computes.key if computes else None,
            tensor=name,
            # An exporter that writes a number of axes which is wrong does so for every output.
            cause=None if conflict.same_rank else ("declared rank", len(declared)),
        )


def _declared(dims: Sequence[int | str | None]) -> str:
    """`as 1×seqlen`, with symbols as in the file; `a scalar` without axes, `a vector of 3` with one."""
    if len(dims) == 1:
        return f"a vector of {'unknown length' if dims[0] is None else dims[0]}"
    return f"as {shape_text(dims)}" if dims else "a scalar"
