"""The sizes and values of a model's inputs, as callers give them.

Every function raises UsageError, which says what was given and how to write it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from strideinspect import arguments
from strideinspect.errors import UsageError

LONGEST_NUMBER = 18
"""Digits: Python refuses to convert texts of some thousands of them, and no size of this many is meant."""


def input_shapes(value: object) -> dict[str, tuple[int, ...]]:
    """Shapes by input name; the name "" stands for the model's only input.

    Accepted are a mapping of names to shapes, one shape, one text "NAME=1,3,224,224" (NAME= may be left out) and a
    list of such texts.
    """
    if isinstance(value, Mapping):
        shapes: dict[str, tuple[int, ...]] = {}
        for name, shape in value.items():
            if not isinstance(name, str):
                raise UsageError(f"input_shapes: {arguments.shown(name)} is not an input's name", _SHAPE_EXAMPLE)
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
    raise UsageError(f"input_shapes: {arguments.shown(value)} is not a shape", _SHAPE_EXAMPLE)


def _size_given(size: object) -> int:
    try:
        return arguments.whole(size)
    except TypeError:
        raise UsageError(
            f"input_shapes: the size {arguments.shown(size)} is not a whole number", _SHAPE_EXAMPLE
        ) from None


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


def input_values(value: object) -> dict[str, object]:
    """Values by input name, as texts, numbers and nested tuples of them.

    Accepted are a mapping of names to values (arrays included), one text "NAME=1,3,16,16" and a list of such texts.
    """
    if isinstance(value, Mapping):
        return {arguments.a_name(name, "input_values"): _plain(item, name) for name, item in value.items()}
    return values_of(arguments.texts(value, "input_values", '["sr=16000"]'), "input_values: ")


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
        f"input_values: {arguments.shown(value)} is no value for input {name!r}", 'write input_values={"sr": 16000}'
    )
