"""Numbers as text."""

from __future__ import annotations

import pytest

from strideinspect.spelling import along, percent

SHARES = {
    0: "none", 1e-9: "less than 0.001 %", 0.00023: "0.02 %", 0.0444: "4.4 %", 0.75: "75.0 %", 0.9949: "99.5 %",
    0.9991: "99.9 %", 0.99999: "more than 99.9 %", 1: "all",
}  # fmt: skip


@pytest.mark.parametrize(("share", "text"), SHARES.items())
def test_percent(share: float, text: str) -> None:
    """Only the whole is all and only nothing is none: a share is never rounded to either."""
    assert percent(share) == text


def test_values_along_some_axes_only() -> None:
    """An axis without a value is left out."""
    assert along(["0–63", ""], before=True) == "rows 0–63"
    assert along(["0–63", "0–63"], before=True) == "rows and columns 0–63"
