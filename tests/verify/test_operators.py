"""Every operator group of the probe against the real operator: change a row, see which outputs change."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pytest

from strideinspect.verify.messages import ObservedField
from tests.some_slow import repeating, some_slow
from tests.verify.helpers import cases, executed, hulls, input_shapes, observed, reached

# Nothing collapses in these, so that local and full dependence are the same, and both are what a change shows.
CASES: Final = cases("operators.txt")
SLOW: Final = repeating({name: case.text for name, case in CASES.items()})


@pytest.mark.parametrize("name", some_slow(CASES, SLOW))
def test_probe_sees_what_changes(name: str, tmp_path: Path) -> None:
    """Each index of each output depends on exactly the hull of the rows whose change changes it."""
    model = CASES[name].model()
    known = executed(model, tmp_path)
    assert known.observed_run.stop is None
    for source, shape in input_shapes(model).items():
        for axis in (axis for axis, length in enumerate(shape) if length > 1):  # a single row is its own hull
            for output, marks in reached(model, source, axis):
                assert known.observed_run.shapes[output] == marks.shape[1:]
                rows = np.flatnonzero(marks.reshape(len(marks), -1).any(axis=1))
                whole = (int(rows[0]), int(rows[-1])) if len(rows) else None
                for along in range(marks.ndim - 1):
                    field = observed(known, source, axis, output, along)
                    place = (source, axis, output, along, field)
                    assert isinstance(field, ObservedField), place
                    assert ([*field.positions.first], [*field.positions.last]) == hulls(marks, along), place
                    assert field.full == whole, place
                if marks.ndim == 1 or axis == len(shape) - 1:  # without an axis of the output: as with any
                    field = observed(known, source, axis, output, None)
                    assert isinstance(field, ObservedField)
                    assert field.full == whole
