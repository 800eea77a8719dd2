"""Words of the text about an effective field that do not come from a run."""

from __future__ import annotations

import pytest

from strideinspect.report import effective_field_text


@pytest.mark.parametrize(
    ("error", "digits"),
    [(0.0, 6), (1e-9, 6), (5e-6, 6), (5.1e-6, 5), (4.9e-5, 5), (5.1e-5, 4), (1e-3, 3)],
)
def test_digits_are_counted_as_in_a_textbook(error: float, digits: int) -> None:
    """Numbers agree to t significant digits where they differ by at most 5 in the digit after those: 5·10⁻ᵗ."""
    assert effective_field_text.digits(error) == digits
