"""No output depends on some rows or columns of the image.

## What it does

Reports the indices of a graph input that affect no graph output, and the nodes at which they are lost.

## Why it is bad

The content of the image at these positions has no effect. AlexNet at 224×224 ignores the last five rows and columns;
it was designed for 227×227.

## Flagged

The first pooling drops row 10 of 11; the second drops row 4 of 5, which is computed from rows 8 and 9:

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,11,11] x) => (float[1,1,2,2] y) {
      half = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
      y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (half)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,12,12] x) => (float[1,1,3,3] y) {
      half = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
      y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (half)
    }

## What to do

Use the nearest input size at which no pixel is lost, or pad the end of the image by the same number.

A Slice, a Gather or a Resize usually omits pixels on purpose: what only such nodes lose is a note. Ignore the rule for
the model or, if the export names layers, for that layer:

    [tool.strideinspect.per-node-ignores]
    "preprocessing.crop*" = ["unseen-input"]

    [[tool.strideinspect.files]]
    path = "exports/cropped*.onnx"
    ignore = ["unseen-input"]
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from strideinspect.results.report import Severity
from strideinspect.rules.draft import Draft
from strideinspect.rules.registry import rule
from strideinspect.rules.size_advice import SizeAdvice, advice_for
from strideinspect.spelling import axes_nouns, input_noun, listed, percent, spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strideinspect.rules.causes import Cause
    from strideinspect.rules.inspection import Inspection


@rule("coverage", Severity.WARNING)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per input and set of rows or columns."""
    for lost in inspection.lost_pixels:
        given, axes, ranges, causes = lost.given, lost.axes, lost.ranges, lost.causes
        positions = [given.spatial_axes.index(axis) for axis in axes]
        count = sum(b - a + 1 for a, b in ranges)
        kept = (1 - count / given.shape[axes[0]]) ** len(axes)
        trailing = len(ranges) == 1 and ranges[0][1] == given.shape[axes[0]] - 1
        advice = advice_for(inspection, given.name, axes, "unseen") if trailing else None
        where = (
            f"; lost at {listed([cause.text for cause in causes])}{_ends(causes) if trailing else ''}" if causes else ""
        )
        yield Draft(
            f"{axes_nouns(positions, len(given.spatial_axes), count)} {spans(ranges)} of {given.name} "
            f"{'reaches' if count * len(axes) == 1 else 'reach'} no output: "
            f"{f'the last {count} of {given.shape[axes[0]]:,}, ' if trailing and count > 1 else ''}"
            f"{percent(1 - kept)} of every {input_noun(len(given.spatial_axes))}{where}",
            _help(advice, causes),
            input=given.name,
            axes=axes,
            ranges=ranges,
            pixels=count,
            sizes=advice.sizes if advice else (),
            written_by=causes[0].node.key if causes else None,  # the first of the nodes that lose them
            severity=Severity.NOTE if causes and not any(cause.window for cause in causes) else None,
            cause=lost.cause,
        )


def _ends(causes: Sequence[Cause]) -> str:
    """Why windows lose the end of a map; empty where other nodes do."""
    if not all(cause.window for cause in causes):
        return ""
    return f", whose last {'windows do' if len(causes) > 1 else 'window does'} not reach the end of the map"


def _help(advice: SizeAdvice | None, causes: Sequence[Cause]) -> str:
    """Size advice for pixels lost at windows; a hint to ignore the rule where a Slice or the like omits them.

    A window never omits pixels on purpose; other operators usually do, unless a window loses pixels too.
    """
    ops = list(dict.fromkeys(cause.node.op for cause in causes if not cause.window))
    if not ops or (advice and any(cause.window for cause in causes)):
        return advice.text if advice else ""
    if advice and not advice.sizes:
        advice = None  # no other size helps, and it need not: what is left out may be meant to be
    who = f"the {ops[0]} is" if len(ops) == 1 else f"{listed(ops)} are"
    meant = (
        f"if {who} meant to leave them out, ignore this rule for this model; see `strideinspect explain unseen-input`"
    )
    return f"{advice.text}; {meant}" if advice else meant
