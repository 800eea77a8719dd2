"""A size that is baked into the model does not fit this input size.

## What it does

Reports the Reshape, Gemm or other node that cannot run, with its numbers. What lies behind it cannot be computed; the
rest of the report stays. Reports also a node that runs at no size: tf2onnx writes negative pads for a transposed
convolution with a kernel smaller than its stride, and models of opset 12 and less that were quantised per channel have
a DequantizeLinear with an axis, which it got in opset 13.

## Why it is bad

The model cannot run at this size.

## Flagged

The head was made for 4×4 maps, at this size they are 5×5:

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,10,10] x) => (float[1,16] y) {
      map = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
      flat = Constant <value_ints = [1, 16]> ()
      y = Reshape (map, flat)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x) => (float[1,16] y) {
      map = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
      flat = Constant <value_ints = [1, 16]> ()
      y = Reshape (map, flat)
    }

## What to do

Use the size that the model was exported for, or export it with a head that fits (global pooling).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


HELP = {
    "head": "use the size that the model was exported for, or export it again for this size",
    "broken": "no input size helps: change this layer, or export the model in another way",
}
"""By the kind of trouble."""


@rule("model", Severity.ERROR)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per node."""
    for problem in inspection.analysis.problems:
        if problem.trouble.value in HELP:
            node = problem.node
            yield Draft(f"{node.op} {node.label}: {problem.text}", HELP[problem.trouble.value], node=node.key)
