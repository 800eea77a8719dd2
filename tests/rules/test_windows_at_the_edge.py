"""padding-truncation, partial-window, padding-only-window and degenerate-map: what happens at the edge of a map."""

from __future__ import annotations

from pathlib import Path

import pytest

from strideinspect.results.report import Severity
from tests.oracle_models import Constant, model_of
from tests.oracle_runtime import run
from tests.rules.inspecting import inspected, of_rule, rule_ids

WEIGHTS: dict[str, Constant] = {"one": (1, 1, 1, 1), "three": (1, 1, 3, 3), "five": (1, 1, 5, 5)}
DOWN = "strides = [2, 2], pads = [1, 1, 1, 1]"

PADDING = {
    # 10 + 2 rows, 5 windows cover 11.
    "one of rows and columns": ((10, 10), "y = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, three)", [((2, 3), 1)]),
    "rows alone": ((10, 11), "y = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, three)", [((2,), 1)]),
    # 11 + 4 rows, 3 windows of 5 with stride 4 cover 13; of 13 + 4 columns 4 windows cover all.
    "two rows": ((11, 13), "y = Conv <strides = [4, 4], pads = [2, 2, 2, 2]> (x, five)", [((2,), 2)]),
    # 10 + 2 rows, 2 windows of 5 with stride 4 cover 9: of the 3 left over one is padding, two are pixels.
    "more than padding": ((10, 10), "y = Conv <strides = [4, 4], pads = [1, 1, 1, 1]> (x, five)", []),
    "at the beginning only": ((10, 10), "y = Conv <strides = [2, 2], pads = [1, 1, 0, 0]> (x, three)", []),
    "same": ((10, 10), 'y = Conv <strides = [2, 2], auto_pad = "SAME_UPPER"> (x, three)', []),
}


@pytest.mark.parametrize(("size", "body", "places"), PADDING.values(), ids=PADDING)
def test_padding_that_is_dropped(
    size: tuple[int, int], body: str, places: list[tuple[tuple[int, ...], int]], tmp_path: Path
) -> None:
    """padding-truncation: how many rows of padding, on which axes, and always a note."""
    found = of_rule(inspected(model_of(body, {"x": (1, 1, *size)}, constants=WEIGHTS), tmp_path), "padding-truncation")
    assert [(finding.axes, finding.pixels) for finding in found] == places
    assert {finding.severity for finding in found} <= {Severity.NOTE}
    assert all("of padding at the end, and nothing else" in finding.message for finding in found)


OVERHANG = {
    # 3 windows of 2 reach 6 of 5.
    "ceil_mode": ((5, 5), "kernel_shape = [2, 2], strides = [2, 2], ceil_mode = 1", [((2, 3), 1)]),
    # 4 windows of 3 with stride 3 reach 12 of 10; 11 columns miss one.
    "by two and by one": ((10, 11), "kernel_shape = [3, 3], strides = [3, 3], ceil_mode = 1", [((2,), 2), ((3,), 1)]),
    # 7 + 2 padded: 2 + 1 windows of 4 with stride 3 reach 10.
    "past the padding": ((7, 7), "kernel_shape = [4, 4], strides = [3, 3], pads = [1, 1, 1, 1], ceil_mode = 1",
                         [((2, 3), 1)]),
    # A window that would begin in the padding behind the map is taken off again: 4 + 2, windows at −1, 1, 3 reach 5.
    "clipped": ((4, 4), "kernel_shape = [2, 2], strides = [2, 2], pads = [1, 1, 1, 1], ceil_mode = 1", []),
    # onnxruntime lets a pool run on a map that is too small by less than the stride.
    "map smaller than the window": ((2, 2), "kernel_shape = [3, 3], strides = [2, 2]", [((2, 3), 1)]),
    "fits": ((6, 6), "kernel_shape = [2, 2], strides = [2, 2], ceil_mode = 1", []),
}  # fmt: skip


