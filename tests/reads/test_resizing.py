"""Resize where single precision or a crop decides what is read."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np

from strideinspect.results.field import ROUNDED
from strideinspect.results.verdict import Verdict
from tests.oracle_models import Constant, model_of
from tests.oracle_runtime import run
from tests.rules.inspecting import inspected


def test_crop_of_an_axis_that_keeps_its_size(tmp_path: Path) -> None:
    """Onnxruntime copies an axis whose scale is 1, though the crop reaches beyond it."""
    mode = 'coordinate_transformation_mode = "tf_crop_and_resize", mode = "linear"'
    body = f'r = Resize <{mode}> (x, roi, "", z) y = MaxPool <kernel_shape = [1, 1]> (r)'
    constants: dict[str, Constant] = {"roi": [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.5], "z": [1, 1, 6, 4]}
    report = inspected(model_of(body, {"x": (1, 1, 4, 4)}, constants=constants), tmp_path, verify="run")
    columns = report.outputs[0].fields[1]
    assert columns.positions.first == columns.positions.last == (0, 1, 2, 3)
    assert report.verification.status is Verdict.AGREED


def test_antialiased_closed_form_covers_what_rounding_reads(tmp_path: Path) -> None:
    """At scale 0.6 index 5 of the pool sees 7–11 and index 2, one period before, 3–6 only: the form is the wider."""
    body = 'r = Resize <antialias = 1, mode = "linear"> (x, "", s) y = AveragePool <kernel_shape = [2, 2]> (r)'
    scales = np.array([1, 1, 0.6, 0.6], np.float32)
    report = inspected(model_of(body, {"x": (1, 1, 15, 15)}, constants={"s": scales}), tmp_path, verify="run")
    for field in report.outputs[0].fields:
        assert (field.size, field.stride, field.reason) == (5, Fraction(5, 3), ROUNDED)
        assert (field.phases[2], field.positions.first[2], field.positions.last[2]) == ((2, 6), 3, 6)
        assert (field.positions.first[5], field.positions.last[5]) == (2 + 5, 6 + 5)
    assert report.verification.status is Verdict.AGREED


def test_nearest_index_that_rounding_moves(tmp_path: Path) -> None:
    """17 to 9: index 4 lies at 4.5 · 17/9 − 1/2 = 8, computed as slightly less, so that onnxruntime takes 7."""
    mode = 'coordinate_transformation_mode = "half_pixel_symmetric", nearest_mode = "floor"'
    body = f'p = MaxPool <kernel_shape = [1]> (x) y = Resize <mode = "nearest", {mode}> (p, "", "", z)'
    model = model_of(body, {"x": (1, 1, 17)}, opset=19, constants={"z": [1, 1, 9]})
    ran = run(model, {"x": np.arange(17, dtype=np.float32).reshape(1, 1, 17)}).values["y"]
    assert ran.reshape(-1).tolist() == [0, 2, 4, 6, 7, 9, 11, 13, 15]
    (field,) = inspected(model, tmp_path).outputs[0].fields
    assert field.positions.first == (0, 2, 4, 6, 7, 9, 11, 13, 15)
    assert (field.stride, field.phases[4], field.reason) == (Fraction(17, 9), (7, 8), ROUNDED)
