"""Resize where single precision or a crop decides what is read."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

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


CROPS = [
    (9, 17, 0.0, 1.0, Fraction(1, 2)),  # from end to end: 8 pixels in 16 steps
    (9, 7, 0.25, 1.0, Fraction(1)),  # pixels 2 to 8 in 6 steps
    (20, 20, 0.5, 0.1, Fraction(-2, 5)),  # turned round: 0.4 · 19 pixels in 19 steps; an axis of equal size is copied
    (11, 8, 0.8, 0.1, Fraction(-1)),
    (21, 6, -0.1, 1.1, Fraction(24, 5)),  # reaches out of the map, where nothing is read
]


@pytest.mark.parametrize(("length", "size", "start", "end", "stride"), CROPS)
@pytest.mark.parametrize("mode", ["linear", "nearest"])
def test_stride_of_a_crop(
    mode: str, length: int, size: int, start: float, end: float, stride: Fraction, tmp_path: Path
) -> None:
    """The outputs are spread evenly over the part that is cropped; running agrees at every index and in between."""
    how = f'coordinate_transformation_mode = "tf_crop_and_resize", mode = "{mode}"'
    body = f'r = Resize <{how}> (x, roi, "", z) y = MaxPool <kernel_shape = [1]> (r)'
    constants: dict[str, Constant] = {"roi": [0.0, 0.0, start, 1.0, 1.0, end], "z": [1, 1, size]}
    report = inspected(model_of(body, {"x": (1, 1, length)}, constants=constants), tmp_path, verify="full")
    (field,) = report.outputs[0].fields
    assert field.stride == (Fraction(1) if size == length else stride)
    assert [step.stride for step in report.ladder] == ([] if size == length else [(abs(stride),)])
    assert report.verification.status is Verdict.AGREED
    assert report.verification.fields.not_checked == 0


def test_resize_with_many_phases(tmp_path: Path) -> None:
    """100 to 333: a size and a stride of 100/333, though 333 phases are too many to list."""
    body = 'r = Resize <mode = "linear"> (x, "", "", z) y = MaxPool <kernel_shape = [1]> (r)'
    report = inspected(model_of(body, {"x": (1, 1, 100)}, constants={"z": [1, 1, 333]}), tmp_path, verify="full")
    (field,) = report.outputs[0].fields
    assert (field.size, field.stride, field.phases) == (2, Fraction(100, 333), ())
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
