"""Assertions on geometry as text."""

from __future__ import annotations

from fractions import Fraction

import pytest

from strideinspect.errors import UsageError
from strideinspect.expectation import Expectation, parsed


@pytest.mark.parametrize(("text", "tensor", "values"), [
    ("logits:size=427,stride=32", "logits", (("size", (Fraction(427),)), ("stride", (Fraction(32),)))),
    ("stride=1/2", "", (("stride", (Fraction(1, 2),)),)),
    ("model/out:0:shape=1x7x7x8", "model/out:0", (("shape", (Fraction(1), Fraction(7), Fraction(7), Fraction(8))),)),
    ("y: first=-3, center=0.5", "y", (("first", (Fraction(-3),)), ("center", (Fraction(1, 2),)))),
])  # fmt: skip
def test_read(text: str, tensor: str, values: tuple[tuple[str, tuple[Fraction, ...]], ...]) -> None:
    """A name, which may hold colons or be left out, and values, one or one per axis, exact."""
    assert parsed(text) == Expectation(text, tensor, values)


@pytest.mark.parametrize(("text", "said"), [
    ("logits", "'logits' asserts nothing"),
    ("logits:", "'' asserts nothing"),
    ("y:size=3,", "'' asserts nothing"),
    ("y:width=3", "'width' cannot be expected"),
    ("y:size=3,size=4", "size is given twice"),
    ("y:size=three", "'three' is not a number"),
    ("y:stride=1/0", "'1/0' is not a number"),
    ("y:size=3xx4", "'' is not a number"),
])  # fmt: skip
def test_mistakes(text: str, said: str) -> None:
    """What cannot be read is named."""
    with pytest.raises(UsageError, match=said):
        parsed(text)
