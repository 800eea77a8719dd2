"""Who draws results. Pages and figures are made above the results, which import nothing above themselves.

The package hands the drawing down when it is imported, so that `to_html` and `plot` can be asked of a result itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure


class Display(Protocol):
    """What draws: `strideinspect.display`. Each function takes the result that its name says.

    The results are not named as types: they ask for this, and would be imported by what they import.
    """

    def report_page(self, report: Any, /) -> str:  # noqa: ANN401
        """The HTML page of one report."""

    def diff_page(self, found: Any, /) -> str:  # noqa: ANN401
        """The HTML page of a comparison."""

    def whatif_page(self, found: Any, /) -> str:  # noqa: ANN401
        """The HTML page of a model before and after changes."""

    def figure(self, report: Any, kind: str, layer: str | None, /) -> Figure:  # noqa: ANN401
        """A figure of a report."""

    def effective_figure(self, field: Any, /) -> Figure:  # noqa: ANN401
        """The figure of an effective field."""


_handed_down: list[Callable[[], Display]] = []


def hand_down(find: Callable[[], Display]) -> None:
    """Draw with what `find` returns; it is called when a result is drawn, and not before."""
    _handed_down[:] = [find]


def display() -> Display:
    """What draws."""
    return _handed_down[0]()
