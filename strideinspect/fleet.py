"""Many models: one result each, in order, in this process, in several, or on an engine that is there already."""

from __future__ import annotations

import glob
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from strideinspect.api import inspect
from strideinspect.errors import StrideinspectError, UsageError, unexpected
from strideinspect.results.report import FailedReport, Report
from strideinspect.settings import Settings

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

Result = Report | FailedReport
Progress = Callable[[str], None]
AHEAD = 256
"""How many models are handed out before the first of them is asked for: results must not pile up in memory."""


@dataclass(frozen=True, slots=True)
class Task:
    """A model and what is asked of it."""

    path: str
    settings: Settings


def models_of(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """The files that paths stand for, each once: a folder for every `.onnx` file below it, a glob for its matches.

    A path that exists is itself, whatever signs it holds; one that stands for nothing is kept, for whoever opens it to
    complain of.
    """
    found: dict[str, str] = {}
    for path in paths:
        for file in _files(os.fspath(path)):
            found.setdefault(os.path.realpath(file), file)
    return [*found.values()]


def _files(path: str) -> Sequence[str]:
    if Path(path).is_dir():
        return sorted(str(file) for file in Path(path).rglob("*.onnx") if file.is_file()) or [path]
    if glob.has_magic(path) and not Path(path).exists():
        return sorted(glob.glob(path, recursive=True)) or [path]  # noqa: PTH207  # Path.glob takes no absolute pattern
    return [path]


def inspect_many(
    paths: Iterable[str | os.PathLike[str]],
    *,
    settings: Settings | Callable[[str], Settings] | None = None,
    jobs: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Generator[Result, None, None]:
    """Inspect files, folders and globs: one result per model, in order; a bad file is a FailedReport and stops nothing.

    `settings` are for all models, or a function that gives them for each path (`settings_for` reads the project's
    configuration). With `jobs` above 1 that many processes share the work (the caller's script needs the usual
    `if __name__ == "__main__"`). `executor` is an engine that is there already, with processes or machines that see the
    same paths: its workers need this package. Close the iterator if you leave it before its end.

    Raises UsageError for wrong settings, before anything is inspected.
    """
    chosen = settings if callable(settings) else lambda _: settings or Settings()
    return run([Task(path, chosen(path)) for path in models_of(paths)], jobs, executor, progress)


def run(
    tasks: Sequence[Task], jobs: int = 1, executor: Executor | None = None, progress: Progress | None = None
) -> Generator[Result, None, None]:
    """One result per task, in order; `inspect_many` explains the parameters."""
    if executor is not None:
        return _spread(tasks, executor, _lost, progress)
    if jobs < 1:
        raise UsageError(f"{jobs} jobs cannot do anything", "give 1 or more")
    if min(jobs, len(tasks)) > 1:
        return _in_processes(tasks, min(jobs, len(tasks)), progress)
    return (outcome(task, progress) for task in tasks)


def outcome(task: Task, progress: Progress | None = None) -> Result:
    """The result of one task; whatever goes wrong with a model is its result."""
    try:
        return inspect(task.path, settings=task.settings, progress=progress)
    except StrideinspectError as error:
        return FailedReport(task.path, error.message, error.help)
    except Exception as error:  # noqa: BLE001  # a mistake of ours on one model must not cost the others
        problem = unexpected(error)
        return FailedReport(task.path, problem.message, problem.help)


def _in_processes(tasks: Sequence[Task], jobs: int, progress: Progress | None) -> Generator[Result, None, None]:
    from strideinspect.processes import Pool  # a single model should not wait for the machinery

    with Pool(jobs) as pool:
        try:
            yield from _spread(tasks, pool, _once_more, progress)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _spread(
    tasks: Sequence[Task],
    executor: Executor,
    otherwise: Callable[[Task, Exception], Result],
    progress: Progress | None,
) -> Generator[Result, None, None]:
    """The results of tasks that an executor works on; `otherwise` is asked for what the executor has lost."""
    ahead: deque[tuple[Task, Future[Result]]] = deque()
    left = iter(tasks)
    for number in range(1, len(tasks) + 1):
        ahead.extend((task, _submitted(executor, task)) for task in islice(left, AHEAD - len(ahead)))
        task, future = ahead.popleft()
        if progress:
            progress(f"inspecting {task.path} ({number:,} of {len(tasks):,})")
        try:
            result = future.result()
        except Exception as error:  # noqa: BLE001  # outcome raises nothing: whatever comes is the executor's
            result = otherwise(task, error)
        yield result


def _submitted(executor: Executor, task: Task) -> Future[Result]:
    from concurrent.futures import BrokenExecutor, Future

    try:
        return executor.submit(outcome, task)
    except BrokenExecutor as error:
        broken: Future[Result] = Future()
        broken.set_exception(error)
        return broken


def _once_more(task: Task, _: Exception) -> Result:
    """A process that dies, for want of memory say, takes down its pool: who was it? Each that is left runs alone."""
    from concurrent.futures import BrokenExecutor

    from strideinspect.processes import Pool

    with Pool(1) as alone:
        try:
            return alone.submit(outcome, task).result()
        except BrokenExecutor as error:
            return _lost(task, error)


def _lost(task: Task, error: Exception) -> FailedReport:
    why = str(error).partition("\n")[0] or type(error).__name__
    return FailedReport(task.path, f"it was lost on the way: {why}", "inspect it alone to see more")
