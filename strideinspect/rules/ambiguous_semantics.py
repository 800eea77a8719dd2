"""ONNX, its shape inference and onnxruntime disagree about a node at this input size.

## What it does

Compares the output shape that onnxruntime computes with the formula of the ONNX standard and with the shape inference
of the ONNX library, in the cases where they are known to differ: rounding up (`ceil_mode`, also with VALID padding,
which the standard never rounds up), SAME padding, pooling windows larger than their map, and non-integer Resize scales.
It also reports SAME windows that are smaller than their stride, where onnxruntime applies the resulting negative
padding by cropping the beginning, and a Resize whose map keeps its size although a scale is not 1: onnxruntime copies
the map, the standard reads other indices. All other results in the report follow onnxruntime.

## Why it is bad

Another runtime, or a compiler that relies on inferred shapes, reads different pixels or fails.

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

The help names attributes that the node has: write explicit padding (`pads`) instead of `auto_pad` or `ceil_mode`, and
give a Resize its `sizes` instead of `scales`.

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
from strideinspect.rules.size_advice import smallest_size
from strideinspect.spelling import by_axes, listed, spans

if TYPE_CHECKING:
    from strideinspect.model.node import Node
    from strideinspect.rules.inspection import Inspection


@rule("runtime", Severity.ERROR)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per node."""
    from strideinspect.model.spelled_out import spelled_out  # imports onnx, which the list of rules does not need
    from strideinspect.reads.resizing import copied

    shapes = inspection.analysis.shapes
    for key, differing in inspection.ambiguous.items():
        node = inspection.analysis.nodes[key]
        texts = [f"{who} {by_axes(what) if isinstance(what, tuple) else what}" for who, what in differing.items()]
        yield Draft(
            f"{node.op} {node.label}: ONNX, its shape inference and onnxruntime disagree at this size: {listed(texts)}",
            spelled_out(node, shapes.geometries.get(key), _larger(inspection, node)),
            node=key,
            cause=inspection.cause_at(key),
        )
    for node in inspection.analysis.nodes.values():
        copy = copied(shapes.placed(node)) if node.op in ("Resize", "Upsample") and node.key in shapes.shapes else None
        if copy is not None:
            read = f"indices {spans([copy.standard])}" if copy.standard[0] < copy.standard[1] else copy.standard[0]
            yield Draft(
                f"{node.op} {node.label}: its map keeps its size, so that onnxruntime copies it; by the standard index "
                f"{copy.output_index} of axis {copy.axis} reads {f'index {read}' if isinstance(read, int) else read}, "
                f"and {copy.differing} of {copy.length} indices read others than their own",
                f"leave it out to keep the copy, or give it a scale of 1 along axis {copy.axis}",
                node=node.key,
                axes=(copy.axis,),
            )


def _larger(inspection: Inspection, node: Node) -> str:
    """The advice to use a larger input, for a pool that is wider than its padded map; for others it is not needed."""
    geometry = inspection.analysis.shapes.geometries.get(node.key)
    if geometry is None or all(w.extent <= w.length + w.begin + w.end for w in geometry.windows):
        return "use a larger input"
    return smallest_size(inspection, node) or "use a larger input"
