"""Assertions on the geometry of a tensor, such as `logits:size=427,stride=32`."""

from __future__ import annotations

from fractions import Fraction

from msgspec import Struct

from strideinspect.errors import UsageError

KEYS = ("size", "stride", "first", "last", "center", "shape")
_EXAMPLE = "write OUTPUT:size=427,stride=32; a value per axis is written 427x213"


class Expectation(Struct, frozen=True):
    """An assertion on the geometry of a tensor.

    Attributes:
        text: The assertion as it was written.
        tensor: Name of an output, of any other tensor, of a node or of a layer; "" for the model's only output.
        values: Pairs of a key and its values, one for all axes or one per axis. The keys are size, first, last and
            center (in pixels of the graph input), stride (in pixels of the graph input per index), and shape (in
            elements).
    """

    text: str
    tensor: str
    values: tuple[tuple[str, tuple[Fraction, ...]], ...]


def parsed(text: str) -> Expectation:
    """Parse `OUTPUT:size=427,stride=32`. The output may be left out where there is only one, and may contain colons.

    Raises UsageError for text that is not an assertion; the message names the wrong part.
    """
    tensor, _, assertions = text.rpartition(":")
    values: dict[str, tuple[Fraction, ...]] = {}
    for assertion in assertions.split(","):
        key, equals, value = (part.strip() for part in assertion.partition("="))
        if not equals:
            raise UsageError(f"expectation {text!r}: {assertion.strip()!r} asserts nothing", _EXAMPLE)
        if key not in KEYS:
            raise UsageError(f"expectation {text!r}: {key!r} cannot be expected", f"expect {', '.join(KEYS)}")
        if key in values:
            raise UsageError(f"expectation {text!r}: {key} is given twice", "give it once")
        values[key] = tuple(_number(part, text) for part in value.split("x"))
    return Expectation(text, tensor, tuple(values.items()))


def _number(part: str, text: str) -> Fraction:
    try:
        return Fraction(part)
    except (ValueError, ZeroDivisionError):
        raise UsageError(f"expectation {text!r}: {part!r} is not a number", _EXAMPLE) from None
