"""What the settings name and no model has: told after a run, since a misspelt name would otherwise go unnoticed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from strideinspect import spelling
from strideinspect.cli import console
from strideinspect.fleet import Result, Task
from strideinspect.results.report import Report, Unmatched

NOUNS = {
    "tensors": ("tensors", "tensor, node or layer"),
    "per_node_ignores": ("per-node-ignores", "tensor, node or layer"),
    "budgets": ("budgets", "output"),
}
"""Per setting what users call it, and what its patterns are compared with."""


def tell(
    tasks: Sequence[Task], results: Sequence[Result], sections: Iterator[tuple[str, str]], *, strict: bool
) -> bool:
    """Write one line for each pattern that matches nothing in any model that has it; whether there are any."""
    lines = [*_lines(tasks, results), *(f"{place}: {problem}" for place, problem in sections)]
    for line in lines:
        console.complain(line if strict else f"warning: {line}")
    return bool(lines)


def _lines(tasks: Sequence[Task], results: Sequence[Result]) -> Iterator[str]:
    """A line per pattern. One that holds for a model that could not be inspected may match there."""
    missing: dict[tuple[str, str], list[Unmatched]] = {}
    asked: dict[tuple[str, str], int] = {}
    for task, result in zip(tasks, results, strict=True):
        for key in _patterns(task):
            asked[key] = asked.get(key, 0) + 1
        for one in result.unmatched if isinstance(result, Report) else ():
            missing.setdefault((one.setting, one.pattern), []).append(one)
    for key, found in missing.items():
        if len(found) == asked.get(key):
            setting, noun = NOUNS[key[0]]
            where = f" in any of {spelling.count(len(found), 'model')}" if len(found) > 1 else ""
            near = next((f"; did you mean {one.near}?" for one in found if one.near), "")
            yield f"{setting}: no {noun} matches {key[1]!r}{where}{near}"


def _patterns(task: Task) -> set[tuple[str, str]]:
    settings = task.settings
    return {
        *(("tensors", pattern) for pattern in settings.tensors),
        *(("per_node_ignores", pattern) for pattern, _ in settings.per_node_ignores),
        *(("budgets", pattern) for pattern, _ in settings.budgets),
    }
