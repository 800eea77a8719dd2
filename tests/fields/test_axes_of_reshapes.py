"""Along which axes a position runs after a reshape: those along which the number of its index changes, counted out."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from strideinspect.fields.axes import carried

SHAPES = [(4, 6), (2, 12), (3, 8), (24,), (2, 3, 4), (4, 3, 2), (6, 2, 2), (2, 2, 2, 3), (8, 3), (1, 24), (2, 1, 12)]


@pytest.mark.parametrize(("before", "after"), [*itertools.product(SHAPES, SHAPES)])
def test_axes_along_which_the_index_changes(before: tuple[int, ...], after: tuple[int, ...]) -> None:
    """Every axis of every shape of 24 elements; of (4, 6) to (3, 8) the rows go on in both, though 8 is above 6."""
    for axis, extent in enumerate(before):
        if extent > 1:
            rows = np.indices(before)[axis].reshape(after)
            changing = {i for i in range(len(after)) if (rows != rows.take([0], i)).any()}
            assert carried([axis], before, after) == changing, axis
