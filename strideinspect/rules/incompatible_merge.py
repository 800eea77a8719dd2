"""Branches that are merged by a Concat or an elementwise operator have incompatible shapes at this size.

## What it does

Reports the merge with the shapes of its branches. Nodes after it cannot be analysed; the rest of the report is
complete.

## Why it is bad

The model cannot run at this input size. A typical case is a U-Net whose skip connections meet maps that were halved
and doubled: its input size must be a multiple of its downsampling factor.

## Flagged

Seven rows are halved to three and then doubled to six:

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,7,7] x) => (float[1,2,h,w] y) <float[1,1,2,2] w = {1, 1, 1, 1}> {
      half = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
      whole = ConvTranspose <strides = [2, 2]> (half, w)
      y = Concat <axis = 1> (x, whole)
    }

## Clean

    <ir_version: 8, opset_import: ["": 18]>
    agraph (float[1,1,8,8] x) => (float[1,2,8,8] y) <float[1,1,2,2] w = {1, 1, 1, 1}> {
      half = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)
      whole = ConvTranspose <strides = [2, 2]> (half, w)
      y = Concat <axis = 1> (x, whole)
    }

## What to do

Use an input size that is a multiple of the model's stride, or pad or crop before the merge.

## References

- On the choice of the tile size of a U-Net: U-Net: Convolutional Networks for Biomedical Image Segmentation
  ([arXiv:1505.04597](https://arxiv.org/abs/1505.04597))
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
    from strideinspect.results.size_rules import SizeRule
    from strideinspect.rules.inspection import Inspection


_OTHERWISE = "give both branches the same size, or pad or crop before the merge"


@rule("model", Severity.ERROR)
def check(inspection: Inspection) -> Iterator[Draft]:
    """One finding per merge."""
    misfits = [problem for problem in inspection.analysis.problems if problem.trouble.value == "merge"]
    advice = _help(inspection.analysis) if misfits and inspection.advises else ""
    for problem in misfits:
        node = problem.node
        yield Draft(f"{node.op} {node.label}: {problem.text} at this input size", advice or _OTHERWISE, node=node.key)


def _help(analysis: Analysis) -> str:
    """The sizes at which the model runs, by the study of its sizes; empty if there is no rule for them."""
    from strideinspect.studies.model_sizes import running, sizes_that_run  # imports numpy

    base = running(analysis)
    rules = {
        (given.name, axis): sizes_that_run(base, given.name, axis, given.shape[axis])
        for given in analysis.inputs
        for axis in given.spatial_axes
    }
    if not rules or any(found.step is None for found in rules.values()):
        return ""
    near: list[list[int]] = [[], []]
    for (name, axis), found in rules.items():
        now = analysis.sizes[name][axis]
        for sizes, other in zip(near, (found.below, found.above), strict=True):
            size = now if _holds(found, now) else other
            if size is not None:
                sizes.append(size)
    texts = [by_axes(sizes) if len(set(sizes)) > 1 else str(sizes[0]) for sizes in near if len(sizes) == len(rules)]
    such_as = f", such as {' or '.join(dict.fromkeys(texts))}" if texts else ""
    distinct = list(dict.fromkeys(filter(None, map(_said, rules.values()))))
    return f"use sizes {' and '.join(distinct)}{such_as}" if distinct else ""


def _holds(rule: SizeRule, size: int) -> bool:
    """Whether a size follows the rule."""
    above = rule.smallest is not None and size >= rule.smallest
    return bool(rule.step and above and size % rule.step in rule.remainders)


def _said(rule: SizeRule) -> str:
    """`that are multiples of 8`, `8·k + 3`; empty where every size runs."""
    if rule.step == 1:
        return ""
    return f"that are multiples of {rule.step}" if rule.remainder == 0 else f"{rule.text}"
