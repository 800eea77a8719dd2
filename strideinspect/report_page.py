"""The HTML page of reports: what they hold, and what is computed for the page from the models' files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from strideinspect.errors import StrideinspectError
from strideinspect.processes.onnx_loading import load_onnx
from strideinspect.results.contribution import Contributions
from strideinspect.results.pictures import NO_PICTURES
from strideinspect.results.report import FailedReport, Report
from strideinspect.settings import Settings
from strideinspect.version import __version__

if TYPE_CHECKING:
    from strideinspect.analysis import Analysis
    from strideinspect.page.document import Shown
    from strideinspect.photo import Prepared
    from strideinspect.report.source_lines import Files
    from strideinspect.results.effective_field import EffectiveOutput


class ReportOrigin(Struct, frozen=True):
    """Where a report is from: the file, and the settings with which it was inspected; `photo` is one to run it on."""

    path: str
    settings: Settings
    photo: Path | None = None


def html(
    results: Sequence[Report | FailedReport], origins: Sequence[ReportOrigin] = (), *, files: Files | None = None
) -> str:
    """One page for these results, with an index where there are several.

    Contributions and holes are computed from the files, one origin per result; without origins from the reports' paths.
    Where a file cannot be read any more, the page says so and shows the rest. With a photo, and settings that ask for
    effective fields, those are the gradients of the photo instead of the report's.
    """
    from strideinspect.page import document  # imports jinja2
    from strideinspect.report import source_lines

    known = origins or [ReportOrigin(result.path, Settings()) for result in results]
    shown = [_shown(_untimed(result), origin) for result, origin in zip(results, known, strict=True)]
    return document.render(shown, version=__version__, files=files or source_lines.AS_GIVEN)


def _untimed(result: Report | FailedReport) -> Report | FailedReport:
    """Without the duration of the verification: the same models and options give the same bytes."""
    if isinstance(result, FailedReport):
        return result
    return structs.replace(result, verification=structs.replace(result.verification, seconds=None))


def _shown(result: Report | FailedReport, origin: ReportOrigin) -> Shown:
    from strideinspect.page.document import Shown

    if isinstance(result, FailedReport):
        return Shown(result, Contributions({}), NO_PICTURES, ())
    analysis = _analysed(result, origin)
    if origin.photo is None:
        return Shown(result, _contributions(analysis), NO_PICTURES, result.effective)
    from strideinspect import photo  # imports numpy

    prepared = photo.prepared(result, origin.photo, _of_bytes(analysis))
    pictures = photo.pictures(result, origin.path, prepared, _values(result, origin))
    return Shown(result, _contributions(analysis), pictures, _effective(result, origin, analysis, prepared))


def _of_bytes(analysis: Analysis | str) -> set[str]:
    """The inputs of unsigned bytes."""
    from onnx import TensorProto

    inputs = {} if isinstance(analysis, str) else analysis.network.inputs
    return {name for name, declared in inputs.items() if declared.dtype == TensorProto.UINT8}


def contributions(report: Report, origin: ReportOrigin) -> Contributions:
    """Contributions and holes, computed from the file; the reason says why there are none."""
    return _contributions(_analysed(report, origin))


def _contributions(analysis: Analysis | str) -> Contributions:
    if isinstance(analysis, str):
        return Contributions({}, analysis)
    from strideinspect.studies import contributions as study

    try:
        return study.contributions(analysis)
    except StrideinspectError as error:
        return Contributions({}, str(error))


def _analysed(report: Report, origin: ReportOrigin) -> Analysis | str:
    """The network at the sizes of the report, or why there is none."""
    load_onnx()  # a report from the cache was made without it
    from strideinspect.studies.opening import analysed

    sizes = {given.name: given.shape for given in report.inputs if given.value is None}
    settings = structs.replace(origin.settings, input_shapes=sizes, input_values=_values(report, origin))
    if not Path(origin.path).is_file():
        return f"the file {report.path} is not there any more"
    try:
        return analysed(origin.path, settings)
    except StrideinspectError as error:
        return str(error)


def _values(report: Report, origin: ReportOrigin) -> dict[str, object]:
    """The values of the report's inputs that the user gave."""
    values = {given.name: given.value for given in report.inputs if given.value is not None}
    return {**values, **origin.settings.input_values}


def _effective(
    report: Report, origin: ReportOrigin, analysis: Analysis | str, photo: Prepared | None
) -> Sequence[EffectiveOutput]:
    """What the outputs really see of the photo, where settings ask for it; without one what the report says."""
    if photo is None or isinstance(analysis, str) or not origin.settings.erf:
        return report.effective
    from strideinspect.effective_outputs import effective_outputs
    from strideinspect.gradients.feeds import image

    return [*effective_outputs(analysis, lambda _: None, image(photo.input.name, photo.numbers))]
