"""The downsampling ladder: how the map shrinks, in which layers, and what they cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from msgspec import Struct

from strideinspect import spelling
from strideinspect.report import number_text
from strideinspect.report.layout import (
    Column,
    Line,
    Segment,
    Style,
    fitting,
    flow,
    hang,
    table,
)
from strideinspect.results.report import LadderStep, Report, WindowNode

COLUMNS = (
    Column("map"),
    Column("stride", right=True),
    Column("layer", elastic=True, floor=18),
    Column("trainable", brief="train"),
    Column("params", right=True),
    Column("mult-adds", right=True, brief="MACs"),
    Column("dropped", brief="drop"),
    Column("skipped", brief="skip"),
)


MOST_BRANCHES = 5
"""So many branches are shown: those of a pyramid, and not every exchange between the branches of an HRNet."""

MOST_KINDS = 4
"""From so many kinds of windows on a step gives only their number."""


class StepNodes(Struct, frozen=True):
    """A step with its window nodes."""

    step: LadderStep
    windows: Sequence[WindowNode]

    @property
    def leading(self) -> WindowNode | None:
        """The node with the largest kernel represents the step: a 1×1 shortcut skips pixels that its 3×3 reads."""
        return max(self.windows, key=lambda node: node.kernel, default=None)

    @property
    def label(self) -> str:
        """What stands on the way from map to map: `Conv 7×7/2`, `2 × Conv 3×3`; operators where there is no window."""
        return number_text.window(self.leading) if self.leading and self.strided else ", ".join(self.kinds(brief=False))

    @property
    def strided(self) -> bool:
        """Whether a window of it has a stride; its windows then stand beside each other, not one after the other."""
        return any(max(node.stride) > 1 for node in self.windows)

    @property
    def trainable(self) -> str:
        """Whether its windows have weights: yes, no or partly."""
        learned = {node.learned for node in self.windows}
        return "partly" if len(learned) > 1 else "yes" if learned == {True} else "no"

    def kinds(self, *, brief: bool) -> tuple[str, ...]:
        """Its windows, equal ones once: `Conv 3×3/2`, `Conv 1×1/2`; `2 × Conv 3×3` where they follow each other."""
        counts = Counter(number_text.window(node, brief=brief) for node in self.windows)
        if self.strided or not counts:
            return (*counts,) or self.step.operators
        if len(counts) >= MOST_KINDS:
            return (spelling.count(len(self.windows), "layer"),)
        return tuple(label if number == 1 else f"{number} × {label}" for label, number in counts.items())


def render(report: Report, width: int) -> Iterator[Line]:
    """For each input the ladder, a line per branch, wrapped between steps, and a table of its steps.

    Inputs whose maps change alike share one. Nothing where the map never changes.
    """
    alike: dict[tuple[object, ...], tuple[list[str], list[StepNodes]]] = {}
    for name, group in groupby(steps_of(report), key=lambda item: item.step.input):
        found = [*group]
        first = found[0].step.branch  # branches are counted on from input to input
        key = tuple((s.step.branch - first, s.step.start, s.label, *_row(s, brief=False)) for s in found)
        alike.setdefault(key, ([], found))[0].append(name)
    several = len({step.input for step in report.ladder}) > 1
    for number, (names, shown) in enumerate(alike.values()):
        steps = shown
        if number:
            yield ()
        square = all(_square(item.step.size) and _square(item.step.start) for item in steps)
        branches = [[*branch] for _, branch in groupby(steps, key=lambda item: item.step.branch)]
        for index, branch in enumerate(branches[:MOST_BRANCHES]):
            title = f"{spelling.listed(names)}: " if several and not index else ""
            yield from _line(title, branch, width, square=square, main=not index)
        if len(branches) > MOST_BRANCHES:
            text = f"{spelling.count(len(branches) - MOST_BRANCHES, 'further branch')}; --format json lists them"
            yield from hang((), text, width, style=Style.DIM)
            steps = [item for branch in branches[:MOST_BRANCHES] for item in branch]
        yield ()
        variants = ((False, None), (True, None), (True, width))
        tables = (table(COLUMNS, [_row(item, brief=b) for item in steps], limit) for b, limit in variants)
        yield from fitting(width, *tables)


def steps_of(report: Report) -> list[StepNodes]:
    """The steps of the ladder with their window nodes."""
    windows = {node.output: node for node in report.nodes}
    return [StepNodes(step, [windows[output] for output in step.nodes]) for step in report.ladder]


def _line(title: str, steps: Sequence[StepNodes], width: int, *, square: bool, main: bool) -> Iterator[Line]:
    """`224 ─ Conv 7×7/2 ▸ 112 ─ MaxPool 3×3/2 ▸ 56`; square maps by one number."""

    def size(numbers: tuple[int, ...]) -> str:
        return spelling.shape_text(numbers[:1] if square else numbers)

    pieces = [title + size(steps[0].step.start), *(f" ─ {item.label} ▸ {size(item.step.size)}" for item in steps)]
    for text in flow(pieces, width, indent=4):
        yield (Segment(text, Style.STRONG if main else Style.PLAIN),)


def _square(size: Sequence[int]) -> bool:
    return len(set(size)) == 1


def _row(item: StepNodes, *, brief: bool) -> tuple[str, ...]:
    step, windows = item.step, item.windows
    return (
        spelling.shape_text(step.size),
        stride(step) or spelling.NONE,
        ", ".join(item.kinds(brief=brief)),
        item.trainable,
        total([node.parameters for node in windows]),
        total([node.macs for node in windows]),
        *number_text.losses(None if item.leading is None else item.leading.dropped, brief=brief),
    )


def stride(step: LadderStep) -> str:
    """The effective stride, empty for a map of one index, which has no neighbour to be a stride away."""
    number = number_text.once([*map(number_text.fraction, step.stride)])
    return "" if set(step.size) == {1} else f"{number} on average" if step.averaged else number


def total(numbers: Sequence[int | None]) -> str:
    """The sum; a dash where a part is unknown, or where there is nothing to count."""
    known = [number for number in numbers if number is not None]
    total = sum(known)
    return number_text.magnitude(total) if total and len(known) == len(numbers) else spelling.NONE