@pytest.mark.parametrize(("size", "attributes", "places"), OVERHANG.values(), ids=OVERHANG)
def test_windows_that_hang_over(
    size: tuple[int, int], attributes: str, places: list[tuple[tuple[int, ...], int]], tmp_path: Path
) -> None:
    """partial-window: by how much the last window hangs over, on which axes; onnxruntime gives the same map."""
    model = model_of(f"y = MaxPool <{attributes}> (x)", {"x": (1, 1, *size)})
    report = inspected(model, tmp_path)
    found = of_rule(report, "partial-window")
    assert [(finding.axes, finding.pixels, finding.severity.value) for finding in found] == [
        (*place, "note") for place in places
    ]
    assert report.nodes[0].output_shape == run(model).values["y"].shape


IDLE = {
    # 8 of 9 taps never meet the one pixel.
    "3×3 on 1×1": ((1, 1), "pads = [1, 1, 1, 1]", "three", (2, 3), "88.9 %"),
    # One row: of the three rows of taps one is used; of the columns all are.
    "3×3 on 1×4": ((1, 4), "pads = [1, 1, 1, 1]", "three", (2,), "66.7 %"),
    # Taps at o − 6, o and o + 6 with o from 0 to 4: only the middle ones meet a pixel.
    "dilation past the map": ((5, 5), "dilations = [6, 6], pads = [6, 6, 6, 6]", "three", (2, 3), "88.9 %"),
    # Taps at o − 4 … o + 4 in steps of 2, o from 0 to 3: o − 4 and o + 4 never meet 0 to 3: 3 of 5 per axis are used.
    "5×5 dilated on 4×4": ((4, 4), "dilations = [2, 2], pads = [4, 4, 4, 4]", "five", (2, 3), "64.0 %"),
    # Windows at −1 and 1 only of 2 rows: taps at −1, 0, 1 and 1, 2, 3: all three meet something.
    "3×3/2 on 2×2 wide padding": ((2, 2), "strides = [2, 2], pads = [1, 1, 2, 2]", "three", (), ""),
    # One window at −1 of 2 rows: its first tap meets nothing.
    "3×3/2 on 2×2": ((2, 2), "strides = [2, 2], pads = [1, 1, 1, 1]", "three", (2, 3), "55.6 %"),
    "3×3 on 2×2": ((2, 2), "pads = [1, 1, 1, 1]", "three", (), ""),
}


@pytest.mark.parametrize(("size", "attributes", "weight", "axes", "share"), IDLE.values(), ids=IDLE)
def test_taps_that_never_touch_a_pixel(
    size: tuple[int, int], attributes: str, weight: str, axes: tuple[int, ...], share: str, tmp_path: Path
) -> None:
    """padding-only-window: the share of the kernel that lies in padding wherever the window stands."""
    body = f"y = Conv <{attributes}> (x, {weight})"
    found = of_rule(inspected(model_of(body, {"x": (1, 1, *size)}, constants=WEIGHTS), tmp_path), "padding-only-window")
    assert [(finding.axes, finding.severity.value) for finding in found] == ([(axes, "warning")] if axes else [])
    for finding in found:
        assert f"{share} of its" in finding.message
        assert f"on its {size[0]}×{size[1]} map" in finding.message


def down(source: str, output: str) -> str:
    """A 3×3/2 convolution with padding 1."""
    return f"{output} = Conv <{DOWN}> ({source}, three)"


