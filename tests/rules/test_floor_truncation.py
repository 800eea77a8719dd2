"""floor-truncation: which rows and columns, how many, on which axes, and what is no finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from strideinspect.results.report import Dropped, Severity
from tests.oracle_models import Constant, model_of
from tests.rules.inspecting import inspected, of_rule, rule_ids

RULE = "floor-truncation"


def pool(kernel: int, stride: int, dims: int, extra: str = "") -> str:
    """A MaxPool from x to y."""
    return f"y = MaxPool <kernel_shape = {[kernel] * dims}, strides = {[stride] * dims}{extra}> (x)"


PLACES = {
    # (10 − 3) / 2 leaves 1 over: row and column 9, in one finding.
    "rows and columns alike": ((10, 10), pool(3, 2, 2), [((2, 3), ((9, 9),), 1)]),
    # 11 columns fit.
    "rows alone": ((10, 11), pool(3, 2, 2), [((2,), ((9, 9),), 1)]),
    "columns alone": ((11, 10), pool(3, 2, 2), [((3,), ((9, 9),), 1)]),
    # 3 windows of 3 cover 9 of 10 rows and of 11 columns.
    "rows and columns apart": ((10, 11), pool(3, 3, 2), [((2,), ((9, 9),), 1), ((3,), ((9, 10),), 2)]),
    # The same numbers at other extents are other places: rows 9 of 10, columns 11 of 12.
    "one each at two extents": ((10, 12), pool(3, 2, 2), [((2,), ((9, 9),), 1), ((3,), ((11, 11),), 1)]),
    # 3 windows of 5 cover 15 of 19.
    "four rows": ((19, 19), pool(5, 5, 2), [((2, 3), ((15, 18),), 4)]),
    # 14 padded rows, 4 windows of 3 cover 12: one row of padding, one pixel.
    "padding first": ((12, 12), pool(3, 3, 2, ", pads = [1, 1, 1, 1]"), [((2, 3), ((11, 11),), 1)]),
    "one axis": ((10,), pool(3, 2, 1), [((2,), ((9, 9),), 1)]),
    "three axes": ((10, 11, 10), pool(3, 2, 3), [((2, 4), ((9, 9),), 1)]),
    "nothing": ((11, 11), pool(3, 2, 2), []),
    "rounded up": ((10, 10), pool(3, 2, 2, ", ceil_mode = 1"), []),
}


@pytest.mark.parametrize(("size", "body", "places"), PLACES.values(), ids=PLACES)
def test_places(
    size: tuple[int, ...],
    body: str,
    places: list[tuple[tuple[int, ...], tuple[tuple[int, int], ...], int]],
    tmp_path: Path,
) -> None:
    """Axes, ranges and counts of what the last window leaves over."""
    found = of_rule(inspected(model_of(body, {"x": (1, 1, *size)}), tmp_path), RULE)
    assert [(finding.axes, finding.ranges, finding.pixels) for finding in found] == places
    assert all(finding.severity is Severity.WARNING for finding in found)


WORDS = {
    "a row and a column": ((10, 10), pool(3, 2, 2), ["row and column 9 of its 10×10 input are never used"]),
    "a row": ((10, 11), pool(3, 2, 2), ["row 9 of its 10×11 input is never used"]),
    "two columns": ((9, 11), pool(3, 3, 2), ["columns 9–10 of its 9×11 input are never used"]),
    "an index": ((10,), pool(3, 2, 1), ["sample 9 of the 10 of its input is never used"]),
    "a slice": ((10, 11, 11), pool(3, 2, 3), ["slice 9 of its 10×11×11 input is never used"]),
}


@pytest.mark.parametrize(("size", "body", "texts"), WORDS.values(), ids=WORDS)
def test_words(size: tuple[int, ...], body: str, texts: list[str], tmp_path: Path) -> None:
    """The message names the node, what is lost and of how much."""
    found = of_rule(inspected(model_of(body, {"x": (1, 1, *size)}), tmp_path), RULE)
    assert [finding.message for finding in found] == [f"MaxPool y: {text}" for text in texts]
    assert [(finding.node, finding.output) for finding in found] == [(None, "y")] * len(found)


READ_ELSEWHERE = {
    "by a sibling window": f"{pool(3, 2, 2)} z = Conv <pads = [1, 1, 1, 1]> (x, w)",
    "by a sibling that is no window": f"{pool(3, 2, 2)} z = ReduceMean <keepdims = 0> (x)",
    "by an activation's reader": f"{pool(3, 2, 2)} r = Relu (x) z = Conv <pads = [1, 1, 1, 1]> (r, w)",
    "by a transposed reader": (
        f"{pool(3, 2, 2)} t = Transpose <perm = [0, 1, 3, 2]> (x) z = Conv <pads = [1, 1, 1, 1]> (t, w)"
    ),
}


@pytest.mark.parametrize("body", READ_ELSEWHERE.values(), ids=READ_ELSEWHERE)
def test_what_somebody_reads_is_not_lost(body: str, tmp_path: Path) -> None:
    """No finding where another reader of the map takes the dropped row, directly or behind an activation."""
    model = model_of(body, {"x": (1, 1, 10, 10)}, constants={"w": (1, 1, 3, 3)}, outputs=("y", "z"))
    assert rule_ids(inspected(model, tmp_path), "coverage") == []


def test_a_reader_that_leads_nowhere_is_nobody(tmp_path: Path) -> None:
    """What reads the dropped row counts where an output depends on it; a window on which none does is not told of."""
    siblings = f"{pool(3, 2, 2)} z = Conv <pads = [1, 1, 1, 1]> (x, w) u = Relu (z)"
    for outputs, found in ((("y",), [("y", ((9, 9),))]), (("y", "u"), []), (("u",), [])):
        model = model_of(siblings, {"x": (1, 1, 10, 10)}, constants={"w": (1, 1, 3, 3)}, outputs=outputs)
        findings = of_rule(inspected(model, tmp_path), RULE)
        assert [(finding.output, finding.ranges) for finding in findings] == found


def test_graph_output_reads_everything(tmp_path: Path) -> None:
    """A map that is an output of the graph loses nothing by a pool beside it."""
    body = "map = Conv <pads = [1, 1, 1, 1]> (x, w) y = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (map)"
    constants = {"w": (1, 1, 3, 3)}
    for outputs, found in ((("y",), [RULE]), (("y", "map"), [])):
        model = model_of(body, {"x": (1, 1, 10, 10)}, constants=constants, outputs=outputs)
        assert rule_ids(inspected(model, tmp_path), "coverage") == found


def test_two_pools_that_drop_the_same_row(tmp_path: Path) -> None:
    """Siblings that all leave the row over are each told of."""
    body = f"{pool(3, 2, 2)} z = AveragePool <kernel_shape = [3, 3], strides = [2, 2]> (x)"
    report = inspected(model_of(body, {"x": (1, 1, 10, 10)}, outputs=("y", "z")), tmp_path)
    assert [(finding.output, finding.ranges) for finding in of_rule(report, RULE)] == [
        ("y", ((9, 9),)),
        ("z", ((9, 9),)),
    ]


def test_siblings_that_drop_different_rows(tmp_path: Path) -> None:
    """Of 12 rows 3×3/3 covers all, 5×5/5 the first 10: nothing is lost."""
    body = f"{pool(3, 3, 2)} z = MaxPool <kernel_shape = [5, 5], strides = [5, 5]> (x)"
    report = inspected(model_of(body, {"x": (1, 1, 12, 12)}, outputs=("y", "z")), tmp_path)
    assert rule_ids(report, "coverage") == []


def test_channels_last(tmp_path: Path) -> None:
    """Behind a Transpose the axes are the node's own, those of the image are its."""
    body = f"t = Transpose <perm = [0, 3, 1, 2]> (x) {pool(3, 2, 2).replace('(x)', '(t)')}"
    report = inspected(model_of(body, {"x": (1, 10, 11, 3)}), tmp_path)
    (finding,) = of_rule(report, RULE)
    assert finding.axes == (2,)
    assert [(unseen.axis, unseen.ranges) for unseen in report.unseen] == [(1, ((9, 9),))]


