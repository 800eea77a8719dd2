"""What callers give, as the values that Settings hold: plain spellings are converted, anything else is refused.

Every function raises UsageError, which says what was given and how to write it.
"""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from strideinspect import expectation
from strideinspect.errors import UsageError
from strideinspect.expectation import Expectation
from strideinspect.results.report import Severity

T = TypeVar("T")
VERIFY = ("none", "run", "full")


def path(value: object, what: str) -> str:
    """A path as text. `what` is what it is a path of, for the message."""
    if isinstance(value, str | os.PathLike) and isinstance(text := os.fspath(value), str):
        if not text.strip():
            raise UsageError(f"{what} has an empty name", 'write "exports/model.onnx"')
        return text
    raise UsageError(f"{what} must be a path (str or pathlib.Path), not {shown(value)}", 'write "exports/model.onnx"')


def model(value: object) -> str:
    """The path of one ONNX file."""
    if isinstance(value, Iterable) and not isinstance(value, bytes | os.PathLike | str):
        raise UsageError("one model is inspected at a time", "for several, write inspect_many([...])")
    if type(value).__name__ == "ModelProto":  # onnx must not be imported to say so
        raise UsageError("a model is inspected from a file, not from memory", "write onnx.save(model, path) first")
    return path(value, "the model")


def reals(text: str | None, option: str) -> tuple[float, ...]:
    """Finite numbers separated by commas; none where the option was not given."""
    if text is None:
        return ()
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        numbers = (math.nan,)
    if not all(map(math.isfinite, numbers)):
        raise UsageError(f"{option} {text}: not a list of numbers", f"write {option} 0.485,0.456,0.406")
    return numbers


def names(value: object, what: str) -> tuple[str, ...]:
    """Names of rules or groups. A single text is read as on the command line: names separated by commas."""
    if isinstance(value, str):
        return tuple(name for part in value.split(",") if (name := part.strip()))
    return texts(value, what, '["coverage", "stride-gap"]')


def texts(value: object, what: str, example: str) -> tuple[str, ...]:
    """Texts; a single one stands for a list of it."""
    items = _items(value, what, example)
    for item in items:
        if not isinstance(item, str):
            raise UsageError(f"{what} must be a list of texts, but holds {shown(item)}", f"write {what}={example}")
    return tuple(str(item) for item in items)


def expectations(value: object) -> tuple[Expectation, ...]:
    """Expectations, as text or parsed; a single one stands for a list of it."""
    example = '["logits:size=427,stride=32"]'
    given = (value,) if isinstance(value, Expectation) else _items(value, "expect", example)
    return tuple(
        item if isinstance(item, Expectation) else expectation.parsed(*texts((item,), "expect", example))
        for item in given
    )


def _items(value: object, what: str, example: str) -> tuple[object, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, bytes | Mapping) or not isinstance(value, Iterable):
        raise UsageError(f"{what} must be a list of texts, not {shown(value)}", f"write {what}={example}")
    return tuple(value)


def tile(text: str) -> tuple[int, ...]:
    """Sizes of a tile, "512,512"."""
    try:
        return tuple(count(int(size), "--tile", 1) for size in text.split(","))
    except ValueError:
        raise UsageError(f"--tile {text}: not a size", "write --tile 512,512, or --tile 512 for all axes") from None


def rate(value: float) -> float:
    """Samples per second."""
    if not math.isfinite(value) or value <= 0:
        raise UsageError(f"--rate {value}: not a sample rate", "give samples per second: --rate 16000")
    return value


def severity(value: object, what: str) -> Severity:
    """A severity, or its name. `what` is what has it, for the message."""
    if isinstance(value, str) and value in set(Severity):
        return Severity(value)
    raise UsageError(
        f"{what} cannot be {shown(value)}",
        'write "note", "warning" or "error", or a Severity such as Severity.WARNING',
    )


def fail_on(value: object) -> Severity | None:
    """The lowest severity that fails; None, or "never" as in a configuration, for no failure."""
    return None if value is None or value == "never" else severity(value, "fail_on")


def severities(value: object) -> dict[str, Severity]:
    """Severities by rule or group."""
    given = _mapping(value, "severity", '{"stride-gap": "error"}')
    return {name: severity(item, f"severity of {name!r}") for name, item in given.items()}


def by_pattern(value: object, what: str, example: str, read: Callable[[object, str], T]) -> tuple[tuple[str, T], ...]:
    """Values by pattern, in order: a mapping, or pairs of a pattern and a value, each of which `read` converts."""
    if not isinstance(value, Mapping):
        pairs = tuple(value) if isinstance(value, Iterable) and not isinstance(value, str | bytes) else (None,)
        if not all(isinstance(pair, tuple | list) and len(pair) == 2 for pair in pairs):
            raise UsageError(f"{what} must be pairs of a pattern and a value, not {shown(value)}", f"write {example}")
        return tuple((a_name(pattern, what), read(item, f"{what} of {pattern!r}")) for pattern, item in pairs)
    return tuple((a_name(pattern, what), read(item, f"{what} of {pattern!r}")) for pattern, item in value.items())


def _mapping(value: object, what: str, example: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise UsageError(f"{what} must be a dict, not {shown(value)}", f"write {what}={example}")
    return {a_name(name, what): item for name, item in value.items()}


def a_name(value: object, what: str) -> str:
    """The text that a name is. `what` is what has it, for the message."""
    if isinstance(value, str):
        return value
    raise UsageError(f"{what}: {shown(value)} is not a name", "write it as text")


def verify(value: object) -> str:
    """One of "none", "run" and "full"."""
    if isinstance(value, str) and value in VERIFY:
        return value
    raise UsageError(f"verify cannot be {shown(value)}", 'write "none", "run" or "full"')


def flag(value: object, what: str) -> bool:
    """Whether something is to be done: True or False."""
    if isinstance(value, bool):
        return value
    raise UsageError(f"{what} cannot be {shown(value)}", "write True or False")


def seconds(value: object, what: str) -> float:
    """A time in seconds: finite and above 0."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf:
        return float(value)
    raise UsageError(f"{what} cannot be {shown(value)}", "write a number of seconds above 0, such as 60")


def count(value: object, what: str, least: int) -> int:
    """A whole number, `least` or more."""
    try:
        number = whole(value)
    except TypeError:
        number = least - 1
    if number < least:
        raise UsageError(f"{what} cannot be {shown(value)}", f"write a whole number, {least} or more")
    return number


def stride(value: object, what: str) -> Fraction:
    """A stride: a number above 0, or a text such as "1/2"."""
    try:
        number = Fraction(value) if isinstance(value, int | float | str | Fraction) else Fraction(0)
    except (ValueError, ZeroDivisionError, OverflowError):
        number = Fraction(0)
    if number <= 0 or isinstance(value, bool):
        raise UsageError(f"{what} cannot be {shown(value)}", 'write a number above 0, or a fraction such as "1/2"')
    return number


def file(value: object, what: str) -> Path | None:
    """The path of a file, or None."""
    return None if value is None else Path(path(value, what))


def whole(value: object) -> int:
    """A whole number, NumPy's included. Raises TypeError for anything else; to Python a bool is one too."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError
    return operator.index(value)


def shown(value: object) -> str:
    """A value as messages name it: as Python writes it where that is short."""
    text = repr(value)
    return text if len(text) <= 60 else f"a {type(value).__name__}"