SHRUNK = {
    # 4 → 2 → 1 by convolutions, and a third slides over it.
    "by convolutions": ((4, 4), f"{down('x', 'a')} {down('a', 'b')} {down('b', 'y')}", {"y": (2, 3)}),
    # 3 → (3 − 2) / 2 + 1 = 1: the pool does not cover all 3.
    "by a pool that leaves a row": (
        (3, 3), f"a = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x) {down('a', 'y')}", {"y": (2, 3)},
    ),
    "rows alone": ((2, 8), f"{down('x', 'a')} {down('a', 'y')}", {"y": (2,)}),
    # A window of one index is as large as the map.
    "1×1 over it": ((2, 2), f"{down('x', 'a')} y = Conv (a, one)", {}),
    # A pooled axis has no position any more: a squeeze-and-excite gate may use what it likes.
    "globally pooled": (
        (8, 8), "g = GlobalAveragePool (x) h = Conv <pads = [1, 1, 1, 1]> (g, three) y = Mul (x, h)", {},
    ),
    "reduced": ((8, 8), "g = ReduceMean (x, axes) y = Conv <pads = [1, 1, 1, 1]> (g, three)", {}),
    "pooled by a window as large as the map": (
        (8, 8), "g = AveragePool <kernel_shape = [8, 8]> (x) y = Conv <pads = [1, 1, 1, 1]> (g, three)", {},
    ),
    # A signal stored as an image of one row was so from the start.
    "one row from the start": ((1, 8), "y = Conv <pads = [1, 1, 1, 1]> (x, three)", {}),
}  # fmt: skip


@pytest.mark.parametrize(("size", "body", "places"), SHRUNK.values(), ids=SHRUNK)
def test_windows_over_a_shrunk_map(
    size: tuple[int, int], body: str, places: dict[str, tuple[int, ...]], tmp_path: Path
) -> None:
    """degenerate-map warns where ordinary windows shrank a map to one index, and nowhere else."""
    model = model_of(body, {"x": (1, 1, *size)}, constants={**WEIGHTS, "axes": [2, 3]})
    found = of_rule(inspected(model, tmp_path), "degenerate-map")
    assert {finding.output: finding.axes for finding in found} == places
    assert {finding.severity for finding in found} <= {Severity.WARNING}


def test_3x3_on_a_shrunk_map_raises_both(tmp_path: Path) -> None:
    """A 3×3 convolution over a map that was shrunk to 1×1: a degenerate map, and idle taps as its consequence."""
    body = f"{down('x', 'a')} {down('a', 'b')} y = Conv <pads = [1, 1, 1, 1]> (b, three)"
    report = inspected(model_of(body, {"x": (1, 1, 3, 3)}, constants=WEIGHTS), tmp_path)  # 3 → 2 → 1
    (finding,) = (finding for finding in report.findings if finding.severity is Severity.WARNING)
    assert (finding.rule, finding.output) == ("degenerate-map", "y")
    assert [(place.rule, place.output) for place in finding.also if place.severity is Severity.WARNING] == [
        ("padding-only-window", "b"), ("padding-only-window", "y"),
    ]  # fmt: skip


def test_map_without_an_index(tmp_path: Path) -> None:
    """A window larger than its map by more than a pool puts up with is an error; the rest of the report stays."""
    body = "a = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x) b = Conv (a, five) y = Relu (b)"
    report = inspected(model_of(body, {"x": (1, 1, 8, 8)}, constants=WEIGHTS), tmp_path)
    (finding,) = of_rule(report, "degenerate-map")
    assert (finding.severity, finding.output) == (Severity.ERROR, "b")
    assert "5×5" in finding.message
    assert "4×4" in finding.message
    assert [node.output_shape for node in report.nodes] == [(1, 1, 4, 4), None]
    assert report.outputs[0].shape is None


def test_map_that_shape_arithmetic_empties(tmp_path: Path) -> None:
    """A crop that leaves nothing for a pool is an error as well."""
    body = "c = Slice (x, five, five, axes) y = GlobalAveragePool (c)"
    constants: dict[str, Constant] = {"five": [5], "axes": [2]}
    report = inspected(model_of(body, {"x": (1, 1, 8, 8)}, constants=constants), tmp_path)
    assert "degenerate-map" in rule_ids(report, "model")
    assert report.outputs[0].shape is None
