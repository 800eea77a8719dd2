"""What is left of a local field when a collapsed axis is spread: the part that never collapsed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from strideinspect.results.field import FullField
from strideinspect.results.verdict import Verdict
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


RECURRENT = {
    "LSTM": "y, h = LSTM <hidden_size = 2> (t, lw, lr)",
    "quantised as it runs": (
        "y, h = com.microsoft.DynamicQuantizeLSTM <hidden_size = 2> (t, qw, qr, , , , , , qs, qz, qs, qz)"
    ),
}
RECURRENT_WEIGHTS: dict[str, Constant] = {
    "lw": (1, 8, 1), "lr": (1, 8, 2), "qw": np.ones((1, 1, 8), np.int8), "qr": np.ones((1, 2, 8), np.int8),
    "qs": [0.5], "qz": np.zeros(1, np.int8), "one": [1], "two": [2],
}  # fmt: skip


@pytest.mark.parametrize("layer", RECURRENT.values(), ids=RECURRENT)
def test_units_of_a_recurrent_layer_spread_nothing(layer: str, tmp_path: Path) -> None:
    """Rows pooled before an LSTM along the columns still count behind it, as they do before it; onnxruntime agrees."""
    body = (
        f"c = MaxPool <kernel_shape = [4, 3]> (x) s = Squeeze (c, two) t = Transpose <perm = [2, 0, 1]> (s) {layer} "
        "q = Squeeze (y, one) u = Transpose <perm = [1, 2, 0]> (q) v = MaxPool <kernel_shape = [2]> (u)"
    )
    model = model_of(body, {"x": (1, 1, 4, 12)}, constants=RECURRENT_WEIGHTS, outputs=["v"])
    model.opset_import.append(onnx.helper.make_opsetid("com.microsoft", 1))
    report = inspected(model, tmp_path, verify="run")
    rows, columns = report.outputs[0].fields
    assert (rows.positions.first, rows.positions.last) == ((0,), (3,))
    # Column o of the pool behind it sees steps 0 to o + 1, of which the last sees columns up to o + 3.
    assert columns.positions.last == tuple(range(3, 12))
    assert report.verification.status is Verdict.AGREED
    assert report.verification.fields.not_checked == 0


@pytest.mark.parametrize(
    ("between", "weight"),
    [("", (1, 3)), ("t = ConvTranspose (m, two_taps)", (2, 2))],
    ids=["of one index", "of two, that an upsampling made of it"],
)
def test_columns_of_a_matrix_product_are_no_collapsed_axis(
    between: str, weight: tuple[int, int], tmp_path: Path
) -> None:
    """A product along the pooled axis makes columns of its own: each sees all 13 samples; onnxruntime agrees."""
    body = (
        f"p = MaxPool <kernel_shape = [1]> (x) m = ReduceMean <keepdims = 1> (p, two) {between} "
        f"q = MatMul ({'t' if between else 'm'}, w) y = MaxPool <kernel_shape = [1]> (q)"
    )
    constants: dict[str, Constant] = {"two": [2], "two_taps": (2, 2, 2), "w": weight}
    report = inspected(model_of(body, {"x": (1, 2, 13)}, constants=constants), tmp_path, verify="run")
    (field,) = report.outputs[0].fields
    assert (field.positions.first, field.positions.last) == ((0,), (12,))
    assert report.verification.status is Verdict.AGREED
    assert report.verification.fields.not_checked == 0


@pytest.mark.parametrize("inserted", ["s = Unsqueeze (p, behind)", "s = Reshape (p, apart)"], ids=["named", "by shape"])
def test_axis_beside_the_collapsed_one(inserted: str, tmp_path: Path) -> None:
    """Columns pooled, an axis made behind theirs and repeated: the columns are repeated nowhere; onnxruntime agrees."""
    body = (
        f"p = AveragePool <kernel_shape = [1, 3]> (x) {inserted} t = Tile (s, twice) f = Reshape (t, flat) "
        "y = MaxPool <kernel_shape = [1, 1]> (f)"
    )
    constants: dict[str, Constant] = {
        "behind": [4], "apart": [1, 2, 3, 1, 1], "twice": [1, 1, 1, 1, 2], "flat": [1, 2, 3, 2],
    }  # fmt: skip
    report = inspected(model_of(body, {"x": (1, 2, 3, 3)}, constants=constants), tmp_path, verify="run")
    rows, columns = report.outputs[0].fields
    assert rows.positions.first == (0, 1, 2)
    assert (columns.positions.first, columns.positions.last) == ((0,), (2,))
    assert report.verification.status is Verdict.AGREED
    assert report.verification.fields.not_checked == 0


def test_normalisation_over_an_axis_that_is_taken_away_and_made_again(tmp_path: Path) -> None:
    """Statistics over 8 tokens of 4 samples, kept as one row per image and multiplied again: a sample sees itself."""
    body = (
        "p = MaxPool <kernel_shape = [1]> (x) t = Reshape (p, tokens) s = Mul (t, t) "
        "m = ReduceMean <keepdims = 0> (t, one) v = ReduceMean <keepdims = 0> (s, one) d = Sub (v, m) "
        "r = Reshape (d, row) n = Mul (t, r) u = Reshape (n, flat) y = MaxPool <kernel_shape = [1]> (u)"
    )
    constants: dict[str, Constant] = {"one": [1], "row": [1, 1, 4], "tokens": [1, 8, 4], "flat": [1, 1, 32]}
    report = inspected(model_of(body, {"x": (1, 1, 32)}, constants=constants), tmp_path, verify="run")
    (samples,) = report.outputs[0].fields
    assert samples.positions.first == samples.positions.last == tuple(range(32))
    assert report.verification.status is Verdict.AGREED


@pytest.mark.parametrize(("width", "spread"), [(3, True), (4, False)], ids=["uneven", "of columns alone"])
def test_pairs_of_pixels_pooled_and_repeated(width: int, *, spread: bool, tmp_path: Path) -> None:
    """Pairs of a flattened map may lie in two rows of 3, so that rows are pooled and spread; they lie in one of 4."""
    body = (
        "p = MaxPool <kernel_shape = [1, 1]> (x) c = Reshape (p, pairs) m = ReduceMean <keepdims = 0> (c, three) "
        "i = Reshape (m, again) t = Tile (i, twice) y = MaxPool <kernel_shape = [1, 1]> (t)"
    )
    constants: dict[str, Constant] = {
        "pairs": [1, 2 * width, 5, 2], "three": [3], "again": [1, 2 * width, 5, 1], "twice": [1, 1, 1, 2],
    }  # fmt: skip
    report = inspected(model_of(body, {"x": (1, 2, 10, width)}, constants=constants), tmp_path, verify="run")
    rows, columns = report.outputs[0].fields
    assert (set(rows.positions.first) == {None}) == spread
    assert set(columns.positions.first) == {None}
    assert report.verification.status is Verdict.AGREED
    assert report.verification.fields.not_checked == 0
