"""Tensors without elements on the way: nothing sees anything, and nothing breaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from strideinspect.results.verdict import Verdict
from tests.oracle_models import Constant, model_of
from tests.rules.inspecting import inspected

CONSTANTS: dict[str, Constant] = {
    "zero": [0], "one": [1], "two": [2], "three": [3], "four": [4],
    "turned": [0, 6, 6, 1], "w": (2, 2, 3, 3),
}  # fmt: skip

BODIES = {
    "no channels, reshaped": (
        "c = Conv <pads = [1, 1, 1, 1]> (x, w) s = Slice (c, zero, zero, one) y = Reshape <allowzero = 1> (s, turned)"
    ),
    "no rows, sliced again": (
        "c = Conv <pads = [1, 1, 1, 1]> (x, w) s = Slice (c, zero, zero, two) y = Slice (s, one, four, three)"
    ),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_nothing_is_seen(body: str, tmp_path: Path) -> None:
    """An output of no elements has fields that hold no pixel, and onnxruntime says nothing else."""
    report = inspected(model_of(body, {"x": (1, 2, 6, 6)}, constants=CONSTANTS), tmp_path, verify="run")
    (output,) = report.outputs
    assert output.shape is not None
    assert 0 in output.shape
    assert all(field.widest == 0 for field in output.fields)
    assert report.verification.status is not Verdict.CONTRADICTED
