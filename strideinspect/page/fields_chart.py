"""Receptive field against depth: theoretical and actual, per branch, with the size of the input as a line."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, structs

from strideinspect import spelling
from strideinspect.page import stride_colours, svg
from strideinspect.report.layout import printable
from strideinspect.results.field import Field
from strideinspect.results.report import Report, WindowNode

LEFT, RIGHT, TOP, BOTTOM = 52.0, 14.0, 14.0, 40.0
DOT = 3.5


class Point(Struct, frozen=True):
    """A window node along one axis: its depth, counted in window nodes, and what one index sees."""

    number: int
    depth: int
    theoretical: int
    actual: int


class Panel(Struct, frozen=True):
    """One axis of one input; axes along which all is the same share a panel."""

    title: str
    extent: int
    points: Sequence[Point]
    lines: Sequence[tuple[tuple[int, int], tuple[int, int]]]


def panels(report: Report) -> list[Panel]:
    """A panel per input and axis with a closed form somewhere."""
    depths = _depths(report)
    found: dict[object, Panel] = {}
    for given in report.inputs:
        rank = len(given.spatial_axes)
        for place, axis in enumerate(given.spatial_axes):
            fields = {node.output: _field(node, given.name, axis) for node in report.nodes}
            points = [
                Point(number, depths[node.output], field.size, field.widest)
                for number, node in enumerate(report.nodes)
                if (field := fields[node.output]) is not None and field.size is not None
            ]
            if not points:
                continue
            extent = given.shape[axis]
            key = (given.name, extent, tuple(points))
            nouns = spelling.plural(spelling.axis_nouns(rank)[place])
            if key in found:
                found[key] = structs.replace(found[key], title=f"{found[key].title} and {nouns}")
            else:
                lines = [*_lines(report, fields, depths)]
                found[key] = Panel(f"{printable(given.name)}: {nouns}", extent, points, lines)
    return [*found.values()]


def _field(node: WindowNode, input: str, axis: int) -> Field | None:
    return next((field for field in node.fields if (field.input, field.axis) == (input, axis)), None)


def _before(report: Report) -> dict[str, list[str]]:
    before: dict[str, list[str]] = {}
    for start, end in report.edges:
        before.setdefault(end, []).append(start)
    return before


def _depths(report: Report) -> dict[str, int]:
    """How many window nodes there are on the longest way to each node, itself included; merges count nothing."""
    before = _before(report)
    windows = {node.output for node in report.nodes}
    depths: dict[str, int] = {}
    waiting = [*windows, *(merge.output for merge in report.merges)]
    for key in waiting:
        stack = [key]
        while stack:
            top = stack[-1]
            missing = [key for key in before.get(top, ()) if key not in depths]
            if missing:
                stack.extend(missing)
                continue
            stack.pop()
            depths[top] = max((depths[key] for key in before.get(top, ())), default=0) + (top in windows)
    return depths


def _lines(
    report: Report, fields: Mapping[str, Field | None], depths: Mapping[str, int]
) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """The edges of the graph as lines from depth and size to depth and size; a merge has the largest size before it."""
    before = _before(report)
    sizes: dict[str, int] = {}
    order = sorted(depths, key=lambda key: (depths[key], key not in fields))
    for key in order:
        if key in fields:
            field = fields[key]
            if field is not None and field.size is not None:
                sizes[key] = field.size
    for merge in report.merges:
        known = [sizes[key] for key in before.get(merge.output, ()) if key in sizes]
        if known:
            sizes[merge.output] = max(known)
    lines = dict.fromkeys(
        ((depths[start], sizes[start]), (depths[end], sizes[end]))
        for start, end in report.edges
        if start in sizes and end in sizes
    )
    yield from (line for line in lines if line[0] != line[1])


def draw(
    report: Report,
    panel: Panel,
    width: float,
    height: float,
    link: str,
    titles: Sequence[str],
    reach: tuple[int, int] = (1, 1),
) -> svg.Element:
    """The chart at a width in CSS pixels; `link` is what the address of a node begins with.

    The axes reach at least to a depth and a size, so that charts beside each other can be compared.
    """
    top = max(panel.extent, reach[1], *(point.theoretical for point in panel.points))
    last = max(*(point.depth for point in panel.points), *(end[0] for _, end in panel.lines), reach[0])
    scale = _Scale(width, height, max(last, 2), math.log2(max(top, 2)) * 1.04)
    label = f"receptive field against depth, {panel.title}"
    root = svg.drawing(width, height, label=label, class_="chart")
    _grid(root, scale, panel, top)
    for (x1, y1), (x2, y2) in panel.lines:
        svg.element("line", root, x1=scale.x(x1), y1=scale.y(y1), x2=scale.x(x2), y2=scale.y(y2), class_="way")
    path = " ".join(f"{scale.x(depth):.1f},{scale.y(size):.1f}" for depth, size in widest(panel).items())
    svg.element("polyline", root, points=path, class_="actual")
    for point in panel.points:
        node = report.nodes[point.number]
        dot = svg.element("a", root, href=f"{link}{point.number}", class_="dot", tabindex=-1)
        words = f"{titles[point.number]}: receptive field {point.theoretical}, {point.actual} of {panel.extent} exist"
        svg.element("title", dot, text=words)
        step = stride_colours.css_class(stride_colours.step(node.fields))
        svg.element("circle", dot, cx=scale.x(point.depth), cy=scale.y(point.theoretical), r=DOT, class_=step)
    return root


def widest(panel: Panel) -> dict[int, int]:
    """The largest actual field at each depth, at least 1: the axis is a logarithm's."""
    sizes: dict[int, int] = {}
    for point in sorted(panel.points, key=lambda point: point.depth):
        sizes[point.depth] = max(sizes.get(point.depth, 1), point.actual)
    return sizes


