"""stride-gap: what windows step over, and who reads it after all."""

from __future__ import annotations

from pathlib import Path

import pytest

from strideinspect.results.one_cause import places_of
from tests.oracle_models import Constant, model_of
from tests.rules.inspecting import inspected, of_rule, rule_ids

RULE = "stride-gap"

GAPS = {
    # 1×1/2 reads rows 0, 2, 4 and 6 of 8: a quarter of the pixels.
    "1×1 stride 2": (
        (8, 8), "y = Conv <strides = [2, 2]> (x, one)",
        [((2, 3), ((1, 1), (3, 3), (5, 5), (7, 7)), 4, "75.0 %")],
    ),
    # 2×2/4 on 10: windows at 0, 4, 8.
    "2×2 stride 4": (
        (10, 10), "y = Conv <strides = [4, 4]> (x, two)",
        [((2, 3), ((2, 3), (6, 7)), 4, "64.0 %")],
    ),
    # Taps 0 and 2 of windows at 0, 3 and 6 of 9: nothing between the taps is read.
    "dilated": (
        (9, 9), "y = Conv <strides = [3, 3], dilations = [2, 2]> (x, two)",
        [((2, 3), ((1, 1), (4, 4), (7, 7)), 3, "55.6 %")],
    ),
    # Only the columns are stepped over: half of the map.
    "columns": (
        (8, 8), "y = Conv <strides = [1, 2]> (x, one)",
        [((3,), ((1, 1), (3, 3), (5, 5), (7, 7)), 4, "50.0 %")],
    ),
    # Rows 1, 3, 5, 7 of 8 and columns 1, 3 of 5: 4 · 3 of 40 pixels are read.
    "rows and columns apart": (
        (8, 5), "y = Conv <strides = [2, 2]> (x, one)",
        [((2,), ((1, 1), (3, 3), (5, 5), (7, 7)), 4, "70.0 %"), ((3,), ((1, 1), (3, 3)), 2, "70.0 %")],
    ),
    "3×3 stride 2": ((9, 9), "y = Conv <strides = [2, 2]> (x, three)", []),
    "3×3 stride 3": ((9, 9), "y = Conv <strides = [3, 3]> (x, three)", []),
}  # fmt: skip
WEIGHTS: dict[str, Constant] = {
    "one": (1, 1, 1, 1), "two": (1, 1, 2, 2), "three": (1, 1, 3, 3), "first": [1, 1], "last": [9, 9], "axes": [2, 3],
}  # fmt: skip


@pytest.mark.parametrize(("size", "body", "gaps"), GAPS.values(), ids=GAPS)
def test_gaps(
    size: tuple[int, int],
    body: str,
    gaps: list[tuple[tuple[int, ...], tuple[tuple[int, int], ...], int, str]],
    tmp_path: Path,
) -> None:
    """Axes, ranges and counts of what is stepped over, and the share of the map that is never read."""
    found = of_rule(inspected(model_of(body, {"x": (1, 1, *size)}, constants=WEIGHTS), tmp_path), RULE)
    assert [(finding.axes, finding.ranges, finding.pixels) for finding in found] == [gap[:3] for gap in gaps]
    for finding, (axes, _, pixels, share) in zip(found, gaps, strict=True):
        assert finding.severity == "warning"
        assert (" and dilation 2×2 skips" in finding.message) == ("dilations" in body)
        assert f" skips {pixels} of {size[axes[0] - 2]} " in finding.message
        assert finding.message.endswith(f"of its {size[0]}×{size[1]} input, and no other node uses them: {share} "
                                        "of the map is never used")  # fmt: skip


SHORTCUT = "s = Conv <strides = [2, 2]> (x, one)"
BLOCKS = {
    # PyTorch's ResNet: the 3×3/2 beside the shortcut reads what that steps over.
    "stride in the 3×3": f"{SHORTCUT} b = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, three) y = Add (s, b)",
    "pooled shortcut": (
        "p = AveragePool <kernel_shape = [2, 2], strides = [2, 2]> (x) s = Conv (p, one) "
        "b = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, three) y = Add (s, b)"
    ),
    # NASNet takes the odd rows of a map from a cropped copy of it; another layer reads all of the map itself.
    "cropped copy": (
        "c = Slice (x, first, last, axes) s = AveragePool <kernel_shape = [1, 1], strides = [2, 2]> (c) "
        "b = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, three) y = Add (s, b)"
    ),
    # The first 1×1 of the block reads all.
    "1×1 before the 3×3": (
        f"{SHORTCUT} a = Conv (x, one) b = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (a, three) y = Add (s, b)"
    ),
}


