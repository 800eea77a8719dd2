"""The downsampling ladder: how the map shrinks, in which layers, and what they cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from strideinspect import spelling
from strideinspect.report import number_text
from strideinspect.report.layout import (
    Column,
    Line,
    Segment,
    Style,
    fitting,
    flow,
    table,
)
from strideinspect.results.report import LadderStep, Report, WindowNode

COLUMNS = (
    Column("map"),
    Column("stride", right=True),
    Column("layer", elastic=True, floor=18),
    Column("trainable"),
    Column("params", right=True),
    Column("mult-adds", right=True),
    Column("dropped"),
    Column("skipped"),
)


WindowsOfStep = tuple[LadderStep, Sequence[WindowNode]]


def render(report: Report, width: int) -> Iterator[Line]:
    """For each input the ladder in one line, wrapped between steps, and a table of its steps.

    Nothing where no window node downsamples.
    """
    by_output = {node.output: node for node in report.nodes}
    steps: list[WindowsOfStep] = [(step, [by_output[output] for output in step.nodes]) for step in report.ladder]
    spatial = [i for i in report.inputs if i.spatial_axes]
    started = False
    for i in spatial:
        own = [step for step in steps if _leading(step[1]).fields[0].input == i.name]
        if not own:
            continue
        if started:
            yield ()
        started = True
        yield from _line(
            f"{i.name}: " if len(spatial) > 1 else "", number_text.spatial(i.shape, i.spatial_axes), own, width
        )
        yield ()
        variants = ((False, None), (True, None), (True, width))
        tables = (table(COLUMNS, [_row(*step, brief=b) for step in own], limit) for b, limit in variants)
        yield from fitting(width, *tables)


def _line(title: str, start: str, steps: Sequence[WindowsOfStep], width: int) -> Iterator[Line]:
    sizes = [start, *(spelling.shape_text(rung.size) for rung, _ in steps)]
    if all(_square(size) for size in sizes):
        sizes = [size.partition("×")[0] for size in sizes]
    pieces = [
        title + sizes[0],
        *(
            f" ─ {number_text.window(_leading(nodes))} ▸ {size}"
            for (_, nodes), size in zip(steps, sizes[1:], strict=True)
        ),
    ]
    for text in flow(pieces, width, indent=4):
        yield (Segment(text, Style.STRONG),)


def _square(size: str) -> bool:
    return len(set(size.split("×"))) == 1


def _leading(nodes: Sequence[WindowNode]) -> WindowNode:
    """The node with the largest kernel represents the step: pixels that a 1×1 shortcut skips are read by the 3×3."""
    return max(nodes, key=lambda node: node.kernel)


def _row(rung: LadderStep, nodes: Sequence[WindowNode], *, brief: bool) -> tuple[str, ...]:
    trainable = {node.learned for node in nodes}
    labels = dict.fromkeys(number_text.window(node) for node in nodes)
    return (
        spelling.shape_text(rung.size),
        number_text.once([number_text.fraction(stride) for stride in rung.stride]),
        ", ".join(labels),
        "partly" if len(trainable) > 1 else "yes" if trainable == {True} else "no",
        _total([node.parameters for node in nodes]),
        _total([node.macs for node in nodes]),
        *number_text.losses(_leading(nodes).dropped, brief=brief),
    )


def _total(numbers: Sequence[int | None]) -> str:
    """The sum; a dash where a part is unknown, or where there is nothing to count."""
    known = [number for number in numbers if number is not None]
    total = sum(known)
    return number_text.magnitude(total) if total and len(known) == len(numbers) else spelling.NONE
