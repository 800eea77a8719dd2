"""Boxes and cells against the sets of a brute-force oracle, on generated graphs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from strideinspect.results.boxes import BoxAxis, CellsAxis
from strideinspect.settings import Settings
from strideinspect.studies import boxes_and_cells
from strideinspect.studies.opening import analysed
from strideinspect.studies.places import position_axes
from tests.graphs import Graph, chains, diamonds
from tests.oracle import Oracle
from tests.thorough import bounded

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the models of this module go, one after the other."""
    return tmp_path_factory.mktemp("models")


def indices(side: BoxAxis | CellsAxis) -> set[int]:
    """The indices from first to last without the holes."""
    if side.first is None or side.last is None:
        return set()
    return set(range(side.first, side.last + 1)) - {i for a, b in side.holes for i in range(a, b + 1)}


def at_index(sets: NDArray[np.bool_], axes: tuple[int, ...], index: tuple[int, ...]) -> set[int]:
    """The rows that any element at an index along some axes sees."""
    chosen = dict(zip(axes, index, strict=True))
    picked = sets[tuple(chosen.get(axis, slice(None)) for axis in range(sets.ndim - 1))]
    return {int(row) for row in np.flatnonzero(picked.reshape(-1, sets.shape[-1]).any(axis=0))}


@bounded(200)
@given(graph=st.one_of(chains(), diamonds()), draw=st.data())
def test_one_axis(graph: Graph, draw: st.DataObject, folder: Path) -> None:
    """A box has what the index sees and its ends are exact; a pixel's cells are those that see it, none missing."""
    model = graph.build()
    assume(model.graph.node)
    oracle = Oracle.of(model)
    path = folder / "model.onnx"
    onnx.save(model, path)
    analysis = analysed(path, Settings())
    output = model.graph.output[0].name
    axes = position_axes(analysis, output)
    shape = analysis.shapes.shapes[output]
    assume(axes and 0 not in shape and analysis.spatial_axes["x"] == (2,))
    sees = oracle.sees("x", 2)[output].local
    index = tuple(draw.draw(st.integers(0, shape[axis] - 1)) for axis in axes)
    found = boxes_and_cells.boxes(analysis, "", f"{output}:{','.join(map(str, index))}")
    (side,) = (side for box in found.boxes if box.input == "x" for side in box.axes)
    exact = at_index(sees, axes, index)
    assert exact <= indices(side)
    assert (side.first, side.last) == ((min(exact), max(exact)) if exact else (None, None))

    pixel = draw.draw(st.integers(0, graph.shape[2] - 1))
    (cells,) = (cells for cells in boxes_and_cells.cells(analysis, "", f"x:{pixel}").cells if cells.output == output)
    for axis, named in ((side.axis, indices(side)) for side in cells.axes):
        along = np.moveaxis(sees[..., pixel], axis, 0).reshape(shape[axis], -1).any(axis=1)
        seeing = {int(i) for i in np.flatnonzero(along)}
        assert seeing <= named, f"missing along axis {axis}"
        spans = [at_index(sees, (axis,), (i,)) for i in named]
        assert all(rows and min(rows) <= pixel <= max(rows) for rows in spans), f"too many along axis {axis}"
    if not cells.axes:
        assert not sees[..., pixel].any()
