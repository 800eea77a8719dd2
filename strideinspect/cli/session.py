"""Inspecting the models that the command line names, and writing the results."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, structs

from strideinspect import fleet
from strideinspect.cli import console, outputs, stale, unmatched
from strideinspect.cli.colour_choice import Colour
from strideinspect.cli.standard_input import NOTHING_SAVED, SavedInput, saved
from strideinspect.configuration import find
from strideinspect.errors import UsageError
from strideinspect.fleet import Result, Task
from strideinspect.model_files import Exclude
from strideinspect.report import symbols
from strideinspect.repository import Repository, root
from strideinspect.results.report import FailedReport, Report, Severity
from strideinspect.rules.registry import chosen
from strideinspect.settings import Settings

if TYPE_CHECKING:
    from strideinspect.report_cache import ReportCache  # loads what a run without a cache does not need


class InspectionRequest(Struct, frozen=True):
    """Settings for every model: the attributes that were given override the configuration.

    `configuration` is a file to read instead of the nearest one; `configured` is False where none is read. `exclude`
    are patterns as in a .gitignore of the current folder, besides those of the configuration. `extend_select` are
    rules that run besides those that `given` or the configuration select, `saved` is what came by standard input.
    """

    given: Mapping[str, Any]
    configuration: str | None
    configured: bool
    exclude: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    saved: SavedInput = NOTHING_SAVED

    def tasks(self, models: Sequence[str]) -> list[Task]:
        """One task per model file; `models` are files, folders and globs."""
        # Checked once here: a mistyped rule would otherwise be one error per model.
        chosen((*self.given.get("select", ()), *self.extend_select), self.given.get("ignore", ()))
        return fleet.tasks_of(self.saved.models(models), self.settings, self.excludes)

    def unused_sections(self, tasks: Iterable[Task]) -> Iterator[tuple[str, str]]:
        """The `files` tables of the configuration that match no file."""
        models = [self.saved.shown(task.path) for task in tasks if task.failed is None]
        return find.sections_without_files(models, self.configuration) if self.configured else iter(())

    def excludes(self, folder: Path) -> Sequence[Exclude]:
        """What is left out below a folder."""
        configured = find.exclude(folder, self.configuration) if self.configured else ()
        return (*configured, Exclude(Path.cwd(), self.exclude))

    def settings(self, path: str) -> Settings:
        """The settings for a model. Given input shapes and values are merged with those configured for other inputs."""
        configured = find.settings_for(self.saved.shown(path), self.configuration) if self.configured else Settings()
        by_input = {
            key: {**getattr(configured, key), **self.given.get(key, {})} for key in ("input_shapes", "input_values")
        }
        merged = structs.replace(configured, **{**self.given, **by_input})
        # Without a selection all rules run already.
        return structs.replace(merged, select=(*merged.select, *self.extend_select)) if merged.select else merged


class OutputRequest(Struct, frozen=True):
    """How to write the results: the format on standard output, further files, and what text lists.

    With `statistics` the reports are replaced by how often each rule fired; `cache` holds reports of unchanged models.
    With `strict`, settings that match nothing fail the run. `image` is a photo for the HTML page.
    """

    format: str
    targets: tuple[outputs.Target, ...]
    show: str
    positions: bool
    quiet: bool
    statistics: bool
    colour: Colour = Colour.AUTO
    cache: ReportCache | None = None
    strict: bool = False
    image: Path | None = None


def run(models: Sequence[str], question: InspectionRequest, answer: OutputRequest, *, jobs: int) -> int:
    """Inspect the models and write the results; the exit status."""
    with saved(models) as standard_input:
        return _run(models, structs.replace(question, saved=standard_input), answer, jobs)


def _run(models: Sequence[str], question: InspectionRequest, answer: OutputRequest, jobs: int) -> int:
    console.check_open()
    tasks = question.tasks(models)
    for target in answer.targets:
        outputs.check_writable(target.path)
    wishes = outputs.Wishes(
        show=Severity(answer.show),
        fail_on=[task.settings.fail_on for task in tasks],
        positions=answer.positions,
        files=Repository(root(Path.cwd())),
        tasks=tasks,
        image=answer.image,
    )
    baselines = stale.read(task.settings.baseline for task in tasks)
    results: list[Result] = []
    shown = False
    # Closed at once where Ctrl-C or a closed pipe ends the loop early, since worker processes may be running.
    with closing(
        inspected(tasks, jobs, quiet=answer.quiet, standard_input=question.saved, cache=answer.cache)
    ) as inspections:
        for result in inspections:
            if answer.format == "text" and not answer.statistics and isinstance(result, Report):
                shown = _show(result, wishes, answer, first=not shown) or shown
            results.append(result)
    if answer.statistics:
        from strideinspect.report import statistics  # only of several models

        console.show(statistics.render(results), answer.colour)
    elif answer.format != "text":
        console.write(outputs.rendered(answer.format, results, wishes), exact=answer.format in outputs.EXACT)
    elif len(results) > 1 and not answer.quiet:
        from strideinspect.report import statistics

        console.show(((), *statistics.summary(results)), answer.colour)
    stale.tell(baselines, tasks, results)
    missed = unmatched.tell(tasks, results, question.unused_sections(tasks), strict=answer.strict)
    written = [_write(target, results, wishes) for target in answer.targets]
    if "github" in {answer.format, *(target.format for target in answer.targets)}:
        outputs.summarise(results, wishes)
    return 2 if (missed and answer.strict) or not all(written) else exit_status(tasks, results)


def exit_status(tasks: Sequence[Task], results: Iterable[Result]) -> int:
    """2 where a model could not be inspected, else 1 where a finding reaches the `fail_on` of its settings, else 0."""
    statuses = [0]
    for task, result in zip(tasks, results, strict=True):
        if isinstance(result, FailedReport):
            statuses.append(2)
        elif task.settings.fail_on is not None and any(result.at_least(task.settings.fail_on)):
            statuses.append(1)
    return max(statuses)


def inspected(
    tasks: Sequence[Task],
    jobs: int,
    *,
    quiet: bool,
    standard_input: SavedInput = NOTHING_SAVED,
    cache: ReportCache | None = None,
) -> Generator[Result, None, None]:
    """One result per model, in order; a model that cannot be inspected is reported and does not stop the others."""
    with console.progress(quiet=quiet) as progress, closing(_results(tasks, jobs, progress, cache)) as results:
        for result in map(standard_input.renamed, results):
            if progress is not None:
                progress.clear()  # whoever gets the result may write to the same terminal
            if isinstance(result, FailedReport):
                where = "" if result.path in result.message else f"{result.path}: "
                console.complain("; ".join(filter(None, (where + result.message, result.help))))
            yield result


def _results(
    tasks: Sequence[Task], jobs: int, progress: fleet.Progress | None, cache: ReportCache | None
) -> Generator[Result, None, None]:
    """One result per task, from the cache where it has one."""
    if cache is None:
        yield from fleet.run(tasks, jobs, progress=progress)
        return
    keys = [cache.key(task) for task in tasks]
    known = [None if key is None else cache.get(key) for key in keys]
    missing = [task for task, report in zip(tasks, known, strict=True) if report is None]
    with closing(fleet.run(missing, jobs, progress=progress)) as made:
        for task, key, report in zip(tasks, keys, known, strict=True):
            result = report or next(made)
            if report is None and key is not None and isinstance(result, Report):
                cache.put(key, task, result)
            yield result
    if missing:
        cache.tidy()


def _show(report: Report, wishes: outputs.Wishes, answer: OutputRequest, *, first: bool) -> bool:
    """Show a report, an empty line before all but the first; whether anything was shown."""
    from strideinspect.report import text  # no other format needs it

    render = text.render_quiet if answer.quiet else text.render
    report = outputs.untimed(report)  # at a terminal, too: what people see is what a pipe gets
    with symbols.written_in(console.encoding()):
        document = render(report, width=console.width(), show=wishes.show, files=wishes.files)
    console.show(document if first or not document else ((), *document), answer.colour)
    return bool(document)


def _write(target: outputs.Target, results: Sequence[Result], wishes: outputs.Wishes) -> bool:
    """Write one file; False where that failed, which is reported."""
    try:
        outputs.write(target.path, outputs.rendered(target.format, results, wishes))
    except UsageError as error:
        console.complain(str(error))
        return False
    return True
