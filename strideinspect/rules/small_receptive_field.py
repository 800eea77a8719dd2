"""The receptive field of an output is smaller than the configured minimum.

## What it does

Compares the theoretical local field of every output, in pixels along each axis of an input, with
`min-receptive-field` under `budgets` in the configuration. For an output without positions (a classifier) its actual
extent is compared. An output that depends on the whole image is never reported.

## Why it is bad

An output cannot recognise objects that are larger than its receptive field.

## Flagged

Two 3×3 convolutions have a receptive field of 5 rows and columns:

    [tool.strideinspect.budgets]
    min-receptive-field = 6

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,16,16] x) => (float[1,1,12,12] y) {
      a = MaxPool <kernel_shape = [3, 3]> (x)
      y = MaxPool <kernel_shape = [3, 3]> (a)
    }

## Clean

Three of them have a receptive field of 7:

    [tool.strideinspect.budgets]
    min-receptive-field = 6

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,16,16] x) => (float[1,1,10,10] y) {
      a = MaxPool <kernel_shape = [3, 3]> (x)
      b = MaxPool <kernel_shape = [3, 3]> (a)
      y = MaxPool <kernel_shape = [3, 3]> (b)
    }

## What to do

Add layers, strides or dilation before this output, take it from a deeper layer, or lower the limit.

## References

- Araujo, Norris, Sim: [Computing Receptive Fields of Convolutional Neural
  Networks](https://distill.pub/2019/computing-receptive-fields/), Distill 2019
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.bounds import budgeted, by_input, once
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import axes_listed

if TYPE_CHECKING:
    from strideinspect.results.field import Field
    from strideinspect.rules.inspection import Inspection


@rule("field", Severity.ERROR, any_size=True)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per output and input."""
    for output, budget in budgeted(inspection):
        least = budget.min_receptive_field
        if least is None:
            continue
        for name, fields in by_input(output).items():
            small = [field for field in fields if _seen(field) < (least if field.size else min(least, field.extent))]
            if small:
                yield Draft(
                    f"output {output.name} sees {once([str(_seen(field)) for field in small])} pixels of "
                    f"{axes_listed([field.axis for field in small])} of {name}; at least {least} are required",
                    "enlarge the receptive field with larger kernels, strides or dilation before it, or lower "
                    "min-receptive-field",
                    tensor=output.name,
                    input=name,
                    axes=tuple(field.axis for field in small),
                    pixels=min(map(_seen, small)),
                )


def _seen(field: Field) -> int:
    """Size in pixels of the theoretical field, or of the largest actual one without a closed form."""
    return field.size or field.widest
