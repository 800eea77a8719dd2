"""An assertion on the geometry of a tensor: `logits:size=427,stride=32`."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from strideinspect.errors import UsageError

KEYS = ("size", "stride", "first", "last", "center", "shape")
_EXAMPLE = "write OUTPUT:size=427,stride=32; a value per axis is written 427x213"


class Expectation(NamedTuple):
    """What a tensor is expected to be like.

    `tensor` is the name of an output, of any other tensor or of a node, "" for the model's only output. `values` maps
    a key of a field (size, first, last, center in pixels of the input, stride in pixels per index), or `shape`, to one
    value for all axes or one per axis.
    """

    text: str
    tensor: str
    values: tuple[tuple[str, tuple[Fraction, ...]], ...]


def parsed(text: str) -> Expectation:
    """`OUTPUT:size=427,stride=32` as data. The output may be left out where there is one, and may hold colons.

    Raises UsageError for what cannot be read, naming the part.
    """
    tensor, _, assertions = text.rpartition(":")
    values: dict[str, tuple[Fraction, ...]] = {}
    for assertion in assertions.split(","):
        key, equals, value = (part.strip() for part in assertion.partition("="))
        if not equals:
            raise UsageError(f"expectation {text!r}: {assertion.strip()!r} asserts nothing", _EXAMPLE)
        if key not in KEYS:
            raise UsageError(f"expectation {text!r}: there is no {key!r} to expect", f"expect {', '.join(KEYS)}")
        if key in values:
            raise UsageError(f"expectation {text!r}: {key} is given twice", "give it once")
        values[key] = tuple(_number(part, text) for part in value.split("x"))
    return Expectation(text, tensor, tuple(values.items()))


def _number(part: str, text: str) -> Fraction:
    try:
        return Fraction(part)
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"expectation {text!r}: {part!r} is no number", _EXAMPLE) from None
