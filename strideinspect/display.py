"""How results show themselves: what their methods `to_html` and `plot` end in.

Results do not import it: the package hands it down to them (`results/drawing.py`). Whoever never asks for a page or a
figure never imports it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import structs

from strideinspect.errors import UnreadableModelError
from strideinspect.settings import Settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from strideinspect.results.asked import Asked
    from strideinspect.results.diff_result import Diff
    from strideinspect.results.effective_field import EffectiveField
    from strideinspect.results.report import Report
    from strideinspect.results.whatif_result import WhatIf


def report_page(report: Report) -> str:
    """The HTML page of one report."""
    from strideinspect import report_page

    return report_page.html([report])


def diff_page(found: Diff) -> str:
    """The HTML page of a comparison, for which both files are compared again. Raises UnreadableModelError."""
    from strideinspect import comparison_page, questions
    from strideinspect.report import diff_text

    settings = _settings(found.asked)
    again = questions.diff(*found.paths, settings=settings)
    _refuse_changed(found.to_dict(), again.to_dict(), " or ".join(found.paths))
    return comparison_page.of_diff(found, diff_text.answer(found), found.paths, settings)


def whatif_page(found: WhatIf) -> str:
    """The HTML page of a change, which is made again. Raises UnreadableModelError."""
    from strideinspect import changed_models, comparison_page
    from strideinspect.report import whatif_text

    settings = _settings(found.asked)
    versions = changed_models.versions(found.path, found.asked.changes, settings, keep_field=found.asked.keep_field)
    _refuse_changed(_geometry(found), _geometry(versions.found), found.path)
    return comparison_page.of_whatif(structs.replace(versions, found=found), whatif_text.answer(found))


def figure(report: Report, kind: str, layer: str | None) -> Figure:
    """A figure of a report."""
    from strideinspect import plotting

    return plotting.figure(report, kind, layer)


def effective_figure(field: EffectiveField) -> Figure:
    """The figure of an effective field."""
    from strideinspect import plotting

    return plotting.effective_figure(field)


def _settings(asked: Asked) -> Settings:
    return Settings(
        input_shapes=asked.input_shapes, input_values=asked.input_values, operators=asked.operators, verify="none"
    )


def _geometry(found: WhatIf) -> list[object]:
    """What of an answer follows from the file and the change alone."""
    sides = (found.before, found.after)
    return [found.changes, found.broken, *((side.totals, side.ladder, side.outputs) for side in sides)]


def _refuse_changed(before: Any, now: Any, path: str) -> None:  # noqa: ANN401  # whatever can be compared
    if before != now:
        raise UnreadableModelError(f"{path} has changed since it was looked at", "ask again")
