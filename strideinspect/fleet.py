"""Inspecting many models: one result each, in order, in this process, in several, or on the caller's executor."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from msgspec import Struct

from strideinspect import arguments
from strideinspect.api import inspect
from strideinspect.errors import StrideinspectError, unexpected
from strideinspect.model_files import Excludes, models_of, nothing_excluded
from strideinspect.processes import interrupts
from strideinspect.processes.time_limit import time_limit
from strideinspect.results.report import FailedReport, Report
from strideinspect.settings import Settings, overridden

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

Result = Report | FailedReport
Progress = Callable[[str], None]
AHEAD = 256
"""Number of models submitted ahead of the next result, limited so that results do not pile up in memory."""


class Task(Struct, frozen=True):
    """A model and the settings to inspect it with, or a path that denotes no model, and why it failed."""

    path: str
    settings: Settings
    failed: FailedReport | None = None


def tasks_of(
    paths: Iterable[str | os.PathLike[str]],
    settings: Callable[[str], Settings],
    excludes: Excludes = nothing_excluded,
) -> list[Task]:
    """One task per model that the paths denote, and one that has failed for each path that denotes none."""
    return [
        Task(path, settings(path))
        if problem is None
        else Task(path, Settings(), FailedReport(path, problem.message, problem.help))
        for path, problem in models_of(paths, excludes).items()
    ]


def inspect_many(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    settings: Settings | Callable[[str], Settings] | None = None,
    jobs: int = 1,
    executor: Executor | None = None,
    progress: Callable[[str], None] | None = None,
) -> Generator[Report | FailedReport, None, None]:
    """Inspect many ONNX files: one result per model, in order.

    A model that cannot be inspected is a FailedReport and does not stop the others. Close the generator if you do not
    exhaust it: worker processes may still be running.

    Args:
        paths: Files, folders, globs and folders of MLflow models, or one of them. A file is inspected once. A folder
            denotes every `.onnx` file below it, but for hidden folders, virtual environments, `node_modules` and what
            git ignores.
        settings: The settings for all of them, or a function that returns them for the path of each: `settings_for`
            reads the project's configuration. `Settings()` if not given.
        jobs: Number of models inspected in parallel, each in a process of its own.
        executor: An executor (`concurrent.futures`) to use instead. Its workers need this package, and the models
            under the same paths.
        progress: Called with a line of text at each stage.

    Returns:
        A generator of a Report or a FailedReport per model.

    Raises:
        UsageError: An argument has a value that it cannot have, or the settings name a rule or group that there is
            not. It is raised by the call, before anything is inspected.
    """
    number = arguments.count(jobs, "jobs", 1)
    tasks = tasks_of(_paths(paths), lambda path: _settings(settings, path))
    from strideinspect.rules.registry import chosen  # reads every rule

    for select, ignore in dict.fromkeys((task.settings.select, task.settings.ignore) for task in tasks):
        chosen(select, ignore)
    return run(tasks, number, executor, progress)


def _paths(given: object) -> Iterable[str | os.PathLike[str]]:
    if isinstance(given, Iterable) and not isinstance(given, str | bytes | os.PathLike):
        return given
    return (arguments.path(given, "a model"),)


def _settings(given: Settings | Callable[[str], Settings] | None, path: str) -> Settings:
    if given is None:
        return Settings()
    return overridden(given(path) if callable(given) else given)


def run(
    tasks: Sequence[Task], jobs: int = 1, executor: Executor | None = None, progress: Progress | None = None
) -> Generator[Result, None, None]:
    """One result per task, in order; `inspect_many` explains the parameters."""
    if executor is not None:
        return _spread(tasks, executor, progress)
    if min(jobs, len(tasks)) > 1:
        return _in_processes(tasks, min(jobs, len(tasks)), progress)
    return (outcome(task, progress) for task in tasks)


def outcome(task: Task, progress: Progress | None = None) -> Result:
    """The result of one task; an error in a model is its result, and nothing is raised."""
    if task.failed is not None:
        return task.failed
    try:
        with time_limit(task.settings.timeout):
            return inspect(task.path, settings=task.settings, progress=progress)
    except StrideinspectError as error:
        interrupts.check()
        return FailedReport(task.path, error.message, error.help)
    except Exception as error:  # noqa: BLE001  # a defect triggered by one model must not stop the others
        interrupts.check()
        problem = unexpected(error)
        return FailedReport(task.path, problem.message, problem.help)


def _in_processes(tasks: Sequence[Task], jobs: int, progress: Progress | None) -> Generator[Result, None, None]:
    from strideinspect.processes.pool import Pool  # not needed for a single model

    with Pool(jobs) as pool:
        yield from _spread(tasks, pool, progress)


def _spread(
    tasks: Sequence[Task],
    executor: Executor,
    progress: Progress | None,
) -> Generator[Result, None, None]:
    """The results of tasks run by an executor. A task whose worker failed has failed."""
    ahead: deque[tuple[Task, Future[Result]]] = deque()
    left = iter(tasks)
    for number in range(1, len(tasks) + 1):
        ahead.extend((task, _submitted(executor, task)) for task in islice(left, AHEAD - len(ahead)))
        task, future = ahead.popleft()
        if progress:
            progress(f"inspecting {task.path} ({number:,} of {len(tasks):,})")
        try:
            result = future.result()
        except Exception as error:  # noqa: BLE001  # outcome raises nothing: any exception is the executor's
            result = _lost(task, error)
        yield result


def _submitted(executor: Executor, task: Task) -> Future[Result]:
    from concurrent.futures import BrokenExecutor, Future

    try:
        return executor.submit(outcome, task)
    except BrokenExecutor as error:
        broken: Future[Result] = Future()
        broken.set_exception(error)
        return broken


def _lost(task: Task, error: Exception) -> FailedReport:
    why = str(error).partition("\n")[0] or type(error).__name__
    return FailedReport(task.path, f"the worker process failed: {why}", "inspect this model alone to see more")
