"""Accepting findings: write or prune the baseline file from the current findings of models."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import structs

from strideinspect import baseline_file, spelling
from strideinspect.baseline_file import Baseline
from strideinspect.cli import console, outputs
from strideinspect.cli.session import InspectionRequest, inspected
from strideinspect.errors import UsageError
from strideinspect.fleet import Result, Task
from strideinspect.policy.accepted import judged
from strideinspect.policy.entry import Entry, entries
from strideinspect.policy.recognition import match
from strideinspect.results.report import FailedReport, Report, Severity


def run(
    models: Sequence[str], question: InspectionRequest, output: Path | None, accept: Severity, *, prune: bool, jobs: int
) -> int:
    """Inspect the models and write the file; the exit status."""
    asked = question.tasks(models)
    file = output or _configured(asked)
    if os.path.realpath(file) in {os.path.realpath(task.path) for task in asked}:
        raise UsageError(f"cannot write {file}: it is a model", "choose another file")
    before = baseline_file.read(file) if prune or file.exists() else Baseline(file)
    # Without the baseline, so that findings that are already accepted are reported again.
    tasks = [structs.replace(task, settings=structs.replace(task.settings, baseline=None)) for task in asked]
    results = list(inspected(tasks, jobs, quiet=False))
    failed = [isinstance(result, FailedReport) for result in results]
    if not all(failed):
        after = pruned(before, tasks, results) if prune else updated(before, tasks, results, accept)
        outputs.write(file, after.text())
        console.write(f"{file}: {_summary(before, after)}\n")
    return 2 if any(failed) else 0


def _configured(tasks: Sequence[Task]) -> Path:
    files = dict.fromkeys(task.settings.baseline for task in tasks if task.failed is None)
    if len(files) > 1:
        raise UsageError("the configuration names several baselines for these models", "choose one with --output FILE")
    return next(iter(files), None) or Path(baseline_file.NAME)


def _summary(before: Baseline, after: Baseline) -> str:
    """`12 findings accepted, 3 added, 1 removed`."""
    old, new = Counter(before.entries), Counter(after.entries)
    parts = [f"{spelling.count(len(after.entries), 'finding')} accepted"]
    if before.entries:
        changes = {"added": (new - old).total(), "removed": (old - new).total()}
        parts += [f"{number:,} {what}" for what, number in changes.items() if number] or ["unchanged"]
    return ", ".join(parts)


def updated(before: Baseline, tasks: Sequence[Task], results: Sequence[Result], accept: Severity) -> Baseline:
    """The file with the findings of these results, those of severity `accept` or higher.

    They replace the entries of these models. Entries of other models stay unless the model no longer exists; entries
    of rules that were not run, and of models that could not be inspected, stay too.
    """

    def kept(report: Report, _: Sequence[Entry]) -> Sequence[Entry]:
        return entries(structs.replace(report, findings=tuple(report.at_least(accept))), "")

    return _rewritten(before, tasks, results, kept)


def pruned(before: Baseline, tasks: Sequence[Task], results: Sequence[Result]) -> Baseline:
    """The file without the entries that no longer match a finding."""
    return _rewritten(before, tasks, results, lambda report, own: match(report, own).used)


def _rewritten(
    before: Baseline,
    tasks: Sequence[Task],
    results: Sequence[Result],
    kept: Callable[[Report, Sequence[Entry]], Sequence[Entry]],
) -> Baseline:
    written: list[Entry] = []
    done: set[str] = set(before.gone())
    for task, result in zip(tasks, results, strict=True):
        if isinstance(result, Report):
            own = before.of(task.path)
            rules = judged(result, task.settings)
            unasked = [entry for entry in own if entry.rule not in rules]
            here = kept(result, [entry for entry in own if entry.rule in rules])
            name = before.name_of(task.path)
            written += (structs.replace(entry, model=name) for entry in [*unasked, *here])
            done.add(name)
    return Baseline(before.path, (*written, *(entry for entry in before.entries if entry.model not in done)))
