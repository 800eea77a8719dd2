"""Writing the files that `annotate` is asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct, structs

from strideinspect.api import inspect
from strideinspect.cli import outputs
from strideinspect.edit import splice
from strideinspect.edit.annotations_in_file import Annotations, entries
from strideinspect.errors import UsageError
from strideinspect.model.load import load
from strideinspect.report import graph_files, side_files, viewer_facts
from strideinspect.results.report import Report
from strideinspect.results.written_file import WrittenFile
from strideinspect.settings import Settings
from strideinspect.studies.opening import analysed, stopped


class WantedFiles(Struct, frozen=True):
    """The files to write, None for those that are not wanted."""

    output: str | None
    netron: str | None
    model_explorer: str | None
    graph: str | None


class Written(Struct, frozen=True):
    """The files that were written; `stopped` says why little is known of the model, None where it runs."""

    files: list[WrittenFile]
    stopped: str | None


def write(file: str, settings: Settings, asked: WantedFiles) -> Written:
    """Inspect the model without running it, and write the files; what was written.

    Raises UsageError where a file cannot be written, before anything is inspected if that is known.
    """
    for name in (asked.output, asked.netron, asked.graph):
        if name is not None:
            outputs.check_writable(Path(name))
    if asked.output is not None:
        splice.check(file, asked.output)
    report = inspect(file, settings=structs.replace(settings, verify="none"))
    files = list(_files(asked, file, report))
    annotated = [] if asked.output is None else [_annotated(asked.output, file, report)]
    for written, text in files:
        outputs.write(Path(written.path), text)
    names = [*annotated, *(written for written, _ in files)]
    return Written(names, stopped(analysed(file, settings)))


def _annotated(target: str, file: str, report: Report) -> WrittenFile:
    """Write the model itself with the facts in it."""
    facts = viewer_facts.facts(report)
    annotations = Annotations(
        entries(facts.model),
        *({name: entries(own) for name, own in part.items()} for part in (facts.nodes, facts.inputs, facts.outputs)),
    )
    described = splice.write(load(file), target, (), annotations=annotations)
    layers = [node.output for node in report.nodes]
    left_out = [key for key in layers if key not in described]
    why = "they are in local functions, loops or branches" if left_out else None
    return WrittenFile(target, "annotated model", len(layers) - len(left_out), len(left_out), why)


def _files(asked: WantedFiles, file: str, report: Report) -> Iterator[tuple[WrittenFile, str]]:
    if asked.netron is not None:
        made = side_files.netron(report)
        yield _side_file(asked.netron, "attachment for Netron", made), _text(made)
    if asked.model_explorer is not None:
        folder = _folder(asked.model_explorer)
        for kind, made in side_files.model_explorer(report, load(file).proto.graph.name).items():
            path = folder / f"{kind.replace(' ', '-')}.json"
            yield _side_file(str(path), f"{kind} for Model Explorer", made), _text(made)
    if asked.graph is not None:
        text = graph_files.rendered(report, Path(asked.graph).suffix.lower())
        yield WrittenFile(asked.graph, "graph", len(report.nodes), 0), text


def _side_file(path: str, content: str, made: side_files.SideFile) -> WrittenFile:
    why = "Model Explorer finds nodes by a name of their own" if made.left_out else None
    return WrittenFile(path, content, made.nodes, made.left_out, why)


def _folder(name: str) -> Path:
    folder = Path(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the folder {name}: {error.strerror}", "choose another folder") from error
    return folder


def _text(made: side_files.SideFile) -> str:
    return json.dumps(made.data, indent=1) + "\n"
