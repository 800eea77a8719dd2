"""What a collapsed axis spreads again, and what normalising operators read, counts for full dependence alone."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from strideinspect.verify.messages import ObservedField
from tests.verify.helpers import cases, executed, model_of, observed

CASES: Final = cases("local_and_full.txt")
LOCAL: Final[dict[str, tuple[list[int | None], list[int | None]]]] = {
    "own": ([0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5]),
    "all": ([0] * 6, [5] * 6),
    "none": ([None] * 6, [None] * 6),
}


@pytest.mark.parametrize("name", CASES)
def test_local_and_full(name: str, tmp_path: Path) -> None:
    """Rows see locally what they see without spread statistics; in full, a single row sees these too."""
    settings = dict(CASES[name].settings)
    local, full = settings.pop("local"), settings.pop("full")
    first, last = LOCAL[local]
    model = executed(model_of(CASES[name].text, **settings, row=2), tmp_path)
    rows, row = observed(model, "x", 2, "y", 2), observed(model, "x", 2, "z", None)
    assert isinstance(rows, ObservedField), rows
    assert isinstance(row, ObservedField), row
    assert ([*rows.positions.first], [*rows.positions.last]) == (first, last)
    assert (row.positions.first, row.positions.last, row.full) == ((first[2],), (last[2],), tuple(full))
