"""Writing the files that `annotate` is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from strideinspect import inspect
from strideinspect.cli import outputs
from strideinspect.errors import UsageError
from strideinspect.model.load import load
from strideinspect.report import graph_files, side_files
from strideinspect.results.report import Report
from strideinspect.results.written_file import WrittenFile
from strideinspect.settings import Settings
from strideinspect.studies.opening import analysed, stopped


class Asked(NamedTuple):
    """The files to write, None for those that are not wanted."""

    netron: str | None
    model_explorer: str | None
    graph: str | None


class Written(NamedTuple):
    """The files that were written; `stopped` says why little is known of the model, None where it runs."""

    files: list[WrittenFile]
    stopped: str | None


def write(file: str, settings: Settings, asked: Asked) -> Written:
    """Inspect the model without running it, and write the files; what was written.

    Raises UsageError where a file cannot be written, before anything is inspected if that is known.
    """
    for name in (asked.netron, asked.graph):
        if name is not None:
            outputs.check_writable(Path(name))
    report = inspect(file, settings=replace(settings, verify="none"))
    files = list(_files(asked, file, report))
    for written, text in files:
        outputs.write(Path(written.path), text)
    return Written([written for written, _ in files], stopped(analysed(file, settings)))


def _files(asked: Asked, file: str, report: Report) -> Iterator[tuple[WrittenFile, str]]:
    if asked.netron is not None:
        made = side_files.netron(report)
        yield WrittenFile(asked.netron, "attachment for Netron", made.nodes, made.left_out), _text(made)
    if asked.model_explorer is not None:
        folder = _folder(asked.model_explorer)
        for kind, made in side_files.model_explorer(report, load(file).proto.graph.name).items():
            path = folder / f"{kind.replace(' ', '-')}.json"
            yield WrittenFile(str(path), f"{kind} for Model Explorer", made.nodes, made.left_out), _text(made)
    if asked.graph is not None:
        text = graph_files.rendered(report, Path(asked.graph).suffix.lower())
        yield WrittenFile(asked.graph, "graph", len(report.nodes), 0), text


def _folder(name: str) -> Path:
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the folder {name}: {error.strerror}", "choose another folder") from error
    return folder


def _text(made: side_files.SideFile) -> str:
    return json.dumps(made.data, indent=1) + "\n"
