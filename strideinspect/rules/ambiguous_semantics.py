"""The standard, the ONNX library and onnxruntime give different numbers for a node at this size.

## What it does

Compares, where they are known to part (rounding up, SAME padding, pools wider than their map, scales that are no whole
numbers), the output shape that onnxruntime computes with the ones of the standard's formula and of the ONNX library's
shape inference, and reports SAME windows smaller than their stride, whose "negative padding" onnxruntime crops off the
front. The report goes on
with what onnxruntime runs.

## Why it is bad

Another runtime, or a compiler that believes the library's shapes, will read other pixels or fail.

## Flagged

    <ir_version: 8, opset_import: ["": 12]>
    agraph (float[1,1,5] x) => (float[1,1,4] y) {
      y = MaxPool <kernel_shape = [2], dilations = [2], auto_pad = "SAME_UPPER"> (x)
    }

## Clean

    <ir_version: 8, opset_import: ["": 12]>
    agraph (float[1,1,5] x) => (float[1,1,5] y) {
      y = MaxPool <kernel_shape = [2], auto_pad = "SAME_UPPER"> (x)
    }

## What to do

Write the padding out (`pads`), and give a Resize its `sizes`.

## References

- SAME padding with dilation: [onnxruntime#20582](https://github.com/microsoft/onnxruntime/issues/20582)
- Rounding up: [onnx#5711](https://github.com/onnx/onnx/issues/5711),
  [onnxruntime#10083](https://github.com/microsoft/onnxruntime/issues/10083)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import by, listed

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("runtime", Severity.ERROR)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per node."""
    from strideinspect.model.ambiguity import outcomes  # imports onnx, which the list of rules does not need

    shapes = inspection.analysis.shapes
    for node in shapes.nodes:
        differing = outcomes(shapes, node)
        if differing:
            texts = [f"{who} {by(what) if isinstance(what, tuple) else what}" for who, what in differing.items()]
            yield Draft(
                f"{node.op} {node.label}: ONNX, its shape inference and onnxruntime disagree at this size: "
                f"{listed(texts)}",
                "write the sizes out: pads instead of auto_pad, sizes instead of scales",
                node=node.key,
            )
