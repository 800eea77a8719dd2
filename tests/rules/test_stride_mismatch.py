"""stride-mismatch: maps that were resized by a factor that is not whole, and what helps."""

from __future__ import annotations

from pathlib import Path

from tests.oracle_models import Constant, model_of
from tests.rules.inspecting import inspected, of_rule

WEIGHTS: dict[str, Constant] = {"double": [1.0, 1.0, 2.0, 2.0]}
HALVED = "d = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)"


def test_inexact_resizing_is_a_note(tmp_path: Path) -> None:
    """Resizing 4 rows to 9 makes steps of 8/9 pixels beside a skip of 1: told, not warned of."""
    body = f'{HALVED} s = Shape (x) u = Resize <mode = "nearest"> (d, , , s) y = Concat <axis = 1> (u, x)'
    report = inspected(model_of(body, {"x": (1, 1, 9, 9)}, constants=WEIGHTS), tmp_path)
    (finding,) = of_rule(report, "stride-mismatch")
    assert (finding.severity, finding.axes) == ("note", (2, 3))
    assert "u has 8/9 and x has 1" in finding.message


def test_corner_on_corner_is_whole_at_no_size(tmp_path: Path) -> None:
    """4 rows on 8 with align_corners: 3/7 of stride 2 beside 1, whatever the input; half_pixel is what helps."""
    resize = 'u = Resize <mode = "linear", coordinate_transformation_mode = "align_corners"> (d, , double)'
    body = f"{HALVED} {resize} y = Concat <axis = 1> (u, x)"
    report = inspected(model_of(body, {"x": (1, 1, 8, 8)}, constants=WEIGHTS), tmp_path)
    (finding,) = of_rule(report, "stride-mismatch")
    assert "u has 6/7 and x has 1" in finding.message
    assert finding.help.endswith("half_pixel instead of align_corners, the factor of Resize u is 2×2")
    half = model_of(body.replace("align_corners", "half_pixel"), {"x": (1, 1, 8, 8)}, constants=WEIGHTS)
    assert not of_rule(inspected(half, tmp_path), "stride-mismatch")