@pytest.mark.parametrize("body", BLOCKS.values(), ids=BLOCKS)
def test_shortcuts_whose_sibling_reads_the_rest(body: str, tmp_path: Path) -> None:
    """A residual block that reads its whole input raises nothing above a note."""
    report = inspected(model_of(body, {"x": (1, 1, 8, 8)}, constants=WEIGHTS), tmp_path)
    assert set(rule_ids(report, "coverage")) <= {"padding-truncation"}


def test_a_copy_whose_map_nothing_else_reads(tmp_path: Path) -> None:
    """Rows 1, 3, 5 and 7 of 8 are read, through a crop alone: rows 1, 3 and 5 of its 7 are lost."""
    crop = "r = Relu (x) c = Slice (r, first, last, axes)"
    body = f"{crop} y = AveragePool <kernel_shape = [1, 1], strides = [2, 2]> (c)"
    (finding,) = of_rule(inspected(model_of(body, {"x": (1, 1, 8, 8)}, constants=WEIGHTS), tmp_path), RULE)
    assert (finding.axes, finding.ranges) == ((2, 3), ((1, 1), (3, 3), (5, 5)))


def test_padding_of_a_map_without_positions(tmp_path: Path) -> None:
    """A product mixes all 4 samples; of two copies, the first with one of padding, every second index is read."""
    body = (
        "m = MatMul (x, square) p = Pad (m, end) r = Relu (m) c = Concat <axis = 2> (p, r) "
        "y = MaxPool <kernel_shape = [1], strides = [2]> (c)"
    )
    constants: dict[str, Constant] = {"square": (4, 4), "end": [0, 0, 0, 0, 0, 2]}
    report = inspected(model_of(body, {"x": (1, 1, 4)}, constants=constants), tmp_path)
    # Of 10 indices 1, 3, 5, 7 and 9 are stepped over; 4 and 5 are padding.
    assert [node.dropped and node.dropped.gap for node in report.nodes] == [(4,)]


def test_both_branches_on_one_grid(tmp_path: Path) -> None:
    """Keras' ResNet: both branches take the even rows, so the odd ones are lost, at either branch."""
    body = f"a = Conv (x, one) {SHORTCUT.replace('(x', '(a')} b = Conv <strides = [2, 2]> (a, one) y = Add (s, b)"
    found = of_rule(inspected(model_of(body, {"x": (1, 1, 8, 8)}, constants=WEIGHTS), tmp_path), RULE)
    assert [(finding.output, finding.pixels) for finding in found] == [("s", 4), ("b", 4)]


def test_two_grids_that_complete_each_other(tmp_path: Path) -> None:
    """One branch takes the even rows, the other one, shifted by its padding, the odd ones: none is unread."""
    body = f"{SHORTCUT} y = Conv <strides = [2, 2], pads = [1, 1, 0, 0]> (x, one)"  # windows at −1, 1, 3, 5, 7
    model = model_of(body, {"x": (1, 1, 8, 8)}, constants=WEIGHTS, outputs=("s", "y"))
    report = inspected(model, tmp_path)
    # Row −1 is read as the first of the padding.
    assert [node.dropped and node.dropped.gap for node in report.nodes] == [(4, 4), (4, 4)]
    assert rule_ids(report, "coverage") == []


def test_pooling_between_taps_is_a_gap_and_no_truncation(tmp_path: Path) -> None:
    """Where the stride exceeds the window nothing counts as dropped, the last rows neither."""
    # Windows of 2 with stride 4 on 12 rows at 0, 4 and 8: rows 10 and 11 are stepped over like 2 and 3.
    report = inspected(model_of("y = MaxPool <kernel_shape = [2], strides = [4]> (x)", {"x": (1, 1, 12)}), tmp_path)
    assert rule_ids(report, "coverage") == [RULE, "unseen-input"]
    places = [place for finding in report.findings for place in places_of(finding)]
    assert [place.ranges for place in places if place.rule in {RULE, "unseen-input"}] == [
        ((2, 3), (6, 7), (10, 11))
    ] * 2
