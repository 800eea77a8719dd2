"""Resolution against depth: a bar per map, between them the layers that change it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strideinspect import spelling
from strideinspect.errors import UsageError
from strideinspect.plots import colours
from strideinspect.report import ladder_text, number_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from strideinspect.results.contribution import Contributions
    from strideinspect.results.report import Report


def draw(report: Report, _: Contributions, layer: str | None) -> Figure:
    """The way to the output with the largest stride; heights are the largest size of each map, to a logarithm."""
    from matplotlib.figure import Figure

    if layer is not None:
        raise UsageError("the ladder is one of the whole model", "leave --layer out")
    steps = [item for item in ladder_text.steps_of(report) if item.step.branch == 0]
    steps = [item for item in steps if item.step.input == steps[0].step.input]
    if not steps:
        raise UsageError("the size of the map never changes, so that there is no ladder to draw")
    sizes = [steps[0].step.start, *(item.step.size for item in steps)]
    figure = Figure(figsize=(max(4.0, 0.95 * len(sizes) + 0.8), 2.8), layout="constrained")
    axes = figure.subplots()
    axes.bar(range(len(sizes)), [max(size) for size in sizes], width=0.42, color=colours.BOX, alpha=0.85)
    axes.set_yscale("log", base=2)
    axes.set_ylim(0.7, max(map(max, sizes)) * 2.4)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.set_ylabel("size of the map")
    for place, size in enumerate(sizes):
        label = number_text.once([str(length) for length in size])
        axes.annotate(label, (place, max(size)), (0, 3), textcoords="offset points", ha="center", weight="bold")
    labels = ["input", *(_label(item) for item in steps)]
    axes.set_xticks(range(len(sizes)), labels, rotation=30, ha="right", rotation_mode="anchor")
    axes.tick_params(axis="x", length=0)
    return figure


def _label(item: ladder_text.StepNodes) -> str:
    parameters = ladder_text.total([node.parameters for node in item.windows])
    cost = "" if parameters == spelling.NONE else f"\n{parameters} parameters"
    return item.label + cost
