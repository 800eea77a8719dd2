"""A node is invalid at any input size.

## What it does

Reports nodes that cannot run whatever the input size is: an attribute that the operator does not have in the opset of
the model, a value that an attribute cannot have, inputs of the wrong type or with the wrong number of axes. Examples
are the negative padding that tf2onnx writes for transposed convolutions with a kernel smaller than the stride, and a
DequantizeLinear with an `axis` in models of opset 12 or lower (the attribute exists since opset 13). Nodes after it may
be left without an analysis; the rest of the report is complete.

## Why it is bad

No runtime can run the model.

## Flagged

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x) => (float[1,1,h,w] y) <float[1,1,2,2] w = {1, 1, 1, 1}> {
      y = ConvTranspose <strides = [3, 3], pads = [0, 0, -1, -1]> (x, w)
    }

A MaxPool over rows and columns needs four axes:

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[8,8] x) => (float[h,w] y) {
      y = MaxPool <kernel_shape = [2, 2]> (x)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x) => (float[1,1,24,24] y) <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
      y = ConvTranspose <strides = [3, 3]> (x, w)
    }

## What to do

Change this layer, or export the model with another version of the exporter or another opset.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.model.common_attributes import are_allowed
from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.spelling import listed

if TYPE_CHECKING:
    from strideinspect.model.node import Node
    from strideinspect.rules.inspection import Inspection


@rule("model", Severity.ERROR, any_size=True)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per node."""
    problems = {p.node.key: p.text for p in inspection.analysis.problems if p.trouble.value == "broken"}
    for node in inspection.analysis.nodes.values():
        text = problems.get(node.key) or _unknown_attributes(node)
        if text:
            yield Draft(
                f"{node.op} {node.label}: {text}",
                "no input size helps: change this layer, or export the model in another way",
                node=node.key,
            )


def _unknown_attributes(node: Node) -> str:
    """The attributes that a standard operator does not have in the model's opset; empty where there are none."""
    if node.domain or are_allowed(node.op, node.version, node.attributes):
        return ""
    import onnx  # the list of rules does not need it

    if not onnx.defs.has(node.op, node.version, node.domain):
        return ""
    schema = onnx.defs.get_schema(node.op, node.version, node.domain)
    unknown = [repr(name) for name in node.attributes if name not in schema.attributes]
    several = f"attributes {listed(unknown)}" if len(unknown) > 1 else f"attribute {listed(unknown)}"
    return f"in opset {node.version} the operator has no {several}" if unknown else ""
