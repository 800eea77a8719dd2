"""Which axes of an input are spatial where no window slides over it."""

from __future__ import annotations

from pathlib import Path

from strideinspect import inspect
from tests.oracle_models import Constant, model_of
from tests.rules.inspecting import inspected


def test_resized_axes_are_spatial(tmp_path: Path) -> None:
    """A Resize alone, channels last: it doubles axes 1 and 2, and an output row sees two input rows at most."""
    constants: dict[str, Constant] = {"s": [1.0, 2.0, 2.0, 1.0]}
    body = 'y = Resize <mode = "linear", coordinate_transformation_mode = "align_corners"> (x, , s)'
    report = inspected(model_of(body, {"x": (1, 15, 20, 2)}, 13, constants), tmp_path)
    assert (report.inputs[0].spatial_axes, report.inputs[0].layout) == ((1, 2), "NHWC")
    assert [field.widest for field in report.outputs[0].fields] == [2, 2]
    assert inspect(tmp_path / "model.onnx", verify="run").verification.status == "agreed"


def test_a_window_decides(tmp_path: Path) -> None:
    """Where a window slides over a resized input, its axes are the spatial ones."""
    constants: dict[str, Constant] = {"s": [1.0, 2.0, 1.0, 1.0]}
    body = 'r = Resize <mode = "nearest"> (x, , s) y = MaxPool <kernel_shape = [2, 2]> (r)'
    assert inspected(model_of(body, {"x": (1, 2, 8, 8)}, 13, constants), tmp_path).inputs[0].spatial_axes == (2, 3)
