"""The effective field of a cell: its map, the distances that hold its mass, and the theoretical box around it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from strideinspect import spelling
from strideinspect.plots import colours
from strideinspect.report.layout import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from strideinspect.results.effective_field import EffectiveField
    from strideinspect.results.effective_parts import EffectiveInput
    from strideinspect.results.field import Span

_DASHES: Final = {50: "solid", 90: "dashed", 99: "dotted"}
"""How the line is drawn within which this percentage of the mass lies."""


def draw(field: EffectiveField) -> Figure:
    """A panel per cell and graph input; of a volume the slice through the center of the field."""
    from matplotlib.figure import Figure

    shown = [(cell, seen) for cell in (field, *field.further) for seen in cell.inputs]
    heights = [2.4 if len(seen.axes) == 1 else 4.6 for _, seen in shown]
    figure = Figure(figsize=(4.6, sum(heights)), layout="constrained")
    panels = figure.subplots(len(heights), squeeze=False, height_ratios=heights)[:, 0]
    for axes, (cell, seen), height in zip(panels, shown, heights, strict=True):
        (_signal if len(seen.axes) == 1 else _image)(axes, seen)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.7 / height), fontsize=7)
        if field.further:
            axes.set_title(_title(cell), fontsize=9)
    if not field.further:
        figure.suptitle(_title(field), fontsize=9)
    return figure


def _title(field: EffectiveField) -> str:
    place = spelling.place_text(field.at.tensor, field.at.shape, field.at.indices)
    return f"{printable(place)}: effective field"


def _image(axes: Axes, seen: EffectiveInput) -> None:
    from matplotlib.patches import Circle, Rectangle

    rank = len(seen.axes)
    planes = tuple(min(max(round(at), 0), size - 1) for at, size in zip(seen.center, seen.map.shape[:-2], strict=False))
    picture = seen.map[planes]
    # The root shows what lies outside the middle, which has by far the most.
    axes.imshow((picture / (picture.max() or 1)) ** 0.5, cmap="Blues", interpolation="nearest")
    row, column = seen.center[-2:]
    for percent, radius in seen.radius.items():
        label = f"{percent} % of the mass, within {spelling.measured(radius)} {_points(rank)}"
        style = _DASHES[percent]
        axes.add_patch(Circle((column, row), radius, fill=False, edgecolor=colours.PICK, linestyle=style, label=label))
    high, wide = seen.theoretical[-2:]
    if high is not None and wide is not None:
        corner = column - wide / 2, row - high / 2
        label = f"theoretical field, {spelling.by_axes(seen.theoretical)}"
        axes.add_patch(Rectangle(corner, wide, high, fill=False, edgecolor=colours.INK, linewidth=1.2, label=label))
    rows, columns = (_view(seen, position) for position in (rank - 2, rank - 1))
    axes.set(xlim=(columns[0] - 0.5, columns[1] + 0.5), ylim=(rows[1] + 0.5, rows[0] - 0.5))
    nouns = [spelling.plural(noun) for noun in spelling.axis_nouns(rank)[-2:]]
    through = f", slice {planes[0]}" if planes else ""
    axes.set(xlabel=f"{nouns[1]} of {printable(seen.name)}{through}", ylabel=nouns[0])


def _signal(axes: Axes, seen: EffectiveInput) -> None:
    mass = 100 * seen.map / seen.map.sum()
    axes.fill_between(range(len(mass)), mass, step="mid", color=colours.BOX, alpha=0.7)
    (center,) = seen.center
    for percent, radius in seen.radius.items():
        label = f"{percent} % of the mass, within {spelling.measured(radius)} {_points(1)}"
        for number, side in enumerate((-1, 1)):
            style = {"color": colours.PICK, "linestyle": _DASHES[percent], "label": "_" if number else label}
            axes.axvline(center + side * radius, **style)  # type: ignore[arg-type]  # each of its own type
    (size,) = seen.theoretical
    if size is not None:
        ends = center - size / 2, center + size / 2
        axes.axvspan(*ends, facecolor="none", edgecolor=colours.INK, label=f"theoretical field, {size}")
    first, last = _view(seen, 0)
    axes.set_xlim(first - 0.5, last + 0.5)
    axes.set_ylim(bottom=0)
    axes.set(xlabel=f"{spelling.axis_noun(0, 1)} of {printable(seen.name)}", ylabel="share of the mass (%)")


def _view(seen: EffectiveInput, position: int) -> Span:
    """The first and last pixel shown: the field and a border, at most as much beyond the input as it is long."""
    extent = seen.map.shape[position]
    size, center = seen.theoretical[position], seen.center[position]
    if size is None:
        return 0, extent - 1
    reach = size / 2 + max(1, size // 12)
    return max(-extent, round(center - reach)), min(2 * extent - 1, round(center + reach))


def _points(rank: int) -> str:
    return spelling.plural(spelling.point_noun(rank))
