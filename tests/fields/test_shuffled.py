"""Pixels that are sorted into channels and back again: each keeps its place."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from strideinspect.results.verdict import Verdict
from tests.oracle_models import Constant, model_of
from tests.rules.inspecting import inspected

# A plain 3×3 window over every second pixel of 12×10, as TensorFlow dilates: SpaceToBatch and BatchToSpace, which are
# spelled with the batch (extent 1) standing where the channels were.
CONSTANTS: dict[str, Constant] = {"weight": (1, 1, 3, 3), "parts": [1, 1, 6, 2, 5, 2], "four": [4, 1, 6, 5],
                                  "blocks": [2, 2, 1, 6, 5], "whole": [1, 1, 12, 10]}  # fmt: skip
WINDOW = "c = Conv <pads = [1, 1, 1, 1]> (b, weight)"
SPELLINGS = {
    "SpaceToDepth": (
        f"s = SpaceToDepth <blocksize = 2> (x) b = Transpose <perm = [1, 0, 2, 3]> (s) {WINDOW} "
        "d = Transpose <perm = [1, 0, 2, 3]> (c) y = DepthToSpace <blocksize = 2> (d)"
    ),
    "Reshape": (
        f"s = Reshape (x, parts) t = Transpose <perm = [3, 5, 1, 0, 2, 4]> (s) b = Reshape (t, four) {WINDOW} "
        "d = Reshape (c, blocks) e = Transpose <perm = [2, 3, 0, 4, 1]> (d) y = Reshape (e, whole)"
    ),
}


@pytest.mark.parametrize("body", SPELLINGS.values(), ids=SPELLINGS)
def test_dilation_through_channels(body: str, tmp_path: Path) -> None:
    """Index i sees i − 2 to i + 2, as with dilation 2, along rows and along columns; onnxruntime agrees."""
    pool = "z = MaxPool <kernel_shape = [1, 1]> (y)"  # so that the field is checked, too
    model = model_of(f"{body} {pool}", {"x": (1, 1, 12, 10)}, constants=CONSTANTS, outputs=("z",))
    report = inspected(model, tmp_path, verify="run")
    for axis, extent, field in zip((2, 3), (12, 10), report.outputs[0].fields, strict=True):
        assert (field.axis, field.node_axis, field.size, field.stride, field.first) == (axis, axis, 5, Fraction(1), -2)
        # At the borders the second tap next to an index is padding: index 1 sees 1 and 3, 0 and 2 see from 0 on.
        inside = [[i + d for d in (-2, 0, 2) if 0 <= i + d < extent] for i in range(extent)]
        assert field.positions.first == tuple(seen[0] for seen in inside)
        assert field.positions.last == tuple(seen[-1] for seen in inside)
    assert report.verification.status is Verdict.AGREED
    assert report.verification.fields.not_checked == 0
