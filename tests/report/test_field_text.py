"""What is said of the dependence of a tensor, in sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

from strideinspect.report import field_text
from strideinspect.report.layout import plain
from strideinspect.report.text import render
from tests.oracle_models import Constant, model_of
from tests.rules.inspecting import inspected

GATED = {
    # The mean spreads over rows and columns; 17 taps around each of 8 columns see all of them anyway.
    "columns covered by windows": (
        "m = GlobalAveragePool (x) g = Mul (x, m) y = Conv <pads = [1, 8, 1, 8]> (g, w)", "the whole image x (after m)",
    ),
    # A mean over rows alone: of the columns an index sees no more than its three.
    "columns not covered": (
        "m = ReduceMean <axes = [2]> (x) g = Mul (x, m) y = Conv <pads = [1, 1, 1, 1]> (g, v)",
        "rows 0–63 of x (after m)",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "sentence"), GATED.values(), ids=GATED)
def test_axes_without_more_than_windows(body: str, sentence: str, tmp_path: Path) -> None:
    """The full dependence covers the image if it or the windows cover each axis; no axis is a dash."""
    constants: dict[str, Constant] = {"w": (1, 1, 3, 17), "v": (1, 1, 3, 3)}
    report = inspected(model_of(body, {"x": (1, 1, 64, 8)}, 13, constants), tmp_path)
    assert field_text.full_sentence(report.outputs[0].fields, name="x") == sentence
    whole = "depends on the whole image" if "whole" in sentence else "depends on more of x"
    assert whole in " ".join(plain(render(report)).split())


RECURRENT = {
    "forward": "reads everything up to an index",
    "reverse": "reads everything from an index on",
    "bidirectional": "reads the whole axis",
}


@pytest.mark.parametrize(("direction", "what"), RECURRENT.items())
def test_what_a_recurrence_reads(direction: str, what: str, tmp_path: Path) -> None:
    """Why there is no closed form behind an LSTM: it depends on the direction, and both together read everything."""
    ways = 2 if direction == "bidirectional" else 1
    constants: dict[str, Constant] = {"w": (1, 1, 3), "W": (ways, 8, 1), "R": (ways, 8, 2)}
    body = f"""a = Conv <pads = [1, 1]> (x, w) t = Transpose <perm = [2, 0, 1]> (a)
    y = LSTM <direction = "{direction}", hidden_size = 2> (t, W, R)"""
    report = inspected(model_of(body, {"x": (1, 1, 32)}, 17, constants), tmp_path)
    assert report.outputs[0].fields[0].reason == f"LSTM y {what}"
