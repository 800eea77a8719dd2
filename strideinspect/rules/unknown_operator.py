"""A receptive field passes through a node whose dependencies are unknown.

## What it does

Reports operators that select their input positions by values of the data (GridSample, RoiAlign), operators that
strideinspect does not know (custom domains), and loop bodies (Loop, Scan) with the window nodes in them, which are
not analysed. These nodes are assumed to depend on their whole input. For a standard operator that goes by values of
the data, this is a note.

## Why it is bad

Receptive fields after such a node are upper bounds instead of exact values.

## Flagged

The sampling positions are a second input:

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x, float[1,4,4,2] grid) => (float[1,1,4,4] y) {
      half = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
      y = GridSample (half, grid)
    }

An operator of a domain of one's own:

    <ir_version: 8, opset_import: ["": 18, "my.domain": 1]>
    agraph (float[1,1,8,8] x) => (float[1,1,4,4] y) {
      half = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
      y = my.domain.Smooth (half)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x) => (float[1,1,8,8] y) {
      half = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
      scales = Constant <value_floats = [1.0, 1.0, 2.0, 2.0]> ()
      y = Resize <mode = "linear"> (half, , scales)
    }

## What to do

Inspect the tensors before the node with `--tensor`; their fields are exact. How an operator of your own domain reads
can be declared in the configuration:

    [tool.strideinspect.operators]
    "my.domain:Smooth" = {reads = "elementwise"}
    "my.domain:FusedConv" = {reads = "like Conv"}

A package can describe any other operator (docs/extending.md).

## References

- [ONNX operator GridSample](https://onnx.ai/onnx/operators/onnx__GridSample.html)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("model", Severity.WARNING, any_size=True)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per operator of a domain, with all of its nodes."""
    from strideinspect.fields.unknown import unknown_reads  # imports numpy, which the list of rules does not need
    from strideinspect.model.bodies import windows_inside
    from strideinspect.reads.families import family_of
    from strideinspect.rules.control_inputs import decided_by_inputs

    analysis = inspection.analysis
    wait_for_values = {entry.node.key for entry in decided_by_inputs(analysis)}  # missing-input-value names these
    for node, reason in unknown_reads(analysis.shapes, analysis.reads, analysis.fields):
        if node.key in wait_for_values:
            continue
        known = node.key in analysis.shapes.shapes
        behind = "the fields after it are upper bounds" if known else "nothing is known of what comes after it"
        foreign = family_of(node) is None
        declare = "; declare how it reads under `operators` in the configuration" if foreign else ""
        text = reason.removeprefix(f"{node.op} {node.label!r}").removeprefix(f"the operator {node.op}")
        yield Draft(
            f"{node.op} {node.label}{text}",
            f"{behind}; --tensor shows the fields of the tensors before it{declare}",
            node=node.key,
            # A standard operator that goes by values of the data is understood: nothing is wrong with it.
            severity=None if foreign or any(windows_inside(node)) else Severity.NOTE,
            cause=("unknown-operator", node.domain, node.op, known),
        )
