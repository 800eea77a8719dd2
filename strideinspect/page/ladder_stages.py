"""The ladder as stages of a drawing: each map as a shape of its size, and the step that leads to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from msgspec import Struct

from strideinspect import spelling
from strideinspect.report import ladder_text, number_text
from strideinspect.report.ladder_text import StepNodes
from strideinspect.report.layout import printable
from strideinspect.results.report import Report

LARGEST, SMALLEST = 88.0, 3.0
"""Sides of the largest and of the smallest map in the drawing, in CSS pixels."""

FLAT = 10.0
"""Height of a map with one axis."""


class Stage(Struct, frozen=True):
    """A map: its size in words, the sides of its shape in CSS pixels, and its effective stride in words."""

    size: str
    width: float
    height: float
    stride: str


class Step(Struct, frozen=True):
    """What leads to a map: labels of its layers, what they hold and cost, what they leave out, and their numbers."""

    labels: tuple[str, ...]
    trainable: str
    cost: tuple[str, ...]
    lost: str
    nodes: tuple[int, ...]
    to: Stage


class LadderBranch(Struct, frozen=True):
    """One way through the network, under a title where there are several."""

    title: str
    start: Stage
    steps: tuple[Step, ...]


def branches(report: Report) -> list[LadderBranch]:
    """The first branches of each input; `further` says how many are left out."""
    numbers = {node.output: number for number, node in enumerate(report.nodes)}
    several = len({step.input for step in report.ladder}) > 1
    found = []
    for name, group in groupby(ladder_text.steps_of(report), key=lambda item: item.step.input):
        steps = [*group]
        largest = max(max(size[-2:]) for item in steps for size in (item.step.start, item.step.size))
        for number, items in groupby(steps, key=lambda item: item.step.branch):
            if number < ladder_text.MOST_BRANCHES:
                title = ", ".join([*([printable(name)] if several else []), *([f"branch {number}"] if number else [])])
                found.append(_branch(title, [*items], numbers, largest))
    return found


def further(report: Report) -> int:
    """How many branches are not shown."""
    shown = ladder_text.MOST_BRANCHES
    return sum(number >= shown for _, number in {(step.input, step.branch) for step in report.ladder})


def _branch(title: str, items: Sequence[StepNodes], numbers: dict[str, int], largest: int) -> LadderBranch:
    start = _stage(items[0].step.start, "", largest)
    return LadderBranch(title, start, tuple(_step(item, numbers, largest) for item in items))


def _stage(size: Sequence[int], stride: str, largest: int) -> Stage:
    sides = [max(SMALLEST, LARGEST * length / largest) for length in size[-2:]]
    height = sides[0] if len(sides) > 1 else FLAT
    return Stage(spelling.shape_text(size), sides[-1], height, stride)


def _step(item: StepNodes, numbers: dict[str, int], largest: int) -> Step:
    step, windows = item.step, item.windows
    parameters = ladder_text.total([node.parameters for node in windows])
    macs = ladder_text.total([node.macs for node in windows])
    costs = [f"{parameters} parameters" if parameters != spelling.NONE else ""]
    costs.append(f"{macs} multiply-adds" if macs != spelling.NONE else "")
    return Step(
        tuple(map(printable, item.kinds(brief=False))),
        item.trainable if windows else "",
        tuple(filter(None, costs)),
        "; ".join(_lost(item)),
        tuple(numbers[output] for output in step.nodes),
        _stage(step.size, ladder_text.stride(step), largest),
    )


def _lost(item: StepNodes) -> Iterator[str]:
    if item.leading is not None:
        dropped, skipped = number_text.losses(item.leading.dropped, brief=False)
        if dropped:
            yield f"drops {dropped}"
        if skipped:
            yield f"skips {skipped}"
