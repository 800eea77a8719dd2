"""Figures of reports: what they hold, and contributions that are computed from the model's file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from strideinspect import report_page
from strideinspect.results.report import Report
from strideinspect.settings import Settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(report: Report, kind: str, layer: str | None = None, origin: report_page.Origin | None = None) -> Figure:
    """A figure of a report. Raises UsageError where it cannot be drawn, or matplotlib is not installed."""
    from strideinspect.plots import figures

    figures.check()
    known = origin or report_page.Origin(report.path, Settings())
    return figures.figure(report, report_page.contributions(report, known), kind, layer)


def drawn(file: str, settings: Settings, kind: str, suffix: str, layer: str | None) -> bytes:
    """The figure of a model as a file, without running the model."""
    from strideinspect import inspect
    from strideinspect.plots import figures

    figures.check()
    report = inspect(file, settings=replace(settings, verify="none"))
    return figures.written(figure(report, kind, layer, report_page.Origin(file, settings)), suffix)
