"""Where indices lie, in the words of the text report."""

from __future__ import annotations

from fractions import Fraction

import pytest
from msgspec.structs import replace

from strideinspect.report.alignment_text import sentence
from strideinspect.results.field import Alignment, Field
from tests.report.builders import field, square


def apart(least: Fraction | int, most: Fraction | int, where: str | None = "Add d") -> tuple[Field, ...]:
    """A map of stride 8 whose branches lie apart."""
    aligned = Alignment(None, Fraction(least), Fraction(most), 3, 3, where)
    return tuple(replace(one, alignment=aligned) for one in square(7, 8, 0))


SENTENCES = {
    "index i centered at 32·i, 15.5 pixels before (i + ½)·32 − ½": square(63, 32, -31),
    "index i centered at 4·i + 1.5 (aligned)": square(4, 4, 0),
    "index i centered at i + 1": square(3, 1, 0),
    "along rows index i centered at 2·i + 0.5 (aligned); along columns index i centered at i (aligned)": (
        field(2, size=2, stride=2, first=0), field(3, size=1, stride=1, first=0),
    ),
    "causal: looks back 126 samples": (field(2, size=127, stride=1, first=-126),),
    "index i centered at i (aligned), looks back 1 sample and ahead 1": (field(2, size=3, stride=1, first=-1),),
    "no single center (Add d merges branches that lie 0.5 to 3.5 pixels before (i + ½)·8 − ½)": apart(
        Fraction(-7, 2), Fraction(-1, 2)
    ),
    "no single center (Add d merges branches that lie 0 to 1 pixel after (i + ½)·8 − ½)": apart(0, 1),
    "no single center (branches that lie 1 pixel before to 2 pixels after (i + ½)·8 − ½)": apart(-1, 2, None),
    "": square(None, None, None),
}  # fmt: skip


@pytest.mark.parametrize(("text", "fields"), SENTENCES.items())
def test_sentences(text: str, fields: tuple[Field, ...]) -> None:
    """One map of several kinds each."""
    assert sentence(fields) == text
