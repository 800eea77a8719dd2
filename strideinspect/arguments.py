"""What callers give, as the values that Settings hold: plain spellings are converted, anything else is refused.

Every function raises UsageError, which says what was given and how to write it.
"""

from __future__ import annotations

import math
import operator
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

from strideinspect import expectation
from strideinspect.errors import UsageError
from strideinspect.expectation import Expectation
from strideinspect.results.report import Severity

T = TypeVar("T")
VERIFY = ("none", "run", "full")
LONGEST_NUMBER = 18
"""Digits: Python refuses to convert texts of some thousands of them, and no size of this many is meant."""


def path(value: object, what: str) -> str:
    """A path as text. `what` is what it is a path of, for the message."""
    if isinstance(value, str | os.PathLike) and isinstance(text := os.fspath(value), str):
        return text
    raise UsageError(f"{what} must be a path (str or pathlib.Path), not {_shown(value)}", 'write "exports/model.onnx"')


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
            raise UsageError(f"{what} must be a list of texts, but holds {_shown(item)}", f"write {what}={example}")
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
        raise UsageError(f"{what} must be a list of texts, not {_shown(value)}", f"write {what}={example}")
    return tuple(value)


def input_shapes(value: object) -> dict[str, tuple[int, ...]]:
    """Shapes by input name; the name "" stands for the model's only input.

    Accepted are a mapping of names to shapes, one shape, one text "NAME=1,3,224,224" (NAME= may be left out) and a
    list of such texts.
    """
    if isinstance(value, Mapping):
        shapes: dict[str, tuple[int, ...]] = {}
        for name, shape in value.items():
            if not isinstance(name, str):
                raise UsageError(f"input_shapes: {_shown(name)} is not an input's name", _SHAPE_EXAMPLE)
            shapes[name] = _shape(shape)
        return shapes
    items = (value,) if isinstance(value, str) else _sequence(value)
    if isinstance(value, str) or _shapes_as_texts(items):
        return shapes_of((str(item) for item in items), "input_shapes: ")
    return {"": _shape(items)}


_SHAPE_EXAMPLE = 'write input_shapes={"image": (1, 3, 224, 224)}, or "1,3,224,224" for a single input'


def _shape(value: object) -> tuple[int, ...]:
    if isinstance(value, str):
        return _sizes(value, "input_shapes: ")
    return tuple(_size_given(size) for size in _sequence(value))


def _sequence(value: object) -> Sequence[object]:
    if isinstance(value, Iterable) and not isinstance(value, bytes | Mapping):
        return tuple(value)
    raise UsageError(f"input_shapes: {_shown(value)} is not a shape", _SHAPE_EXAMPLE)


def _size_given(size: object) -> int:
    try:
        return _whole(size)
    except TypeError:
        raise UsageError(f"input_shapes: the size {_shown(size)} is not a whole number", _SHAPE_EXAMPLE) from None


def _shapes_as_texts(items: Sequence[object]) -> bool:
    """Whether they are texts of shapes; ["1", "3"] is rather one shape whose sizes should be numbers."""
    return all(isinstance(item, str) for item in items) and not all(str(item).strip().isdecimal() for item in items)


