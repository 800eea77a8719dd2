"""Changes as people write them: `layer4*:stride=1`, `*MaxPool*:ceil_mode=1`, `conv1:kernel=3x5,padding=1/2`."""

from __future__ import annotations

import re

from msgspec import Struct

from strideinspect.errors import UsageError

ATTRIBUTES = ("stride", "dilation", "padding", "kernel", "ceil_mode")
_EXAMPLE = "write 'layer4*:stride=1'; a value per axis is written 2x1, padding before and after 0/1"
_VALUE = re.compile(r"\d{1,9}(/\d{1,9})?(x\d{1,9}(/\d{1,9})?)*")


class Assignment(Struct, frozen=True):
    """A pattern of layers, and what to set there: per axis a number, of padding one before and one after."""

    pattern: str
    attribute: str
    values: tuple[tuple[int, int], ...]


def parsed(text: str) -> tuple[Assignment, ...]:
    """The assignments of one text. The pattern may contain colons. Raises UsageError, naming the wrong part."""
    pattern, colon, assigned = text.rpartition(":")
    if not colon or not pattern or "=" not in assigned:
        raise UsageError(f"--set {text}: not a layer and what to set there", _EXAMPLE)
    found = tuple(_one(text, pattern, part) for part in assigned.split(","))
    for index, one in enumerate(found):
        if one.attribute in {other.attribute for other in found[:index]}:
            raise UsageError(f"--set {text}: {one.attribute} is given twice", "give it once")
    return found


def _one(text: str, pattern: str, part: str) -> Assignment:
    name, _, value = (piece.strip() for piece in part.partition("="))
    name = name.replace("-", "_")
    if name not in ATTRIBUTES:
        raise UsageError(f"--set {text}: {name!r} cannot be set", f"set {', '.join(ATTRIBUTES)}")
    if not _VALUE.fullmatch(value) or ("/" in value and name != "padding"):
        raise UsageError(f"--set {text}: {value!r} is not a {name}", _EXAMPLE)
    values = []
    for number in value.split("x"):
        begin, _, end = number.partition("/")
        values.append((int(begin), int(end or begin)))
    if name in {"stride", "dilation", "kernel"} and min(values)[0] < 1:
        raise UsageError(f"--set {text}: a {name} is at least 1", _EXAMPLE)
    if name == "ceil_mode" and values not in ([(0, 0)], [(1, 1)]):
        raise UsageError(f"--set {text}: ceil_mode is 0 or 1", _EXAMPLE)
    return Assignment(pattern, name, tuple(values))
