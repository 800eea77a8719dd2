"""Two axes along which a network does the same are judged once, and only these."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from msgspec import structs

import strideinspect
from strideinspect.studies.symmetric_axes import symmetric
from tests.oracle_models import Constant, model_of
from tests.rules.inspecting import analysed

CONV3 = "Conv <kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]>"
CASES: dict[str, tuple[str, bool]] = {
    "square windows": (f"a = {CONV3} (x, w) b = Relu (a) y = MaxPool <kernel_shape = [2, 2]> (b)", True),
    "branches joined along channels": (f"a = {CONV3} (x, w) b = {CONV3} (x, w) y = Concat <axis = 1> (a, b)", True),
    "a head behind a global pooling": (f"a = {CONV3} (x, w) g = GlobalAveragePool (a) y = Flatten (g)", True),
    "channels last": ("t = Transpose <perm = [0, 2, 3, 1]> (x) y = Transpose <perm = [0, 3, 1, 2]> (t)", False),
    "another kernel": ("y = Conv <kernel_shape = [3, 1]> (x, v)", False),
    # At 32 both sides drop nothing: only the padding at the end, which no window reaches, tells them apart.
    "other padding at the end": (
        "y = Conv <kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 0]> (x, w)",
        False,
    ),
    # The same at 32, but not at another size.
    "a slice to a fixed end": ("s = Slice (x, from, to, axes) y = Conv (s, w)", False),
    "joined along rows": (f"a = {CONV3} (x, w) y = Concat <axis = 2> (a, a)", False),
    "a head for one size": (f"a = {CONV3} (x, w) y = Flatten (a)", False),
}


@pytest.mark.parametrize(("body", "expected"), CASES.values(), ids=CASES)
def test_what_is_symmetric(body: str, expected: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """Certain symmetry only. Without a window no axis is spatial, which is no symmetry either."""
    constants: dict[str, Constant] = {
        "w": (1, 1, 3, 3), "v": (1, 1, 3, 1), "from": [0, 0], "to": [30, -2], "axes": [2, 3]
    }  # fmt: skip
    used = {name: value for name, value in constants.items() if f" {name}" in body.replace("(", " ")}
    analysis = analysed(model_of(body, {"x": (1, 1, 32, 32)}, constants=used), tmp_path)
    assert (bool(analysis.spatial_axes["x"]) and symmetric(analysis, ("x", 2), ("x", 3))) == expected


def test_symmetric_axes_have_the_same_rules(tmp_path: Path) -> None:
    """Judged apart (the other axis of 47 × 31), they are what is said where both are 47."""
    body = f"a = {CONV3} (x, w) b = {CONV3} (a, w) y = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (b)"
    onnx.save(model_of(body, {"x": (1, 1, 47, 47)}, constants={"w": (1, 1, 3, 3)}), tmp_path / "m.onnx")
    rows, columns = strideinspect.sizes(tmp_path / "m.onnx").axes
    assert columns == structs.replace(rows, axis=3)
    _, apart = strideinspect.sizes(tmp_path / "m.onnx", near=(31, 47)).axes
    assert (apart.runs, apart.sees_everything, apart.drops_nothing) == (
        columns.runs, columns.sees_everything, columns.drops_nothing
    )  # fmt: skip
