"""The keys of a configuration and how their values are checked; every error names its key."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeGuard, TypeVar

from strideinspect import expectation, input_arguments
from strideinspect.errors import UsageError
from strideinspect.nearest_name import nearest_name
from strideinspect.results.report import Severity
from strideinspect.rules import registry
from strideinspect.settings import Budget, Operator

Partial = Mapping[str, Any]
"""Some of the attributes of Settings by name."""
T = TypeVar("T")
Reader = Callable[[object], object]


class _WrongValueError(Exception):
    """A value is not allowed. The message says what it must be; the caller prepends the key."""


def read(table: Mapping[str, object], where: str, folder: Path) -> Partial:
    """The attributes of Settings that a table sets. Paths in it are relative to `folder`.

    Raises UsageError, with `where` and the key, for an unknown key and a value that a key cannot have.
    """
    readers = {**_READERS, "baseline": lambda value: folder / _string(value)}
    return {key.replace("-", "_"): value for key, value in _values(table, readers, f"{where}: ")}


def patterns(value: object, where: str) -> tuple[str, ...]:
    """The `path` of a `files` table: a glob or several. Raises UsageError where it is neither."""
    try:
        return (_string(value),) if isinstance(value, str) else _strings(value)
    except _WrongValueError as error:
        raise UsageError(f"{where}: path {error}", 'write path = "exports/*.onnx"') from None


def texts(value: object, where: str) -> tuple[str, ...]:
    """A list of texts. Raises UsageError, with `where`, where it is none."""
    try:
        return _strings(value)
    except _WrongValueError as error:
        raise UsageError(f"{where} {error}") from None


def _values(table: Mapping[str, object], readers: Mapping[str, Reader], where: str) -> Iterable[tuple[str, object]]:
    for key, value in table.items():
        if key not in readers:
            near = nearest_name(key, readers, cutoff=0.5)
            raise UsageError(
                f"{where}unknown key {key!r}",
                f"did you mean {near}?" if near else f"the keys are {', '.join(sorted(readers))}",
            )
        try:
            yield key, readers[key](value)
        except _WrongValueError as error:
            raise UsageError(f"{where}{key} {error}") from None
        except UsageError as error:
            raise UsageError(f"{where}{key}: {error.message}", error.help) from None


def _string(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _WrongValueError("must be a string")
    return value


def _strings(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _WrongValueError("must be a list of strings")
    return tuple(value)


def _table(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _WrongValueError("must be a table")
    return value


def _rules(value: object) -> tuple[str, ...]:
    names = _strings(value)
    registry.named(names)
    return names


def _one_of(*choices: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or value not in choices:
            raise _WrongValueError(f"must be one of {', '.join(choices)}")
        return value

    return read


_severity = _one_of(*Severity)


def _fail_on(value: object) -> Severity | None:
    named = _one_of(*Severity, "never")(value)
    return None if named == "never" else Severity(named)


def _severities(value: object) -> Mapping[str, Severity]:
    table = _table(value)
    registry.named(tuple(table))
    return {name: Severity(_entry(name, severity, _severity)) for name, severity in table.items()}


def _entry(name: str, value: object, reader: Callable[[object], T]) -> T:
    try:
        return reader(value)
    except _WrongValueError as error:
        raise _WrongValueError(f"{name!r} {error}") from None


def _sizes(value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(type(item) is int and item >= 0 for item in value):
        raise _WrongValueError("must be a list of sizes, such as [1, 3, 224, 224], or a table of them by input")
    return tuple(value)


def _input_shapes(value: object) -> Mapping[str, tuple[int, ...]]:
    if isinstance(value, dict):
        return {name: _sizes(sizes) for name, sizes in value.items()}
    return {"": _sizes(value)}


def _input_values(value: object) -> Mapping[str, object]:
    return input_arguments.input_values(_table(value))


def _number(value: object) -> TypeGuard[int | float]:
    """Whether it is a number. A bool is an int in Python, but not a number here."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def _seconds(value: object) -> float:
    if not _number(value) or not 0 < value < math.inf:
        raise _WrongValueError("must be a number of seconds above 0")
    return float(value)


def _count(least: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        # Whole floats are accepted: 4e9 is easier to read than 4_000_000_000.
        if not _number(value) or not least <= value < math.inf or value != int(value):
            raise _WrongValueError(f"must be a whole number, {least} or more")
        return int(value)

    return read


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise _WrongValueError("must be true or false")
    return value


def _stride(value: object) -> Fraction:
    try:
        stride = Fraction(value) if _number(value) or isinstance(value, str) else Fraction(0)
    except (ValueError, ZeroDivisionError, OverflowError):
        stride = Fraction(0)
    if stride <= 0:
        raise _WrongValueError('must be a number above 0, or a fraction such as "1/2"')
    return stride


_BOUNDS: Mapping[str, Reader] = {
    "max-stride": _stride,
    "min-receptive-field": _count(1),
    "max-unseen": _count(0),
    "max-macs": _count(1),
    "min-effective-radius": _count(1),
}


def _budgets(value: object) -> tuple[tuple[str, Budget], ...]:
    """Bounds for every output, and tables of bounds by output name under `outputs`."""
    table = dict(_table(value))
    outputs = _table(table.pop("outputs", {}))
    everywhere = [("*", _budget(table, ""))] if table else []
    named = ((pattern, _budget(_entry(pattern, bounds, _table), f"{pattern}: ")) for pattern, bounds in outputs.items())
    return (*everywhere, *named)


def _budget(bounds: Mapping[str, object], where: str) -> Budget:
    read: dict[str, Any] = {key.replace("-", "_"): bound for key, bound in _values(bounds, _BOUNDS, where)}
    return Budget(**read)


def _per_node_ignores(value: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((pattern, _rules(rules)) for pattern, rules in _table(value).items())


def _operators(value: object) -> Mapping[str, Operator]:
    """How foreign operators read, by "domain:operator"."""
    return {name: _operator(_entry(name, entry, _table), f"{name}: ") for name, entry in _table(value).items()}


def _operator(entry: Mapping[str, object], where: str) -> Operator:
    read: dict[str, Any] = dict(_values(entry, {"reads": _string, "shape": _output_shape}, where))
    return Operator(**read)


def _output_shape(value: object) -> tuple[int, ...] | None:
    if value == "same":
        return None
    if not isinstance(value, list) or not all(type(item) is int and item >= 0 for item in value):
        raise _WrongValueError('must be "same", or a list of sizes, 0 for as many as the input has along this axis')
    return tuple(value)


_READERS: Mapping[str, Reader] = {
    "select": _rules,
    "ignore": _rules,
    "severity": _severities,
    "fail-on": _fail_on,
    "input-shapes": _input_shapes,
    "input-values": _input_values,
    "verify": _one_of("none", "run", "full"),
    "verify-timeout": _seconds,
    "timeout": _seconds,
    "tensors": _strings,
    "expect": lambda value: tuple(expectation.parsed(text) for text in _strings(value)),
    "budgets": _budgets,
    "per-node-ignores": _per_node_ignores,
    "operators": _operators,
    "erf": _flag,
}
KEYS = (*_READERS, "baseline", "exclude", "files")
"""Every key of a configuration."""
