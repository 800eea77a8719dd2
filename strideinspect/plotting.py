"""Figures of reports: what they hold, and contributions that are computed from the model's file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from msgspec import structs

from strideinspect import report_page
from strideinspect.processes.onnx_loading import load_onnx
from strideinspect.results.report import Report
from strideinspect.settings import Settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from strideinspect.results.effective_field import EffectiveField


def figure(
    report: Report, kind: str, layer: str | None = None, origin: report_page.ReportOrigin | None = None
) -> Figure:
    """A figure of a report. Raises UsageError where it cannot be drawn, or matplotlib is not installed."""
    from strideinspect.plots import figures

    figures.check()
    known = origin or report_page.ReportOrigin(report.path, Settings())
    return figures.figure(report, report_page.contributions(report, known), kind, layer)


def drawn(file: str, settings: Settings, kind: str, suffix: str, layer: str | None) -> bytes:
    """The figure of a model as a file, without running the model."""
    from strideinspect.api import inspect
    from strideinspect.plots import figures

    figures.check()
    load_onnx()
    from strideinspect.studies.opening import analysed, refuse_stopped

    refuse_stopped(analysed(file, settings), file)  # half a network would look like a whole one
    report = inspect(file, settings=structs.replace(settings, verify="none"))
    return figures.written(figure(report, kind, layer, report_page.ReportOrigin(file, settings)), suffix)


def effective_figure(field: EffectiveField) -> Figure:
    """A figure of an effective field. Raises UsageError where matplotlib is not installed."""
    from strideinspect.plots import figures

    figures.check()
    return figures.effective(field)


def effective_drawn(
    file: str, settings: Settings, suffix: str, progress: Callable[[str], None], asked: Mapping[str, Any]
) -> bytes:
    """The effective field of a model's cell as a file; `asked` are further arguments of `erf`."""
    from strideinspect.gradient_question import erf
    from strideinspect.plots import figures

    figures.check()
    return figures.written(figures.effective(erf(file, settings=settings, progress=progress, **asked)), suffix)
