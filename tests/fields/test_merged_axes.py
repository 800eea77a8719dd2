"""Closed forms through a Reshape that merges image axes with others, and the one that takes them out again."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from strideinspect.results.verdict import Verdict
from tests.oracle_models import Constant, model_of
from tests.rules.inspecting import inspected

CONSTANTS: dict[str, Constant] = {
    "w": (8, 8, 3, 3), "a": [1.0, 2.0], "b": [0.0, 1.0], "s": [1.0] * 8,
    "grouped": [0, 2, -1], "apart": [1, 8, 17, 15], "turned": [1, 8, 15, 17], "tokens": [1, 8, 255],
    "rows": [1, 8, 17, -1], "split": [1, 2, 4, 17, 15], "lines": [1, 8, 51, 5],
}  # fmt: skip

FIRST = "c = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (x, w)"
LAST = "y = Conv <pads = [1, 1, 1, 1]> (r, w)"
BACK = {
    "group normalisation": "m = Reshape (c, grouped) i = InstanceNormalization (m, a, b) r = Reshape (i, apart)",
    "tokens": (
        "m = Reshape (c, tokens) t = Transpose <perm = [0, 2, 1]> (m) l = LayerNormalization (t, s) "
        "u = Transpose <perm = [0, 2, 1]> (l) r = Reshape (u, rows)"
    ),
    "in steps": "m = Reshape (c, grouped) k = Reshape (m, tokens) n = Reshape (k, split) r = Reshape (n, apart)",
    "beside itself": (
        "m = Reshape (c, grouped) i = InstanceNormalization (m, a, b) z = Add (m, i) r = Reshape (z, rows)"
    ),
}
APART = {
    "rows and columns exchanged": "m = Reshape (c, grouped) r = Reshape (m, turned)",
    "cut in another place": "m = Reshape (c, tokens) r = Reshape (m, lines)",
    "read along the merged axis": (
        "m = Reshape (c, tokens) i = MaxPool <kernel_shape = [3], pads = [1, 1]> (m) r = Reshape (i, apart)"
    ),
}


@pytest.mark.parametrize("body", BACK.values(), ids=BACK)
def test_taken_out_again(body: str, tmp_path: Path) -> None:
    """3×3 with stride 2, then 3×3: 3 + 2·2 pixels, stride 2, from −1 − 2 on; enlarged runs of onnxruntime agree."""
    model = model_of(f"{FIRST} {body} {LAST}", {"x": (1, 8, 33, 29)}, constants=CONSTANTS)
    report = inspected(model, tmp_path, verify="run")
    for field in report.outputs[0].fields:
        assert (field.size, field.stride, field.first, field.last) == (7, Fraction(2), -3, 3)
        assert field.node_axis == field.axis
    assert report.verification.status is Verdict.AGREED


@pytest.mark.parametrize("body", APART.values(), ids=APART)
def test_not_taken_out(body: str, tmp_path: Path) -> None:
    """Where the axes that come out are others, or something read across them, columns have no closed form."""
    model = model_of(f"{FIRST} {body} {LAST}", {"x": (1, 8, 33, 29)}, constants=CONSTANTS)
    report = inspected(model, tmp_path, verify="run")
    columns = report.outputs[0].fields[1]
    assert columns.size is None
    assert columns.reason
    assert report.verification.fields.contradicted == 0
