"""The window graph, layer by layer, coloured by effective stride; repeated blocks are folded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strideinspect.errors import UsageError
from strideinspect.page import graph_folding
from strideinspect.page.graph_layout import layout
from strideinspect.plots import colours
from strideinspect.report import number_text
from strideinspect.report.layer_names import layer_names
from strideinspect.report.layout import printable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from strideinspect.results.contribution import Contributions
    from strideinspect.results.report import Report

WIDE, DOT, STEP = 2.0, 0.6, 0.62
"""Inches of a box, of a merge, and from one layer to the next."""


def draw(report: Report, _: Contributions, layer: str | None) -> Figure:
    """From the inputs at the top to the outputs at the bottom."""
    from matplotlib.figure import Figure

    if layer is not None:
        raise UsageError("the graph is one of the whole model", "leave --layer out")
    graph = graph_folding.folded(report) or graph_folding.whole(report)
    if not graph.nodes:
        raise UsageError("this model has no convolution and no pooling, so that there is no graph to draw")
    windows = {node.output: node for node in report.nodes}
    merges = {merge.output: merge for merge in report.merges}
    names = layer_names(report.nodes)
    placed = layout(graph.nodes, graph.edges, {k: WIDE if k in windows else DOT for k in graph.nodes}, 0.25, 0.15)
    right = max(x for points in [placed.nodes.values(), *placed.edges.values()] for x, _ in points) + WIDE / 2
    deepest = max(at for _, at in placed.nodes.values())
    figure = Figure(figsize=(right, (deepest + 1) * STEP))
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, right), ylim=(deepest + 0.5, -0.5))
    axes.set_axis_off()
    for points in placed.edges.values():
        axes.plot([x for x, _ in points], [at for _, at in points], color="#aab3bc", linewidth=0.8, zorder=1)
    for key, (x, at) in placed.nodes.items():
        if key in graph.folded:
            text, fill = f"+ {graph.folded[key]}", "#ffffff"
        elif key in windows:
            text, fill = f"{printable(names[key])}\n{number_text.window(windows[key])}", colours.of_stride(windows[key])
        else:
            text, fill = printable(merges[key].op), "#ffffff"
        box = {"boxstyle": "round,pad=0.35", "facecolor": fill, "edgecolor": colours.SOFT, "linewidth": 0.6}
        axes.text(x, at, text, ha="center", va="center", fontsize=7, color=colours.on(fill), bbox=box, zorder=2)
    return figure
