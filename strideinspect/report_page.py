"""The HTML page of reports: what they hold, and what is computed for the page from the models' files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from strideinspect.errors import StrideinspectError
from strideinspect.onnx_loading import load_onnx
from strideinspect.results.contribution import Contributions
from strideinspect.results.pictures import NO_PICTURES, Pictures
from strideinspect.results.report import FailedReport, Report
from strideinspect.settings import Settings
from strideinspect.version import __version__

if TYPE_CHECKING:
    from strideinspect.report.source_lines import Files


class Origin(NamedTuple):
    """Where a report is from: the file, and the settings with which it was inspected; `photo` is one to run it on."""

    path: str
    settings: Settings
    photo: Path | None = None


def html(
    results: Sequence[Report | FailedReport], origins: Sequence[Origin] = (), *, files: Files | None = None
) -> str:
    """One page for these results, with an index where there are several.

    Contributions and holes are computed from the files, one origin per result; without origins from the reports' paths.
    Where a file cannot be read any more, the page says so and shows the rest.
    """
    from strideinspect.page import document  # imports jinja2
    from strideinspect.report import source_lines

    known = origins or [Origin(result.path, Settings()) for result in results]
    shown = [
        document.Shown(_untimed(result), contributions(result, origin), _pictures(result, origin))
        for result, origin in zip(results, known, strict=True)
    ]
    return document.render(shown, version=__version__, files=files or source_lines.AS_GIVEN)


def _untimed(result: Report | FailedReport) -> Report | FailedReport:
    """Without the duration of the verification: the same models and options give the same bytes."""
    if isinstance(result, FailedReport):
        return result
    return replace(result, verification=replace(result.verification, seconds=None))


def contributions(result: Report | FailedReport, origin: Origin) -> Contributions:
    """Contributions and holes, computed from the file; the reason says why there are none."""
    if isinstance(result, FailedReport):
        return Contributions({})
    load_onnx()  # a report from the cache was made without it
    from strideinspect.studies import contributions as study
    from strideinspect.studies.opening import analysed

    sizes = {given.name: given.shape for given in result.inputs if given.value is None}
    settings = replace(origin.settings, input_shapes=sizes, input_values=_values(result, origin))
    if not Path(origin.path).is_file():
        return Contributions({}, f"the file {result.path} is not there any more")
    try:
        return study.contributions(analysed(origin.path, settings))
    except StrideinspectError as error:
        return Contributions({}, str(error))


def _values(report: Report, origin: Origin) -> dict[str, object]:
    """The values of the report's inputs that the user gave."""
    values = {given.name: given.value for given in report.inputs if given.value is not None}
    return {**values, **origin.settings.input_values}


def _pictures(result: Report | FailedReport, origin: Origin) -> Pictures:
    if origin.photo is None or isinstance(result, FailedReport):
        return NO_PICTURES
    from strideinspect import photo  # imports numpy

    return photo.pictures(result, origin.path, origin.photo, _values(result, origin))
