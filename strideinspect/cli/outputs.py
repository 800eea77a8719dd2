"""The formats of a report by name, and writing files atomically."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from strideinspect.errors import UsageError
from strideinspect.processes import interrupts
from strideinspect.version import __version__

if TYPE_CHECKING:
    from strideinspect.fleet import Task
    from strideinspect.report.source_lines import Files
    from strideinspect.results.report import FailedReport, Report, Severity

TEXT_WIDTH = 100
"""Width in cells of a text report in a file."""

SUMMARY_ROWS = 500
"""Rows of findings in a GitHub job's summary, which is limited to a mebibyte per step."""

# Each renderer is imported only where its format is asked for.


class Wishes(Struct, frozen=True):
    """What a report shows: findings of severity `show` or higher in text formats; `positions` of every index in JSON.

    `fail_on` is, for every result, the lowest severity that fails the run, None where none does; `files` gives paths in
    the repository; `tasks` are, for every result, its file and settings; `image` is a photo for the page.
    """

    show: Severity
    fail_on: Sequence[Severity | None]
    positions: bool
    files: Files
    tasks: Sequence[Task] = ()
    image: Path | None = None


Results = Sequence["Report | FailedReport"]
Render = Callable[[Results, Wishes], str]


def _text(results: Results, wishes: Wishes) -> str:
    from strideinspect.report import text
    from strideinspect.report.layout import plain
    from strideinspect.results.report import Report

    reports = (untimed(result) for result in results if isinstance(result, Report))
    return "\n".join(
        plain(text.render(report, width=TEXT_WIDTH, show=wishes.show, files=wishes.files)) for report in reports
    )


def _concise(results: Results, wishes: Wishes) -> str:
    from strideinspect.report import concise

    return concise.render(results, files=wishes.files, show=wishes.show)


def _json(results: Results, wishes: Wishes) -> str:
    from strideinspect.report import json

    return json.render(results, version=__version__, positions=wishes.positions)


def _csv(results: Results, _: Wishes) -> str:
    from strideinspect.report import csv

    return csv.render(results)


def _sarif(results: Results, wishes: Wishes) -> str:
    from strideinspect.report import sarif
    from strideinspect.rules.page import page
    from strideinspect.rules.registry import all_rules

    rules = all_rules()
    texts = {rule.id: page(rule).markdown() for rule in rules}
    return sarif.render(results, rules=rules, texts=texts, files=wishes.files, version=__version__)


def _github(results: Results, wishes: Wishes) -> str:
    from strideinspect.report import github

    return github.render(results, files=wishes.files, show=wishes.show)


def _gitlab(results: Results, wishes: Wishes) -> str:
    from strideinspect.report import gitlab

    return gitlab.render(results, files=wishes.files)


def _junit(results: Results, wishes: Wishes) -> str:
    from strideinspect.report import junit

    return junit.render(results, files=wishes.files, fail_on=wishes.fail_on)


def _markdown(results: Results, wishes: Wishes) -> str:
    from strideinspect.report import markdown

    return markdown.render(results, files=wishes.files, show=wishes.show)


def _card(results: Results, wishes: Wishes) -> str:
    from strideinspect.report import card
    from strideinspect.results.report import Report

    reports = [untimed(result) for result in results if isinstance(result, Report)]
    return card.render(reports, version=__version__, files=wishes.files)


def _latex(results: Results, wishes: Wishes) -> str:
    from strideinspect.report import latex

    return latex.render(results, files=wishes.files)


def _html(results: Results, wishes: Wishes) -> str:
    from strideinspect import report_page

    origins = [report_page.ReportOrigin(task.path, task.settings, wishes.image) for task in wishes.tasks]
    return report_page.html(results, origins, files=wishes.files)


FORMATS: Mapping[str, tuple[Render, tuple[str, ...]]] = {
    "text": (_text, (".txt",)),
    "concise": (_concise, ()),
    "json": (_json, (".json",)),
    "csv": (_csv, (".csv",)),
    "sarif": (_sarif, (".sarif", ".sarif.json")),
    "junit": (_junit, (".xml",)),
    "markdown": (_markdown, (".md",)),
    "html": (_html, (".html", ".htm")),
    "card": (_card, ()),
    "latex": (_latex, (".tex",)),
    "github": (_github, ()),
    "gitlab": (_gitlab, ()),
}
"""Every format: its renderer and its file suffixes; formats without a suffix must be named."""


