"""What is left of a local field when a collapsed axis is spread: the part that never collapsed."""

from __future__ import annotations

from pathlib import Path

import pytest

from strideinspect.report.model import FullField
from strideinspect.report.verdicts import Verdict
from tests.oracle_models import Constant, model_of
from tests.rules.inspecting import inspected

CONSTANTS: dict[str, Constant] = {
    "two": [2], "three": [3], "rows": [2], "factors": [1.0, 1.0, 3.0, 1.0], "again": [1, 1, 3, 1],
    "channels_apart": [1, 2, 1, 1, 6],
}  # fmt: skip

# p pools all six rows, q cuts row 2 out. Both have one row; that of p has no position any more.
PARTS = "p = AveragePool <kernel_shape = [6, 1]> (x) q = Slice (x, two, three, rows)"
RESIZED = 's = Resize <mode = "nearest"> (t, , factors)'
SPREADS = {
    "beside each other": f"t = Concat <axis = 1> (p, q) {RESIZED}",
    "added": f"t = Add (p, q) {RESIZED}",
    "tiled": "t = Add (p, q) s = Tile (t, again)",
    "through other axes": (
        "a = Add (p, q) b = Transpose <perm = [0, 1, 3, 2]> (a) c = Relu (b) t = Transpose <perm = [0, 1, 3, 2]> (c) "
        "s = Tile (t, again)"
    ),
}


@pytest.mark.parametrize("body", SPREADS.values(), ids=SPREADS)
def test_part_with_a_position(body: str, tmp_path: Path) -> None:
    """Of pooled rows and row 2, spread to three: locally row 2 is left, in full all six count; onnxruntime agrees."""
    pool = "y = MaxPool <kernel_shape = [1, 1]> (s)"  # so that the field is checked, too
    model = model_of(f"{PARTS} {body} {pool}", {"x": (1, 2, 6, 6)}, constants=CONSTANTS)
    report = inspected(model, tmp_path, verify="run")
    rows, columns = report.outputs[0].fields
    assert set(rows.positions.first) == set(rows.positions.last) == {2}
    assert rows.full == FullField("p", 0, 5)
    assert columns.positions.first == columns.positions.last == tuple(range(6))
    assert report.verification.status is Verdict.AGREED
    assert report.verification.fields.not_checked == 0
