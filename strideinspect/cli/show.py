"""What a run would do: the files that it would inspect, and the settings that it would use."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from msgspec import structs

from strideinspect.cli import console
from strideinspect.fleet import Task
from strideinspect.report.layout import printable
from strideinspect.settings import Budget, Settings


def files(tasks: Sequence[Task]) -> int:
    """Write the path of every model, one per line; the exit status."""
    console.write("".join(f"{printable(task.path)}\n" for task in tasks if task.failed is None))
    return _failures(tasks)


def settings(tasks: Sequence[Task]) -> int:
    """Write the settings of every model as keys of a configuration; models with the same settings together."""
    groups: list[tuple[Settings, list[str]]] = []
    for task in tasks:
        if task.failed is None:
            same = next((paths for known, paths in groups if known == task.settings), None)
            if same is None:
                groups.append((task.settings, [task.path]))
            else:
                same.append(task.path)
    texts = ("".join(f"{line}\n" for line in _settings_lines(known, paths)) for known, paths in groups)
    console.write("\n".join(texts))
    return _failures(tasks)


def _failures(tasks: Sequence[Task]) -> int:
    failed = [task.failed for task in tasks if task.failed is not None]
    for one in failed:
        console.complain("; ".join(filter(None, (one.message, one.help))))
    return 2 if failed else 0


def _settings_lines(settings: Settings, paths: Sequence[str]) -> Iterator[str]:
    for path in paths:
        yield f"# {printable(path)}"
    for key, value in configured(settings).items():
        yield f"{key} = {_toml(value)}"


def configured(settings: Settings) -> dict[str, object]:
    """The settings as the keys of a configuration file; what is not set and has no such value is left out."""
    everywhere = [bounds for pattern, bounds in settings.budgets if pattern == "*"]
    outputs = {pattern: _bounds(bounds) for pattern, bounds in settings.budgets if pattern != "*"}
    special: dict[str, object] = {
        "fail_on": settings.fail_on or "never",
        "input_shapes": settings.input_shapes.get("", settings.input_shapes),
        "expect": [expectation.text for expectation in settings.expect],
        "budgets": {
            **{kind: bound for bounds in everywhere for kind, bound in _bounds(bounds).items()},
            **({"outputs": outputs} if outputs else {}),
        },
        "per_node_ignores": dict(settings.per_node_ignores),
    }
    values = {name: special.get(name, value) for name, value in structs.asdict(settings).items()}
    return {name.replace("_", "-"): value for name, value in values.items() if value is not None}


def _bounds(budget: Budget) -> dict[str, object]:
    return {kind.replace("_", "-"): bound for kind, bound in structs.asdict(budget).items() if bound is not None}


def _toml(value: object) -> str:
    """A value in TOML, which has JSON's texts."""
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return f"{value:g}" if isinstance(value, float) else str(value)
        case Mapping():
            return "{" + ", ".join(f"{_toml(str(key))} = {_toml(item)}" for key, item in value.items()) + "}"
        case tuple() | list():
            return "[" + ", ".join(map(_toml, value)) + "]"
        case _:
            return json.dumps(str(value))
