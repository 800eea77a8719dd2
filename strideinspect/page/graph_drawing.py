"""The window graph as a drawing: a box per window node in the colour of its effective stride, a dot per merge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from strideinspect import spelling
from strideinspect.page import stride_colours, svg
from strideinspect.page.graph_folding import Graph
from strideinspect.page.graph_layout import layout
from strideinspect.report import field_text, number_text
from strideinspect.report.layout import printable
from strideinspect.results.report import Merge, Report, Severity, WindowNode
from strideinspect.results.rows import output_map

WIDE, HIGH = 176.0, 40.0
"""Of a box; wider where the numbers of volumes need it."""

LETTER = 7.8
"""Width of a character of the line under a name; figures are the widest."""

DOT = 44.0
GAP, LANE = 22.0, 14.0
STEP = 62.0
"""From one layer to the next."""
MARGIN = 12.0
LONGEST, LONGEST_UNDER = 21, 30
"""Characters of a name in a box, and of the line under it."""


class Labels(Struct, frozen=True):
    """What nodes are called, by key, the worst severity of what is found at them, and what their addresses begin with.

    A window node's address ends with its number in the report. `short` are names without what all have in common.
    """

    titles: Mapping[str, str]
    short: Mapping[str, str]
    severities: Mapping[str, Severity]
    link: str


def draw(report: Report, graph: Graph, labels: Labels, label: str) -> svg.Element:
    """The drawing, from the inputs at the top to the outputs at the bottom."""
    windows = {node.output: (number, node) for number, node in enumerate(report.nodes)}
    merges = {merge.output: merge for merge in report.merges}
    longest = max((len(_under(windows[key][1])) for key in graph.nodes if key in windows), default=0)
    wide = max(WIDE, 20 + LETTER * min(longest, LONGEST_UNDER))
    widths = {key: wide if key in windows else DOT for key in graph.nodes}
    placed = layout(graph.nodes, graph.edges, widths, GAP, LANE)
    right = max((x + widths[key] / 2 for key, (x, _) in placed.nodes.items()), default=0.0)
    right = max(right, *(x for points in placed.edges.values() for x, _ in points), 0.0)
    bottom = max((layer for _, layer in placed.nodes.values()), default=0) * STEP + HIGH
    root = svg.drawing(right + 2 * MARGIN, bottom + 2 * MARGIN, label=label, class_="graph")
    for points in placed.edges.values():
        svg.element("path", root, d=_path(points), class_="edge")
    for key, (x, layer) in placed.nodes.items():
        center = x + MARGIN, layer * STEP + HIGH / 2 + MARGIN
        if key in graph.folded:
            _folded(root, center, wide, graph.folded[key])
        elif key in windows:
            _window(root, center, wide, *windows[key], labels)
        else:
            _merge(root, center, merges[key], labels)
    return root


def _path(points: Sequence[tuple[float, int]]) -> str:
    """A curve downwards through the layers that the edge crosses."""
    places = [(x + MARGIN, layer * STEP + HIGH / 2 + MARGIN) for x, layer in points]
    x, y = places[0]
    drawn = [f"M{x:.1f} {y:.1f}"]
    for (x1, y1), (x2, y2) in pairwise(places):
        middle = (y1 + y2) / 2
        straight = abs(x1 - x2) < 0.5
        drawn.append(f"V{y2:.1f}" if straight else f"C{x1:.1f} {middle:.1f} {x2:.1f} {middle:.1f} {x2:.1f} {y2:.1f}")
    return "".join(drawn)


def _window(
    root: svg.Element, center: tuple[float, float], wide: float, number: int, node: WindowNode, labels: Labels
) -> None:
    x, y = center
    found = labels.severities.get(node.output)
    title = printable(labels.titles[node.output])
    box = svg.element("a", root, href=f"{labels.link}{number}", class_="node", tabindex=-1, data_n=number)
    words = [title, number_text.window(node), f"output {spelling.shape_text(node.output_shape)}", _sees(node)]
    svg.element("title", box, text=", ".join([*words, *([str(found)] if found else [])]))
    colour = stride_colours.css_class(stride_colours.step(node.fields))
    shape = f"box {colour}" + ("" if node.learned else " pool")
    svg.element("rect", box, x=x - wide / 2, y=y - HIGH / 2, width=wide, height=HIGH, rx=6, class_=shape)
    svg.element(
        "text",
        box,
        x=x - wide / 2 + 10,
        y=y - 3,
        text=_cut(printable(labels.short[node.output]), LONGEST),
        class_=f"name {colour}",
    )
    svg.element(
        "text", box, x=x - wide / 2 + 10, y=y + 12, text=_cut(_under(node), LONGEST_UNDER), class_=f"under {colour}"
    )
    if found:
        mark = svg.element("g", box, class_=f"mark {found}")
        svg.element("circle", mark, cx=x + wide / 2 - 4, cy=y - HIGH / 2 + 4, r=8)
        svg.element("text", mark, x=x + wide / 2 - 4, y=y - HIGH / 2 + 8, text=SIGNS[found])


def _under(node: WindowNode) -> str:
    return f"{number_text.window(node, brief=True)} → {spelling.shape_text(output_map(node))}"


SIGNS = {Severity.ERROR: "×", Severity.WARNING: "!", Severity.NOTE: "i"}
"""The sign of each severity, so that none is told by its colour alone."""


def _sees(node: WindowNode) -> str:
    size = field_text.size_cell(node.fields, ())
    return f"receptive field {size}" if node.fields else "depends on no spatial input"


def _merge(root: svg.Element, center: tuple[float, float], merge: Merge, labels: Labels) -> None:
    x, y = center
    found = labels.severities.get(merge.output)
    dot = svg.element("g", root, class_="merge" + (f" {found}" if found else ""))
    svg.element("title", dot, text=printable(f"{merge.op} {merge.name}") + (f", {found}" if found else ""))
    svg.element("rect", dot, x=x - DOT / 2, y=y - 11, width=DOT, height=22, rx=11)
    svg.element("text", dot, x=x, y=y + 4, text=merge.op[:7])


def _folded(root: svg.Element, center: tuple[float, float], wide: float, words: str) -> None:
    x, y = center
    box = svg.element("g", root, class_="folded")
    svg.element("rect", box, x=x - wide / 2, y=y - HIGH / 2, width=wide, height=HIGH, rx=6)
    svg.element("text", box, x=x, y=y + 4, text=f"+ {words}")


def _cut(text: str, longest: int) -> str:
    """A name that is too long loses its beginning: its end tells layers apart."""
    return text if len(text) <= longest else f"…{text[1 - longest :]}"