def test_alexnets_three_pools_and_first_convolution(tmp_path: Path) -> None:
    """Windows inside of a network are told of with the size of their own map."""
    # 224: (224 − 11) / 4 = 53 rest 1; 54: (54 − 3) / 2 = 25 rest 1; 26: (26 − 3) / 2 = 11 rest 1; 12 + 1 pads: fits.
    body = """
    a = Conv <strides = [4, 4]> (x, v)
    b = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (a)
    c = Conv <pads = [2, 2, 2, 2]> (b, w)
    d = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (c)
    y = MaxPool <kernel_shape = [3, 3], strides = [2, 2], pads = [0, 0, 1, 1]> (d)
    """
    constants = {"v": (1, 1, 11, 11), "w": (1, 1, 5, 5)}
    found = of_rule(inspected(model_of(body, {"x": (1, 1, 224, 224)}, constants=constants), tmp_path), RULE)
    assert [(finding.output, finding.ranges, finding.sizes) for finding in found] == [
        ("a", ((223, 223),), (211, 227)),
        ("b", ((53, 53),), (211, 227)),
        ("d", ((25, 25),), (211, 227)),
    ]


OWN_PADDING: dict[str, str] = {
    **{mode: f'p = Pad <mode = "{mode}"> (x, pads)' for mode in ("wrap", "reflect", "edge")},
    # Transforms of speech pad the signal and give it channels before they take windows of it.
    "an axis that is added": 'q = Squeeze (x, batch) r = Pad <mode = "reflect"> (q, own) p = Unsqueeze (r, batch)',
    # As PyTorch writes circular padding.
    "slices and Concat": (
        "l = Slice (x, last, end, rows) r = Slice (x, zero, one, rows) q = Concat <axis = 2> (l, x, r) "
        "s = Slice (q, last, end, columns) t = Slice (q, zero, one, columns) p = Concat <axis = 3> (s, q, t)"
    ),
}
OWN_PADDING_CONSTANTS: dict[str, Constant] = {
    "pads": [0, 0, 1, 1, 0, 0, 1, 1], "w": (1, 1, 3, 3),
    "last": [-1], "end": [2**40], "zero": [0], "one": [1], "rows": [2], "columns": [3],
    "batch": [0], "own": [0, 1, 1, 0, 1, 1],
}  # fmt: skip


