"""The formats of a report by name, and files that are there whole or not at all."""

from __future__ import annotations

import os
import re
import stat
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from strideinspect.errors import UsageError
from strideinspect.version import __version__

if TYPE_CHECKING:
    from strideinspect.report.model import FailedReport, Report, Severity

SUFFIXES = {".txt": "text", ".json": "json", ".csv": "csv"}
FORMATS = tuple(SUFFIXES.values())
TEXT_WIDTH = 100
"""Cells of a text report in a file, where no terminal sets a width."""


@dataclass(frozen=True, slots=True)
class Target:
    """A file to write, and its format."""

    format: str
    path: Path


def target(text: str) -> Target:
    """`report.json` or `json:report.out` as format and file. Raises UsageError where the format is not to be told."""
    known = ", ".join(FORMATS)
    # Two letters and more: `C:` is a drive.
    named = re.match(r"([A-Za-z][A-Za-z0-9-]+):(.+)", text)
    if named:
        if named[1] not in FORMATS:
            raise UsageError(f"--output {text}: no format is called {named[1]!r}", f"the formats are {known}")
        return Target(named[1], Path(named[2]))
    path = Path(text)
    if path.suffix.lower() not in SUFFIXES:
        raise UsageError(f"--output {text}: its suffix names no format", f"write FORMAT:FILE; the formats are {known}")
    return Target(SUFFIXES[path.suffix.lower()], path)


def targets(texts: Iterable[str], models: Iterable[str]) -> tuple[Target, ...]:
    """All files to write. Raises UsageError for one that is given twice, or is a model."""
    found = tuple(target(text) for text in texts)
    taken = {os.path.realpath(model): "it is the model" for model in models}
    for one in found:
        real = os.path.realpath(one.path)
        if real in taken:
            raise UsageError(f"cannot write {one.path}: {taken[real]}", "choose another file")
        taken[real] = "it is given twice"
    return found


def rendered(format: str, results: Sequence[Report | FailedReport], *, show: Severity, positions: bool) -> str:
    """All results in one format, as the text of a file."""
    # Each renderer is imported only where its format is asked for.
    if format == "json":
        from strideinspect.report import json

        return json.render(results, version=__version__, positions=positions)
    if format == "csv":
        from strideinspect.report import csv

        return csv.render(results)
    from strideinspect.report import text
    from strideinspect.report.layout import plain
    from strideinspect.report.model import Report

    reports = (result for result in results if isinstance(result, Report))
    return "\n".join(plain(text.render(report, width=TEXT_WIDTH, show=show)) for report in reports)


def write(path: Path, text: str) -> None:
    """Write a file so that no reader ever finds half of it. Raises UsageError where it cannot be written."""
    try:
        if path.exists() and not path.is_file():
            _write_special(path, text)
        else:
            _replace(Path(os.path.realpath(path)), text)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}", "choose another file or folder") from error


def _write_special(path: Path, text: str) -> None:
    """A pipe or a device stays what it is; a folder raises."""
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)


def _replace(path: Path, text: str) -> None:
    mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
            stream.write(text)
        temporary.chmod(mode)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _umask() -> int:
    """The process' mask for new files, which can only be read by setting it."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
