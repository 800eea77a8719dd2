"""What one layer's middle index depends on: the box on the input, and how much each pixel contributes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from strideinspect import spelling
from strideinspect.errors import UsageError
from strideinspect.plots import colours
from strideinspect.report.layer_names import layer_names
from strideinspect.report.layout import printable
from strideinspect.results.rows import by_input

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from strideinspect.results.contribution import Contribution, Contributions
    from strideinspect.results.field import Field, Span
    from strideinspect.results.report import Report, WindowNode


class _ChosenLayer(Struct, frozen=True):
    """A layer with its name, and its fields on its first input."""

    node: WindowNode
    name: str
    input: str
    fields: Sequence[Field]


def boxes(report: Report, _: Contributions, layer: str | None) -> Figure:
    """The box of the middle index, with padding and pixels that no output depends on hatched."""
    from matplotlib.figure import Figure

    chosen = _chosen(report, layer)
    if len(chosen.fields) < 2:
        raise UsageError(f"{chosen.input} has one axis: there is no box to draw", "use --kind contribution")
    figure = Figure(figsize=(3.4, 3.4), layout="constrained")
    axes = figure.subplots()
    rows, columns = chosen.fields[-2:]
    _rectangle(axes, (0, rows.extent - 1), (0, columns.extent - 1), facecolor="none", edgecolor=colours.INK)
    for part in report.unseen:
        if part.input == chosen.input and part.axis in {rows.axis, columns.axis}:
            for span in part.ranges:
                whole = ((span, (0, columns.extent - 1)), ((0, rows.extent - 1), span))[part.axis == columns.axis]
                _rectangle(axes, *whole, facecolor="none", edgecolor="#b3201a", hatch="xxxx", linewidth=0)
    theory = [_theory(field) for field in (rows, columns)]
    if theory[0] is not None and theory[1] is not None:
        style = {"facecolor": "none", "edgecolor": colours.BOX, "linestyle": "--", "hatch": "////", "linewidth": 0.8}
        _rectangle(axes, theory[0], theory[1], **style)
    seen = [_middle(field) for field in (rows, columns)]
    if seen[0] is not None and seen[1] is not None:
        _rectangle(axes, seen[0], seen[1], facecolor="#cfddf3", edgecolor=colours.BOX, linewidth=1.4)
    axes.set_aspect("equal")
    axes.autoscale_view()
    axes.invert_yaxis()
    nouns = [spelling.plural(noun) for noun in spelling.axis_nouns(len(chosen.fields))[-2:]]
    axes.set(xlabel=f"{nouns[1]} of {printable(chosen.input)}", ylabel=nouns[0], title=chosen.name)
    return figure


def contribution(report: Report, contributions: Contributions, layer: str | None) -> Figure:
    """How much each pixel contributes to the middle index if every layer averages what it reads, per axis."""
    from matplotlib.figure import Figure

    chosen = _chosen(report, layer)
    parts = [part for part in contributions.by_node.get(chosen.node.output, ()) if part.input == chosen.input]
    if not parts:
        raise UsageError(f"there are no contributions to {chosen.name}: {contributions.reason or 'it has no position'}")
    figure = Figure(figsize=(5.2, 1.7 * len(parts) + 0.4), layout="constrained")
    rank = len(chosen.fields)
    for axes, part in zip(figure.subplots(len(parts), squeeze=False)[:, 0], parts, strict=True):
        _bars(axes, part, next(field for field in chosen.fields if field.axis == part.axis))
        place = [field.axis for field in chosen.fields].index(part.axis)
        axes.set_xlabel(f"{spelling.plural(spelling.axis_nouns(rank)[place])} of {printable(chosen.input)}")
    figure.suptitle(f"{chosen.name}: contribution under uniform weights", fontsize=10)
    return figure


def _bars(axes: Axes, part: Contribution, field: Field) -> None:
    wide = part.size / len(part.shares)
    places = [part.first + (number + 0.5) * wide - 0.5 for number in range(len(part.shares))]
    axes.fill_between(places, [100 * share for share in part.shares], step="mid", color=colours.PICK, alpha=0.7)
    axes.set_xlim(-0.5, field.extent - 0.5)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("share (%)" if wide == 1 else f"share (%)\nof {wide:.1f} each")


def _chosen(report: Report, layer: str | None) -> _ChosenLayer:
    """The layer with this name, or the last one with a position, where a box has most to tell."""
    names = layer_names(report.nodes)
    placed = [node for node in report.nodes if any(field.node_axis is not None for field in node.fields)]
    if layer is not None:
        found = [node for node in report.nodes if layer in {node.name, node.output, names[node.output]}]
        if not found:
            raise UsageError(f"no layer is called {layer!r}", "the text report lists the names")
        placed = [node for node in found if node in placed]
    if not placed:
        raise UsageError("no position is left there: it depends on everything, so that there is no box to draw")
    node = placed[-1]
    name, fields = next(iter(by_input(node.fields).items()))
    return _ChosenLayer(node, printable(names[node.output]), name, fields)


def _middle(field: Field) -> Span | None:
    return field.positions.at(len(field.positions) // 2)


def _theory(field: Field) -> Span | None:
    """The theoretical field of the middle index; None without a closed form."""
    if not field.phases or field.stride is None:
        return None
    periods, phase = divmod(len(field.positions) // 2, len(field.phases))
    span = field.phases[phase]
    shift = int(periods * len(field.phases) * field.stride)
    return None if span is None else (span[0] + shift, span[1] + shift)


def _rectangle(axes: Axes, rows: Span, columns: Span, **style: Any) -> None:  # noqa: ANN401  # what matplotlib takes
    from matplotlib.patches import Rectangle

    size = columns[1] - columns[0] + 1, rows[1] - rows[0] + 1
    axes.add_patch(Rectangle((columns[0] - 0.5, rows[0] - 0.5), *size, **style))
