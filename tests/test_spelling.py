"""How numbers and positions are written."""

from __future__ import annotations

from fractions import Fraction

import pytest

from strideinspect import spelling

HALF = Fraction(1, 2)

EXACT = {
    Fraction(0): "0", Fraction(4): "4", Fraction(-31, 2): "-15.5", Fraction(1, 16): "0.0625", Fraction(1, 3): "1/3",
    Fraction(-7, 6): "-7/6", Fraction(1, 1 << 20): "0.00000095367431640625", Fraction(-1, 20): "-0.05",
}  # fmt: skip


@pytest.mark.parametrize(("value", "text"), EXACT.items(), ids=EXACT.values())
def test_exact_numbers(value: Fraction, text: str) -> None:
    """A decimal where there is an exact one, else a fraction; both read back as the same number."""
    assert spelling.exact(value) == text
    assert Fraction(text) == value


# (stride − 1)/2 + offset is the constant.
CENTERS = {
    (Fraction(32), Fraction(-31, 2)): ("32·i", "(i + ½)·32 − ½"),
    (Fraction(4), Fraction(0)): ("4·i + 1.5", "(i + ½)·4 − ½"),
    (Fraction(1), Fraction(-3)): ("i − 3", "i"),
    (Fraction(1), Fraction(0)): ("i", "i"),
    (HALF, Fraction(0)): ("i/2 − 0.25", "(i + ½)/2 − ½"),
    (Fraction(4, 3), Fraction(0)): ("i·4/3 + 1/6", "(i + ½)·4/3 − ½"),
}


@pytest.mark.parametrize(("stride", "offset"), CENTERS)
def test_positions(stride: Fraction, offset: Fraction) -> None:
    """Where index i lies, and where half-pixel centers put it."""
    assert (spelling.center(stride, offset), spelling.half_pixel(stride)) == CENTERS[stride, offset]


def test_distances() -> None:
    """With the noun of the input's positions."""
    assert spelling.shift(Fraction(-31, 2), 2) == "15.5 pixels before"
    assert spelling.shift(Fraction(1), 1) == "1 sample after"
    assert spelling.distance(Fraction(2), 3) == "2 voxels"


SHARES = {
    0: "none", 1e-9: "less than 0.001 %", 0.00023: "0.02 %", 0.0444: "4.4 %", 0.75: "75.0 %", 0.9949: "99.5 %",
    0.9991: "99.9 %", 0.99999: "more than 99.9 %", 1: "all",
}  # fmt: skip


@pytest.mark.parametrize(("share", "text"), SHARES.items())
def test_percent(share: float, text: str) -> None:
    """Only the whole is all and only nothing is none: a share is never rounded to either."""
    assert spelling.percent(share) == text


def test_values_along_some_axes_only() -> None:
    """An axis without a value is left out."""
    assert spelling.along(["0–63", ""], before=True) == "rows 0–63"
    assert spelling.along(["0–63", "0–63"], before=True) == "rows and columns 0–63"