@pytest.mark.parametrize("padding", OWN_PADDING.values(), ids=OWN_PADDING)
def test_rows_that_are_copies_of_read_ones_are_padding(padding: str, tmp_path: Path) -> None:
    """A map padded with its own rows: of 1 + 8 + 1 the last is left over, a copy of one that is read."""
    # Four windows of 3 with stride 2 end at row 8 of 10. Row 9 is image row 0 (wrap), 6 (reflect) or 7 (edge), which
    # rows 1, 7 and 8 of the padded map hold, too.
    model = model_of(f"{padding} y = Conv <strides = [2, 2]> (p, w)", {"x": (1, 1, 8, 8)},
                     constants=OWN_PADDING_CONSTANTS)  # fmt: skip
    report = inspected(model, tmp_path)
    assert rule_ids(report, "coverage") == ["padding-truncation"]
    assert report.nodes[-1].dropped == Dropped(pixels=(0, 0), padding=(1, 1), gap=(0, 0))


def test_rows_that_are_joined_are_no_copies(tmp_path: Path) -> None:
    """Rows 0–1 and row 2 of a map set together: the one window of 2 loses row 2."""
    constants: dict[str, Constant] = {"zero": [0], "two": [2], "three": [3], "rows": [2]}
    body = (
        "t = Slice (x, zero, two, rows) b = Slice (x, two, three, rows) p = Concat <axis = 2> (t, b) "
        "y = MaxPool <kernel_shape = [2, 1], strides = [2, 1]> (p)"
    )
    (finding,) = inspected(model_of(body, {"x": (1, 1, 3, 4)}, constants=constants), tmp_path).findings
    assert (finding.rule, finding.ranges) == ("unseen-input", ((2, 2),))


@pytest.mark.parametrize(("joined", "lost"), [("a", 0), ("r", 5), ("m", 5)])
def test_what_is_computed_of_a_map_is_no_copy_of_it(joined: str, lost: int, tmp_path: Path) -> None:
    """A map beside itself is covered by every second row of both; beside its ReLU or its mirror image, half is lost."""
    # Of 5 + 5 rows, windows cover rows 0, 2, 4 of the first map and, since 5 is odd, rows 1 and 3 of the second.
    mirrored = "m = Slice (a, last, before, columns, back)"
    body = (
        f"a = Conv (x, w) r = Relu (a) {mirrored} "
        f"p = Concat <axis = 2> ({joined}, a) y = Conv <strides = [2, 1]> (p, v)"
    )
    constants: dict[str, Constant] = {"w": (1, 1, 3, 1), "v": (1, 1, 1, 1), "last": [-1], "before": [-(2**40)]}
    model = model_of(body, {"x": (1, 1, 7, 2)}, constants={**constants, "columns": [3], "back": [-1]})
    dropped = inspected(model, tmp_path).nodes[-1].dropped
    assert dropped is not None
    assert dropped.pixels[0] + dropped.gap[0] == lost
