"""What Pad nodes add is shown at the window behind them, apart from its own padding."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracle_models import model_of
from tests.rules.inspecting import inspected

# Of a Pad: before rows and columns, then after them.
CASES = {
    "directly before": ("a = Pad (x, p) y = Conv <strides = [2, 2]> (a, w)", ((2, 2), (3, 3))),
    "beside its own": ("a = Pad (x, p) y = Conv <pads = [1, 1, 1, 1]> (a, w)", ((2, 2), (3, 3))),
    "behind an activation": ("a = Pad (x, p) b = Relu (a) y = Conv (b, w)", ((2, 2), (3, 3))),
    "behind another Pad": ("a = Pad (x, p) b = Pad (a, q) y = Conv (b, w)", ((2, 3), (3, 3))),
    "mirrored": ('a = Pad <mode = "reflect"> (x, p) y = Conv (a, w)', ((2, 2), (3, 3))),
    "behind a window": ("a = Pad (x, p) b = Conv (a, w) y = Conv (b, w)", None),
    "none": ("y = Conv <pads = [1, 1, 1, 1]> (x, w)", None),
}  # fmt: skip
PADS = {"p": [0, 0, 2, 2, 0, 0, 3, 3], "q": [0, 0, 0, 1, 0, 0, 0, 0]}


@pytest.mark.parametrize(("body", "expected"), CASES.values(), ids=CASES)
def test_pads_of_pad_nodes(body: str, expected: object, tmp_path: Path) -> None:
    """The last window has what was added directly before it, and keeps its own padding."""
    report = inspected(model_of(body, {"x": (1, 1, 16, 16)}, constants={"w": (1, 1, 3, 3), **PADS}), tmp_path)
    window = report.nodes[-1]
    assert window.pad_nodes == expected
    assert window.padding_begin == ((1, 1) if "pads = " in body else (0, 0))


def test_axes_are_those_of_the_window(tmp_path: Path) -> None:
    """Padded as NHWC by 1 row before and 4 columns after, then transposed for the convolution."""
    body = "a = Pad (x, p) b = Transpose <perm = [0, 3, 1, 2]> (a) y = Conv (b, w)"
    constants: dict[str, tuple[int, ...] | list[int]] = {"w": (1, 2, 3, 3), "p": [0, 1, 0, 0, 0, 0, 4, 0]}
    report = inspected(model_of(body, {"x": (1, 16, 16, 2)}, constants=constants), tmp_path)
    assert report.nodes[0].pad_nodes == ((1, 0), (0, 4))


def test_through_an_axis_that_is_added(tmp_path: Path) -> None:
    """Keras pads a signal and gives it a height of 1 before it is convolved."""
    body = "a = Pad (x, p) b = Unsqueeze (a, axes) y = Conv (b, w)"
    constants: dict[str, tuple[int, ...] | list[int]] = {"w": (1, 1, 1, 3), "p": [0, 0, 2, 0, 0, 1], "axes": [2]}
    report = inspected(model_of(body, {"x": (1, 1, 16)}, constants=constants), tmp_path)
    assert report.nodes[0].pad_nodes == ((0, 2), (0, 1))


def test_not_through_a_reshape_that_mixes_axes(tmp_path: Path) -> None:
    """Where rows and columns are folded together, what was added to one is no padding of the other."""
    body = "a = Pad (x, p) b = Reshape (a, to) y = Conv (b, w)"
    constants: dict[str, tuple[int, ...] | list[int]] = {
        "w": (1, 1, 3, 3), "p": [0, 0, 0, 2, 0, 0, 0, 2], "to": [1, 1, 40, 8],
    }  # fmt: skip
    report = inspected(model_of(body, {"x": (1, 1, 16, 16)}, constants=constants), tmp_path)
    assert report.nodes[0].pad_nodes is None
