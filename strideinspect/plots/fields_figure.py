"""Receptive field against depth, theoretical and actual, with the size of the input as a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strideinspect.errors import UsageError
from strideinspect.page import fields_chart
from strideinspect.plots import colours

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from strideinspect.results.contribution import Contributions
    from strideinspect.results.report import Report


def draw(report: Report, _: Contributions, layer: str | None) -> Figure:
    """A panel per input and axis that differ."""
    from matplotlib.figure import Figure

    if layer is not None:
        raise UsageError("receptive fields are drawn of all layers", "leave --layer out")
    panels = fields_chart.panels(report)
    if not panels:
        raise UsageError("no layer has a receptive field with a closed form, so that there is nothing to draw")
    figure = Figure(figsize=(5.2, 2.9 * len(panels)), layout="constrained")
    for axes, panel in zip(figure.subplots(len(panels), squeeze=False)[:, 0], panels, strict=True):
        for (x1, y1), (x2, y2) in panel.lines:
            axes.plot((x1, x2), (y1, y2), color="#aab3bc", linewidth=0.8, zorder=1)
        widest = fields_chart.widest(panel)
        axes.plot(
            [*widest], [*widest.values()], color=colours.PICK, label="actual, the largest at each depth", zorder=2
        )
        fills = [colours.of_stride(report.nodes[point.number]) for point in panel.points]
        places = [point.depth for point in panel.points], [point.theoretical for point in panel.points]
        axes.scatter(*places, s=16, c=fills, edgecolors=colours.INK, linewidths=0.5, label="theoretical", zorder=3)
        axes.axhline(panel.extent, color=colours.INK, linestyle=(0, (5, 4)), linewidth=0.8, label="size of the input")
        axes.set_yscale("log", base=2)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.set_xlabel("depth: convolutions and poolings on the way")
        axes.set_ylabel(f"receptive field ({panel.title})")
        axes.grid(axis="y", color=colours.LINE, linewidth=0.5)
        axes.set_axisbelow(True)
        axes.legend(loc="lower right", fontsize=8)
    return figure
