"""Inspecting the models that the command line names, one after another, and handing the results out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from strideinspect import inspect
from strideinspect.cli import console, outputs
from strideinspect.errors import StrideinspectError, UsageError
from strideinspect.report import text
from strideinspect.report.model import FailedReport, Report, Severity
from strideinspect.repository import Repository, root
from strideinspect.rules.registry import chosen

Result = Report | FailedReport


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every model."""

    input_shapes: dict[str, tuple[int, ...]]
    verify: Literal["none", "run"]
    verify_timeout: float
    tensors: tuple[str, ...]
    select: tuple[str, ...]
    ignore: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """How the results are wanted: a format on standard output, files besides, and what text lists."""

    format: str
    targets: tuple[outputs.Target, ...]
    show: str
    positions: bool
    quiet: bool


def run(models: Sequence[str], question: Question, answer: Answer, *, fail_on: str) -> int:
    """Inspect the models and hand out the results; the exit status."""
    # A mistyped rule is one mistake, not one per model.
    chosen(question.select, question.ignore)
    wishes = outputs.Wishes(
        show=Severity(answer.show),
        fail_on=None if fail_on == "never" else Severity(fail_on),
        positions=answer.positions,
        files=Repository(root(Path.cwd())),
    )
    results: list[Result] = []
    for result in _results(models, question, quiet=answer.quiet):
        if answer.format == "text" and isinstance(result, Report):
            _show(result, wishes, quiet=answer.quiet, first=not results)
        results.append(result)
    if answer.format != "text":
        console.write(outputs.rendered(answer.format, results, wishes))
    written = [_write(target, results, wishes) for target in answer.targets]
    if "github" in {answer.format, *(target.format for target in answer.targets)}:
        outputs.summarise(results, wishes)
    return max(exit_status(results, fail_on), 0 if all(written) else 2)


def exit_status(results: Iterable[Result], fail_on: str) -> int:
    """2 where a model could not be inspected, else 1 where a finding is as grave as asked, else 0."""
    statuses = [0]
    for result in results:
        if isinstance(result, FailedReport):
            statuses.append(2)
        elif fail_on != "never" and any(result.at_least(Severity(fail_on))):
            statuses.append(1)
    return max(statuses)


def _results(models: Sequence[str], question: Question, *, quiet: bool) -> Iterator[Result]:
    """One result per model, in order; a model that cannot be inspected is told of and does not stop the others."""
    for path in models:
        with console.progress(quiet=quiet) as progress:
            result = _inspected(path, question, progress)
        if isinstance(result, FailedReport):
            where = "" if path in result.message else f"{path}: "
            console.complain("; ".join(filter(None, (where + result.message, result.help))))
        yield result


def _inspected(path: str, question: Question, progress: Callable[[str], None] | None) -> Result:
    try:
        return inspect(
            path,
            input_shapes=question.input_shapes or None,
            verify=question.verify,
            verify_timeout=question.verify_timeout,
            tensors=question.tensors,
            select=question.select,
            ignore=question.ignore,
            progress=progress,
        )
    except StrideinspectError as error:
        return FailedReport(path, error.message, error.help)
    except Exception as error:  # noqa: BLE001  # a mistake of ours on one model must not cost the others
        return FailedReport(path, *console.internal(error))


def _show(report: Report, wishes: outputs.Wishes, *, quiet: bool, first: bool) -> None:
    render = text.render_quiet if quiet else text.render
    document = render(report, width=console.width(), show=wishes.show, files=wishes.files)
    console.show(document if first or not document else ((), *document))


def _write(target: outputs.Target, results: Sequence[Result], wishes: outputs.Wishes) -> bool:
    """Whether the file could be written; that it could not is told."""
    try:
        outputs.write(target.path, outputs.rendered(target.format, results, wishes))
    except UsageError as error:
        console.complain(str(error))
        return False
    return True
