"""A figure of a kind: drawn by matplotlib, the same bytes for the same report."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from strideinspect.errors import UsageError
from strideinspect.plots import box_figure, effective_figure, fields_figure, graph_figure, ladder_figure
from strideinspect.results.contribution import Contributions
from strideinspect.results.report import Report

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from strideinspect.results.effective_field import EffectiveField

Draw = Callable[["Report", "Contributions", "str | None"], "Figure"]

KINDS: Mapping[str, Draw] = {
    "ladder": ladder_figure.draw,
    "fields": fields_figure.draw,
    "graph": graph_figure.draw,
    "boxes": box_figure.boxes,
    "contribution": box_figure.contribution,
}
"""What can be drawn of a report."""

SUFFIXES = ("svg", "png", "pdf")

_STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "lines.linewidth": 1.2,
    "legend.frameon": False,
    "figure.dpi": 100,
    "savefig.dpi": 300,
    "svg.hashsalt": "strideinspect",  # equal bytes twice
    "svg.fonttype": "none",  # text stays text
    "pdf.fonttype": 42,
    "text.parse_math": False,  # names come from files
    "text.usetex": False,
}


def check() -> None:
    """Raise UsageError where matplotlib is not installed."""
    try:
        import matplotlib  # noqa: F401
    except ModuleNotFoundError as error:
        raise UsageError("plots need matplotlib", "pip install 'strideinspect[plot]'") from error


def figure(report: Report, contributions: Contributions, kind: str, layer: str | None = None) -> Figure:
    """A figure of its own, without pyplot. Raises UsageError for an unknown kind or layer, and for nothing to draw."""
    check()
    if kind not in KINDS:
        raise UsageError(f"{kind!r} is not a kind of plot", f"the kinds are {', '.join(KINDS)}")
    import matplotlib

    with matplotlib.rc_context(_STYLE):
        return KINDS[kind](report, contributions, layer)


def effective(field: EffectiveField) -> Figure:
    """The figure of an effective field, in the same style."""
    import matplotlib

    with matplotlib.rc_context(_STYLE):
        return effective_figure.draw(field)


def written(figure: Figure, suffix: str) -> bytes:
    """The figure as a file of this suffix, without the time at which it was made."""
    import matplotlib

    dates = {"svg": {"Date": None}, "png": {"Software": None}, "pdf": {"CreationDate": None, "ModDate": None}}
    file = io.BytesIO()
    with matplotlib.rc_context(_STYLE):
        figure.savefig(file, format=suffix, metadata=dates[suffix], bbox_inches="tight")
    return file.getvalue()