EXACT = frozenset({"json", "csv", "sarif", "junit", "gitlab", "html"})
"""Formats for programs, in UTF-8 wherever they go."""


class Target(Struct, frozen=True):
    """A file to write, and its format."""

    format: str
    path: Path


def target(text: str) -> Target:
    """`report.json` or `json:report.out` as format and file. Raises UsageError where it is unclear."""
    known = ", ".join(FORMATS)
    # Two letters and more: `C:` is a drive.
    named = re.match(r"([A-Za-z][A-Za-z0-9-]+):(.+)", text)
    if named:
        if named[1] not in FORMATS:
            raise UsageError(f"--output {text}: {named[1]!r} is not a format", f"the formats are {known}")
        return Target(named[1], Path(named[2]))
    path = Path(text)
    fitting = [
        (len(suffix), name)
        for name, (_, suffixes) in FORMATS.items()
        for suffix in suffixes
        if path.name.lower().endswith(suffix)
    ]
    if path.is_dir():
        raise UsageError(f"--output {text}: it is a folder", f"write --output {path / 'report.json'}")
    if not fitting:
        raise UsageError(f"--output {text}: unknown suffix", f"write FORMAT:FILE; the formats are {known}")
    return Target(max(fitting)[1], path)  # .sarif.json is longer than .json


def targets(texts: Iterable[str], models: Iterable[str]) -> tuple[Target, ...]:
    """All files to write. Raises UsageError for a file that is given twice or is one of the models."""
    found = tuple(target(text) for text in texts)
    taken = {os.path.realpath(model): "it is one of the models" for model in models}
    for one in found:
        real = os.path.realpath(one.path)
        if real in taken:
            raise UsageError(f"cannot write {one.path}: {taken[real]}", "choose another file")
        taken[real] = "it is given twice"
    return found


def untimed(report: Report) -> Report:
    """The report without the duration of the verification: the same models and options give the same bytes."""
    return structs.replace(report, verification=structs.replace(report.verification, seconds=None))


def rendered(format: str, results: Results, wishes: Wishes) -> str:
    """All results in one format, as the text of a file."""
    render, _ = FORMATS[format]
    return render(results, wishes)


def summarise(results: Results, wishes: Wishes) -> None:
    """Add the results to the summary of the GitHub job that this is a step of; nothing elsewhere.

    Raises UsageError where the summary cannot be written.
    """
    name = os.environ.get("GITHUB_STEP_SUMMARY")
    if not name:
        return
    from strideinspect.report import markdown

    text = markdown.render(results, files=wishes.files, show=wishes.show, rows=SUMMARY_ROWS)
    try:
        with Path(name).open("a", encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
            stream.write(f"{text}\n")  # so that the next step's table does not continue ours
    except OSError as error:
        problem = error.strerror or str(error)
        raise UsageError(f"cannot write the job's summary {name}: {problem}", "unset GITHUB_STEP_SUMMARY") from error


def check_writable(path: Path) -> None:
    """Raise UsageError where the file cannot be written, so that nobody works for hours to be told so."""
    folder = path.parent
    problem = ""
    if path.is_dir():
        problem = "it is a folder"
    elif not folder.is_dir():
        problem = f"there is no folder {folder}"
    elif path.exists() and not path.is_file():
        return  # a pipe or a device
    elif not os.access(folder, os.W_OK | os.X_OK):
        problem = f"the folder {folder} is not writable"
    if problem:
        raise UsageError(f"cannot write {path}: {problem}", "choose another file or folder")


def write(path: Path, text: str) -> None:
    """Write a file atomically, so that no reader finds it incomplete. Raises UsageError where it cannot be written."""
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_bytes(path: Path, content: bytes) -> None:
    """The same for what is not text."""
    try:
        if path.exists() and not path.is_file():
            path.write_bytes(content)  # a pipe or a device, in place
        else:
            with interrupts.held():  # the temporary file must not be left
                _replace(Path(os.path.realpath(path)), content)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}", "choose another file or folder") from error


def _replace(path: Path, content: bytes) -> None:
    import tempfile  # only needed for files

    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        temporary.chmod(mode)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    """The process' mask for new files, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
