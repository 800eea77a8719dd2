"""Indices that see nothing at all, such as the holes of a transposed convolution, where positions share an axis."""

from __future__ import annotations

from pathlib import Path

import pytest

from strideinspect.results.verdict import Verdict
from tests.oracle_models import Constant, model_of
from tests.rules.inspecting import inspected

CONSTANTS: dict[str, Constant] = {
    "w": (2, 2, 1), "k": (2, 2, 1), "apart": [1, 1, 2, 7], "together": [1, 1, 14], "n0": [0], "n13": [13], "n2": [2],
}  # fmt: skip

HOLES = "holes = ConvTranspose <strides = [2]> (x, w)"
"""Of 7 samples 13: the odd ones have no tap."""

SHUFFLED = (
    "cut = Reshape (x, apart) turned = Transpose <perm = [0, 1, 3, 2]> (cut) long = Reshape (turned, together) "
    "shuffled = Slice (long, n0, n13, n2)"
)
"""Sample t of 13 is sample t // 2 of channel t % 2."""


@pytest.mark.parametrize("merge", ["Add", "Mul", "Concat <axis = 1>"])
def test_holes_beside_channels_that_became_samples(merge: str, tmp_path: Path) -> None:
    """An odd sample depends on the second channel alone: there the other branch is a hole, which sees no channel."""
    pooled = "both = Relu (merged) y = MaxPool <kernel_shape = [1]> (both)"
    model = model_of(
        f"{HOLES} {SHUFFLED} merged = {merge} (holes, shuffled) {pooled}", {"x": (1, 2, 7)}, constants=CONSTANTS
    )
    report = inspected(model, tmp_path, verify="run")
    channels, samples = report.outputs[0].fields
    assert (channels.axis, channels.node_axis, samples.axis) == (1, 2, 2)
    assert channels.positions.first == (0, 1) * 6 + (0,)
    assert channels.positions.last == (1,) * 13
    assert samples.positions.first == samples.positions.last == tuple(t // 2 for t in range(13))
    assert report.verification.status is Verdict.AGREED