class _Scale(Struct, frozen=True):
    """Depth to the right, the logarithm of the size upwards."""

    width: float
    height: float
    depth: int
    logarithm: float

    def x(self, depth: float) -> float:
        return LEFT + (self.width - LEFT - RIGHT) * (depth - 1) / (self.depth - 1)

    def y(self, size: float) -> float:
        return self.height - BOTTOM - (self.height - TOP - BOTTOM) * math.log2(size) / self.logarithm


def _grid(root: svg.Element, scale: _Scale, panel: Panel, top: int) -> None:
    right, floor = scale.width - RIGHT, scale.height - BOTTOM
    room = (scale.height - TOP - BOTTOM) / scale.logarithm
    every = max(1, math.ceil(22 / room))
    line = scale.y(panel.extent)
    for power in range(0, int(math.log2(top)) + 1, every):
        y = scale.y(2**power)
        svg.element("line", root, x1=LEFT, x2=right, y1=y, y2=y, class_="grid")
        if abs(y - line) > 13:
            svg.element("text", root, x=LEFT - 8, y=y + 4, text=f"{2**power:,}", class_="tick end")
    svg.element("line", root, x1=LEFT, x2=right, y1=line, y2=line, class_="extent")
    svg.element("text", root, x=LEFT - 8, y=line + 4, text=f"{panel.extent:,}", class_="tick end strong")
    svg.element("text", root, x=LEFT + 6, y=line - 5, text="size of the input", class_="tick")
    ticks = _ticks(scale.depth, int((right - LEFT) / 48))
    for depth in ticks:
        svg.element("text", root, x=scale.x(depth), y=floor + 17, text=str(depth), class_="tick middle")
    middle = (LEFT + right) / 2
    words = "depth: convolutions and poolings on the way"
    svg.element("text", root, x=middle, y=floor + 34, text=words, class_="tick middle")


def _ticks(last: int, most: int) -> list[int]:
    """Depths to write: 1 and multiples of a round number."""
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10**6) if last / step <= max(2, most))
    return [1, *(depth for depth in range(step, last + 1, step) if depth > 1)]
