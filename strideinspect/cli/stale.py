"""The baseline files that a run uses: read before it, and their stale entries reported after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from strideinspect import spelling
from strideinspect.cli import console
from strideinspect.fleet import Result, Task
from strideinspect.results.report import Report

if TYPE_CHECKING:
    from strideinspect.baseline_file import Baseline

NAMED = 3
"""Number of stale entries that are named."""


def read(files: Iterable[Path | None]) -> tuple[Baseline, ...]:
    """Each file once. Raises UsageError for a file that cannot be used: one error, not one per model."""
    wanted = [file for file in dict.fromkeys(files) if file is not None]
    if not wanted:
        return ()
    from strideinspect import baseline_file  # most runs have no baseline

    return tuple(map(baseline_file.read, wanted))


def tell(baselines: Iterable[Baseline], tasks: Sequence[Task], results: Sequence[Result]) -> None:
    """Write one line for each file with entries that no longer match a finding."""
    for accepted in baselines:
        own = [r for task, r in zip(tasks, results, strict=True) if task.settings.baseline == accepted.path]
        stale = [*_unmatched(own), *_of_models_that_are_gone(accepted)]
        if stale:
            more = f" and {len(stale) - NAMED} more" if len(stale) > NAMED else ""
            console.complain(
                f"{accepted.path}: {spelling.count(len(stale), 'entry')} "
                f"no longer {'matches' if len(stale) == 1 else 'match'} a finding: "
                f"{', '.join(stale[:NAMED])}{more}; to remove {'it' if len(stale) == 1 else 'them'}: "
                "strideinspect baseline MODEL... --prune"
            )


def _unmatched(results: Iterable[Result]) -> Iterator[str]:
    for report in results:
        if isinstance(report, Report) and report.accepted is not None:
            yield from (f"{title} of {report.path}" for title in report.accepted.stale)


def _of_models_that_are_gone(accepted: Baseline) -> Iterator[str]:
    if not accepted.renamed:
        yield from (f"{e.title} of {e.model}" for e in accepted.entries if e.model in accepted.gone())