def shapes_of(given: Iterable[str], where: str) -> dict[str, tuple[int, ...]]:
    """Texts such as "NAME=1,3,224,224" as shapes by name; the name is "" where it is left out.

    `where` begins every message.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for text in given:
        name, _, sizes = text.rpartition("=")
        if name in shapes:
            raise UsageError(f"{where}{text}: {name or 'the only input'} has a size already", "give it once")
        shapes[name] = _sizes(sizes, f"{where}{text}: ")
    return shapes


def _sizes(text: str, where: str) -> tuple[int, ...]:
    return tuple(_size(size.strip(), where) for size in text.split(","))


def _size(size: str, where: str) -> int:
    if not (size.isascii() and size.removeprefix("-").isdecimal()):
        what = f"{size!r} is not a whole number" if size else "a size is missing"
        raise UsageError(f"{where}{what}", "write NAME=1,3,224,224")
    if len(size) > LONGEST_NUMBER:
        raise UsageError(f"{where}{size[:6]}… is too large", "sizes up to 1,000,000 can be inspected")
    if int(size) < 0:
        raise UsageError(f"{where}a size of {int(size)} is impossible", "sizes are 0 or more")
    return int(size)


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


def input_values(value: object) -> dict[str, object]:
    """Values by input name, as texts, numbers and nested tuples of them.

    Accepted are a mapping of names to values (arrays included), one text "NAME=1,3,16,16" and a list of such texts.
    """
    if isinstance(value, Mapping):
        return {_name(name, "input_values"): _plain(item, name) for name, item in value.items()}
    return values_of(texts(value, "input_values", '["sr=16000"]'), "input_values: ")


def values_of(given: Iterable[str], where: str) -> dict[str, object]:
    """Texts such as "NAME=16000" as texts of values by name. `where` begins every message."""
    values: dict[str, object] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not (name and equals):
            raise UsageError(f"{where}{text}: {'the name of the input' if equals else 'a value'} is missing", _VALUES)
        if name in values:
            raise UsageError(f"{where}{text}: {name} has a value already", "give it once")
        values[name] = value
    return values


_VALUES = "write NAME=16000, or NAME=1,3,16,16 for several values"


def _plain(value: object, name: object) -> object:
    """A value as text, number or nested tuples of them; NumPy's arrays and numbers are converted."""
    convert = getattr(value, "tolist", None)
    plain = convert() if callable(convert) else value
    if isinstance(plain, list | tuple):
        return tuple(_plain(item, name) for item in plain)
    if isinstance(plain, bool | int | float | str):
        return plain
    raise UsageError(
        f"input_values: {_shown(value)} is no value for input {name!r}", 'write input_values={"sr": 16000}'
    )


def severity(value: object, what: str) -> Severity:
    """A severity, or its name. `what` is what has it, for the message."""
    if isinstance(value, str) and value in set(Severity):
        return Severity(value)
    raise UsageError(
        f"{what} cannot be {_shown(value)}",
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
            raise UsageError(f"{what} must be pairs of a pattern and a value, not {_shown(value)}", f"write {example}")
        return tuple((_name(pattern, what), read(item, f"{what} of {pattern!r}")) for pattern, item in pairs)
    return tuple((_name(pattern, what), read(item, f"{what} of {pattern!r}")) for pattern, item in value.items())


def _mapping(value: object, what: str, example: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise UsageError(f"{what} must be a dict, not {_shown(value)}", f"write {what}={example}")
    return {_name(name, what): item for name, item in value.items()}


def _name(value: object, what: str) -> str:
    if isinstance(value, str):
        return value
    raise UsageError(f"{what}: {_shown(value)} is not a name", "write it as text")


def verify(value: object) -> str:
    """One of "none", "run" and "full"."""
    if isinstance(value, str) and value in VERIFY:
        return value
    raise UsageError(f"verify cannot be {_shown(value)}", 'write "none", "run" or "full"')


def flag(value: object, what: str) -> bool:
    """Whether something is to be done: True or False."""
    if isinstance(value, bool):
        return value
    raise UsageError(f"{what} cannot be {_shown(value)}", "write True or False")


def seconds(value: object, what: str) -> float:
    """A time in seconds: finite and above 0."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf:
        return float(value)
    raise UsageError(f"{what} cannot be {_shown(value)}", "write a number of seconds above 0, such as 60")


def count(value: object, what: str, least: int) -> int:
    """A whole number, `least` or more."""
    try:
        number = _whole(value)
    except TypeError:
        number = least - 1
    if number < least:
        raise UsageError(f"{what} cannot be {_shown(value)}", f"write a whole number, {least} or more")
    return number


def stride(value: object, what: str) -> Fraction:
    """A stride: a number above 0, or a text such as "1/2"."""
    try:
        number = Fraction(value) if isinstance(value, int | float | str | Fraction) else Fraction(0)
    except (ValueError, ZeroDivisionError, OverflowError):
        number = Fraction(0)
    if number <= 0 or isinstance(value, bool):
        raise UsageError(f"{what} cannot be {_shown(value)}", 'write a number above 0, or a fraction such as "1/2"')
    return number


def file(value: object, what: str) -> Path | None:
    """The path of a file, or None."""
    return None if value is None else Path(path(value, what))


def _whole(value: object) -> int:
    """A whole number, NumPy's included. Raises TypeError for anything else; to Python a bool is one too."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError
    return operator.index(value)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"a {type(value).__name__}"
