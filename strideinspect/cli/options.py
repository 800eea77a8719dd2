"""What the words after an option mean; every mistake is a UsageError that says what to write instead."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from strideinspect.errors import UsageError

LONGEST_NUMBER = 18
"""Digits; no size of this many is meant, and Python refuses to read some thousands of them."""


def input_shapes(texts: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """`NAME=1,3,224,224` as name and sizes; a name left out is "" and stands for the model's only input.

    Raises UsageError for what is no list of sizes, and for a name given twice.
    """
    shapes: dict[str, tuple[int, ...]] = {}
    for text in texts:
        name, _, sizes = text.rpartition("=")
        if name in shapes:
            raise UsageError(f"--input-shape {text}: {name or 'the only input'} has a size already", "give it once")
        shapes[name] = tuple(_size(size.strip(), text) for size in sizes.split(","))
    return shapes


def _size(size: str, text: str) -> int:
    if not (size.isascii() and size.removeprefix("-").isdecimal()):
        what = f"{size!r} is no whole number" if size else "a size is missing"
        raise UsageError(f"--input-shape {text}: {what}", "write NAME=1,3,224,224")
    if len(size) > LONGEST_NUMBER:
        raise UsageError(f"--input-shape {text}: {size[:6]}… is too large", "sizes up to 1,000,000 can be inspected")
    if int(size) < 1:
        raise UsageError(f"--input-shape {text}: a size of {int(size)} is impossible", "sizes are 1 or more")
    return int(size)


def names(texts: Iterable[str]) -> tuple[str, ...]:
    """Names separated by commas, over all repetitions of an option."""
    return tuple(name for text in texts for part in text.split(",") if (name := part.strip()))


def given(**attributes: Any) -> dict[str, Any]:  # noqa: ANN401  # each as Settings has it
    """Attributes of Settings without those that were not given."""
    return {name: value for name, value in attributes.items() if value is not None}


def seconds(value: float) -> float:
    """A time to wait. Raises UsageError for what is none."""
    if not math.isfinite(value) or value <= 0:
        raise UsageError(f"--verify-timeout {value}: that is no time to wait", "give seconds above 0, or --no-verify")
    return value
