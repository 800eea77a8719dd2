"""Inspecting the models that the command line names, one after another, and handing the results out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from strideinspect import inspect
from strideinspect.cli import console, outputs
from strideinspect.errors import StrideinspectError, UsageError
from strideinspect.report import text
from strideinspect.report.model import FailedReport, Report, Severity
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
    results: list[Result] = []
    for result in _results(models, question, quiet=answer.quiet):
        if answer.format == "text" and isinstance(result, Report):
            _show(result, answer, first=not results)
        results.append(result)
    if answer.format != "text":
        console.write(_rendered(answer.format, results, answer))
    written = [_write(target, results, answer) for target in answer.targets]
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


def _show(report: Report, answer: Answer, *, first: bool) -> None:
    render = text.render_quiet if answer.quiet else text.render
    document = render(report, width=console.width(), show=Severity(answer.show))
    console.show(document if first or not document else ((), *document))


def _rendered(format: str, results: Sequence[Result], answer: Answer) -> str:
    return outputs.rendered(format, results, show=Severity(answer.show), positions=answer.positions)


def _write(target: outputs.Target, results: Sequence[Result], answer: Answer) -> bool:
    """Whether the file could be written; that it could not is told."""
    try:
        outputs.write(target.path, _rendered(target.format, results, answer))
    except UsageError as error:
        console.complain(str(error))
        return False
    return True
