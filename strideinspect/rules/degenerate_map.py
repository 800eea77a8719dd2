"""A map has been reduced to a single index before further windows, or is empty.

## What it does

Warns about kernels larger than 1 on a map of size 1 that strided or unpadded windows have reduced to this size. Axes
that were pooled globally, or that had size 1 from the start, are not reported. An empty map is an error.

## Why it is bad

On a 1×1 map, a 3×3 kernel uses one of its nine weights. An empty map cannot be computed.

## Flagged

A warning: four rows are reduced to two and then to one, and a third 3×3 kernel runs on the single row.

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,4,4] x) => (float[1,1,1,1] y) <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
      half = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, w)
      one = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (half, w)
      y = Conv <pads = [1, 1, 1, 1]> (one, w)
    }

An error: a kernel of size 5 does not fit into two rows.

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,4,4] x) => (float[1,1,h,w] y) {
      half = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
      y = MaxPool <kernel_shape = [5, 5]> (half)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x) => (float[1,1,2,2] y) <float[1,1,3,3] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
      half = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, w)
      quarter = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (half, w)
      y = Conv <pads = [1, 1, 1, 1]> (quarter, w)
    }

## What to do

Use a larger input or fewer strides.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Finding, Severity
from strideinspect.rules.registry import rule
from strideinspect.rules.wording import by

if TYPE_CHECKING:
    from strideinspect.rules.inspection import Inspection


@rule("model", Severity.ERROR)
def check(inspection: Inspection) -> Iterator[Finding]:
    """One finding per node."""
    for window in inspection.windows:
        shrunk = inspection.shrunk_axes(window)
        if shrunk and window.input_shape is not None:
            size = by([window.input_shape[axis] for axis in window.spatial_axes])
            yield Finding(
                rule="degenerate-map",
                severity=Severity.WARNING,
                message=f"{window.op} {window.label} slides a {by(window.kernel)} window over a map shrunk to {size}",
                help="use a larger input, or fewer strides before it",
                node=window.name or None,
                output=window.output,
                axes=shrunk,
                source=window.source,
            )
    for problem in inspection.problems:
        if problem.trouble.value == "empty":
            node = problem.node
            yield Finding(
                rule="degenerate-map",
                severity=Severity.ERROR,
                message=f"{node.op} {node.label}: {problem.text}",
                help="use a larger input, or fewer strides before it",
                node=node.name or None,
                output=node.key,
                source=inspection.code(node),
            )
