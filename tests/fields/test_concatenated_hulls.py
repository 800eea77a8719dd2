"""Hulls that are concatenated, which are computed once for rows and columns."""

from __future__ import annotations

import numpy as np
import pytest

from strideinspect.fields.hulls import Hulls, joined
from strideinspect.reads.steps import AxisPart

RNG = np.random.default_rng(0)


def hulls(*shape: int) -> Hulls:
    """Any numbers: joining computes with none of them."""
    return RNG.integers(-9, 9, (2, *shape), dtype=np.int32)


@pytest.mark.parametrize(
    ("axis", "shapes"),
    [
        (1, [(1, 1, 5, 1), (1, 1, 5, 1)]),  # channels, then rows
        (3, [(1, 5, 1, 1), (1, 5, 1, 1)]),  # rows, then channels
        (1, [(1, 1, 1, 5), (1, 1, 1, 1)]),  # one that is the same for all columns
        (1, [(1, 1, 1, 1), (1, 1, 1, 1)]),  # no position
        (1, [(1, 1, 4, 4), (1, 1, 4, 1)]),  # along two axes
        (1, [(1, 2, 5, 1), (1, 1, 5, 1)]),  # channels that differ
        (1, [(1, 1, 0, 1), (1, 1, 0, 1)]),  # no elements
    ],
)
def test_hulls_are_laid_side_by_side(axis: int, shapes: list[tuple[int, ...]]) -> None:
    """Every index of the result has the hull of the piece that fills it, as numpy concatenates them."""
    pieces = [hulls(*shape) for shape in shapes]
    places = [AxisPart(axis, 0, 2, 3), AxisPart(axis, 2, 1, 3)]
    dims = np.broadcast_shapes(*((*shape[:axis], 1, *shape[axis + 1 :]) for shape in shapes))
    wide = [
        np.broadcast_to(piece, (2, *dims[:axis], place.length, *dims[axis + 1 :]))
        for place, piece in zip(places, pieces, strict=True)
    ]
    expected = np.concatenate(wide, axis + 1)
    found = joined(list(zip(places, pieces, strict=True)), ignore_empty=False)
    assert np.broadcast_to(found, expected.shape).tolist() == expected.tolist()
