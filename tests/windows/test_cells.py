"""The corner and the middle index of an output: what they really depend on."""

from __future__ import annotations

from pathlib import Path

from tests.oracle_models import model_of
from tests.rules.inspecting import inspected


def test_corner_and_middle(tmp_path: Path) -> None:
    """Two 3×3 convolutions with padding 1, the first with stride 2: 7 pixels wide in the middle, cut at the corner.

    Index i reads 2·(i − 1) − 1 … 2·(i + 1) + 1: index 0 all up to 3 (−3 … −1 is padding), index 8 of 16 13 to 19.
    """
    body = "a = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (x, w) y = Conv <pads = [1, 1, 1, 1]> (a, w)"
    report = inspected(model_of(body, {"x": (1, 1, 32, 32)}, constants={"w": (1, 1, 3, 3)}), tmp_path, verify="run")
    corner, middle = report.outputs[0].cells
    assert (corner.name, [(axis.axis, axis.at, axis.seen) for axis in corner.axes]) == (
        "corner", [(2, 0, (0, 3)), (3, 0, (0, 3))]
    )  # fmt: skip
    assert (middle.name, [(axis.at, axis.seen) for axis in middle.axes]) == ("middle", [(8, (13, 19))] * 2)
    assert report.verification.fields.contradicted == 0


def test_an_output_without_positions_has_no_cells(tmp_path: Path) -> None:
    """Behind a global pooling there is one index, which has no position."""
    report = inspected(model_of("y = GlobalAveragePool (x)", {"x": (1, 1, 8, 8)}), tmp_path)
    assert report.outputs[0].cells == ()
