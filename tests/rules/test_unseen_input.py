"""unseen-input: which image rows, how much of the image, where they were lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracle_models import Constant, model_of
from tests.published import networks
from tests.rules.inspecting import grave, inspected, of_rule

RULE = "unseen-input"
ONE_END = ", whose last window does not reach the end of the map"
Spans = tuple[tuple[int, int], ...]


def pool(source: str, output: str, kernel: int = 2, stride: int = 2, dims: int = 2) -> str:
    """A MaxPool."""
    return f"{output} = MaxPool <kernel_shape = {[kernel] * dims}, strides = {[stride] * dims}> ({source})"


WEIGHTS: dict[str, Constant] = {"one": (1, 1, 1, 1), "three": (1, 1, 3, 3)}
PLACES: dict[str, tuple[tuple[int, ...], str, list[tuple[tuple[int, ...], Spans, int]], str]] = {
    # 11 = 5 · 2 + 1, 5 = 2 · 2 + 1: the map's last row holds rows 8 and 9. 8 of 11 rows and columns are left.
    "two pools": (
        (11, 11), f"{pool('x', 'a')} {pool('a', 'y')}", [((2, 3), ((8, 10),), 3)],
        (
            "rows and columns 8–10 of x reach no output: the last 3 of 11, 47.1 % of every image; "
            "lost at MaxPool a (1 row) and MaxPool y (1 row of 5), whose last windows do not reach the end of the map"
        ),
    ),
    "rows alone": (
        (10, 11), pool("x", "y", 3), [((2,), ((9, 9),), 1)],
        "row 9 of x reaches no output: 10.0 % of every image; lost at MaxPool y (1 row)" + ONE_END,
    ),
    "columns alone": (
        (11, 10), pool("x", "y", 3), [((3,), ((9, 9),), 1)],
        "column 9 of x reaches no output: 10.0 % of every image; lost at MaxPool y (1 column)" + ONE_END,
    ),
    # 1×1/2 reads one pixel of four.
    "every other": (
        (8, 8), "y = Conv <strides = [2, 2]> (x, one)", [((2, 3), ((1, 1), (3, 3), (5, 5), (7, 7)), 4)],
        "rows and columns 1, 3, 5, … of x reach no output: 75.0 % of every image; lost at Conv y (4 rows)",
    ),
    "one axis": (
        (11,), pool("x", "y", 3, 3, 1), [((2,), ((9, 10),), 2)],
        "samples 9–10 of x reach no output: the last 2 of 11, 18.2 % of every signal; lost at MaxPool y (2 samples)"
        + ONE_END,
    ),
    # One sample of 4001 is 0.025 %.
    "long axis": (
        (4001,), pool("x", "y", 2, 2, 1), [((2,), ((4000, 4000),), 1)],
        "sample 4000 of x reaches no output: 0.02 % of every signal; lost at MaxPool y (1 sample)" + ONE_END,
    ),
}  # fmt: skip


def test_rows_and_columns_that_differ(tmp_path: Path) -> None:
    """Of 500×50, as spectrograms are, each loses one: 1/500 and 1/50 of the image, and each alone has its size."""
    found = of_rule(inspected(model_of(pool("x", "y", 3), {"x": (1, 1, 500, 50)}), tmp_path), RULE)
    assert [finding.message.partition(";")[0] for finding in found] == [
        "row 499 of x reaches no output: 0.2 % of every image",
        "column 49 of x reaches no output: 2.0 % of every image",
    ]
    assert [finding.help.partition(";")[0] for finding in found] == [
        "499 rows and 501 rows lose no pixel",
        "49 columns and 51 columns lose no pixel",
    ]


@pytest.mark.parametrize(("size", "body", "places", "text"), PLACES.values(), ids=PLACES)
def test_places(
    size: tuple[int, ...],
    body: str,
    places: list[tuple[tuple[int, ...], Spans, int]],
    text: str,
    tmp_path: Path,
) -> None:
    """Axes, ranges and counts, the share of the image, and the nodes that lost it."""
    found = of_rule(inspected(model_of(body, {"x": (1, 1, *size)}, constants=WEIGHTS), tmp_path), RULE)
    assert [(finding.axes, finding.ranges, finding.pixels) for finding in found] == places
    assert [finding.message for finding in found] == [text]
    assert {(finding.severity.value, finding.input) for finding in found} == {("warning", "x")}


FIXED = "the file fixes the input size: export it again"
MEANT = (
    "if the {} is meant to leave them out, ignore this rule for this model; see `strideinspect explain unseen-input`"
)
CROPS = {
    # Rows 2 to 7 of 10, of a map that is the image still.
    "cropped": (
        (10, 10), "n = Mul (x, two) c = Slice (n, from, to, rows) y = Conv (c, three)",
        [(
            "rows 0–1 and 8–9 of x reach no output: 40.0 % of every image; lost at Slice c (4 rows of 10)",
            MEANT.format("Slice"),
        )],
    ),
    # Of the 6 rows of the crop 3×3/2 reads 5, of the 12 columns 11.
    "cropped, then dropped": (
        (10, 12), f"c = Slice (x, from, to, rows) {pool('c', 'y', 3)}",
        [
            (
                ("rows 0–1 and 7–9 of x reach no output: 50.0 % of every image; "
                 "lost at Slice c (4 rows) and MaxPool y (1 row of 6)"),
                MEANT.format("Slice"),
            ),
            ("column 11 of x reaches no output: 8.3 % of every image; lost at MaxPool y (1 column of 12)" + ONE_END,
             f"11 columns and 13 columns lose no pixel; or pad 1 at the right; {FIXED}"),
        ],
    ),
    # Rows 0 to 7 of 8 are the whole image, and of 10 all but its end.
    "cropped at the end": (
        (10, 10), "c = Slice (x, zero, to, rows) y = Conv (c, three)",
        [(
            "rows 8–9 of x reach no output: the last 2 of 10, 20.0 % of every image; lost at Slice c (2 rows)",
            f"8×8 loses no pixel (64.0 % of the pixels); {FIXED}; {MEANT.format('Slice')}",
        )],
    ),
    # The crop follows from the pool, which makes 5 rows of 11: only 10×10 fits. (10 / 11)² of the image is left.
    "cropped to the size of a branch": (
        (11, 11),
        f"""{pool("x", "a")} u = Resize <mode = "nearest"> (a, , doubles)
            c = Slice (x, corner, ten, both) y = Add (c, u)""",
        [(
            ("row and column 10 of x reach no output: 17.4 % of every image; "
             "lost at MaxPool a (1 row) and Slice c (1 row)"),
            f"10×10 loses no pixel (82.6 % of the pixels); {FIXED}",
        )],
    ),
    # The pool drops map row 5, made of rows 8 and 10, and loses neither: map row 4 is made of rows 6, 8 and 10.
    "every other row, then dropped": (
        (12, 4),
        """c = Slice (x, zero, end, rows, step) k = Conv <pads = [1, 0, 1, 0]> (c, tall)
           y = MaxPool <kernel_shape = [3, 1], strides = [2, 1]> (k)""",
        [("rows 1, 3, 5, … of x reach no output: 50.0 % of every image; lost at Slice c (6 rows)",
          MEANT.format("Slice"))],
    ),
    "picked": (
        (8, 8), "g = Gather <axis = 3> (x, picked) y = Conv (g, one)",
        [("columns 0, 2 and 5–7 of x reach no output: 62.5 % of every image; lost at Gather g (5 columns)",
          MEANT.format("Gather"))],
    ),
    # Index i is made from pixel 2i alone: a quarter of the pixels is left.
    "shrunk": (
        (8, 8),
        """r = Resize <mode = "nearest", nearest_mode = "floor", coordinate_transformation_mode = "asymmetric">
           (x, , halves) y = Conv (r, one)""",
        [("rows and columns 1, 3, 5, … of x reach no output: 75.0 % of every image; lost at Resize r (4 rows)",
          MEANT.format("Resize"))],
    ),
    "a part without a use": (
        (8, 8), "b, a = Split <axis = 2> (x, parts) y = Conv (a, one)",
        [("rows 0–1 of x reach no output: 25.0 % of every image; lost at Split b (2 rows)", MEANT.format("Split"))],
    ),
    # What one crop leaves out the other reads, but for row 4.
    "two crops": (
        (8, 8),
        """a = Slice (x, zero, four, rows) b = Slice (x, five, to, rows)
           c = Concat <axis = 2> (a, b) y = Conv (c, one)""",
        [("row 4 of x reaches no output: 12.5 % of every image; lost at Slice a (1 row) and Slice b (1 row)",
          MEANT.format("Slice"))],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("size", "body", "told"), CROPS.values(), ids=CROPS)
def test_crops(size: tuple[int, ...], body: str, told: list[tuple[str, str]], tmp_path: Path) -> None:
    """What slides no window is named where pixels are lost at it, and may be meant."""
    constants: dict[str, Constant] = {
        **WEIGHTS, "tall": (1, 1, 3, 1), "two": [2.0],
        "halves": [1.0, 1.0, 0.5, 0.5], "doubles": [1.0, 1.0, 2.0, 2.0],
        "zero": [0], "from": [2], "four": [4], "five": [5], "to": [8], "end": [99], "corner": [0, 0], "ten": [10, 10],
        "rows": [2], "both": [2, 3], "step": [2], "picked": [1, 3, 4], "parts": [2, 6],
    }  # fmt: skip
    found = of_rule(inspected(model_of(body, {"x": (1, 1, *size)}, constants=constants), tmp_path), RULE)
    assert [(finding.message, finding.help) for finding in found] == told


def test_an_overlapping_window_saves_the_image(tmp_path: Path) -> None:
    """A dropped map row whose pixels other map rows see too is lost to the map, not to the image."""
    body = f"a = Conv <pads = [1, 1, 1, 1]> (x, three) {pool('a', 'y', 3)}"
    report = inspected(model_of(body, {"x": (1, 1, 10, 10)}, constants=WEIGHTS), tmp_path)
    assert grave(report) == ["floor-truncation"]
    assert report.unseen == ()


def test_global_pooling_beside_it_sees_everything(tmp_path: Path) -> None:
    """Unseen is meant in full: a squeeze-and-excite gate on the image looks at all of it."""
    body = f"g = GlobalAveragePool (x) m = Mul (x, g) {pool('m', 'y', 3)}"
    report = inspected(model_of(body, {"x": (1, 1, 10, 10)}), tmp_path)
    assert report.unseen == ()
    assert grave(report) == ["floor-truncation"]  # row 9 of the gated map is another map's row


def test_each_input_for_itself(tmp_path: Path) -> None:
    """Two images of which one loses a row."""
    body = f"{pool('left', 'a', 3)} {pool('right', 'b', 3)} y = Concat <axis = 1> (a, b)"
    report = inspected(model_of(body, {"left": (1, 1, 10, 10), "right": (1, 1, 9, 9)}), tmp_path)
    (finding,) = of_rule(report, RULE)
    assert (finding.input, finding.ranges) == ("left", ((9, 9),))


def test_squeezenet_loses_a_row_at_its_design_size(tmp_path: Path) -> None:
    """SqueezeNet 1.1 begins with a 3×3/2 without padding: (224 − 3) / 2 leaves row 223 over."""
    report = inspected(networks.squeezenet_1_1(224), tmp_path)
    assert grave(report) == ["floor-truncation", RULE]
    (finding,) = of_rule(report, RULE)
    assert (finding.axes, finding.ranges, finding.pixels) == ((2, 3), ((223, 223),), 1)
    assert f"lost at Conv {report.nodes[0].output} (1 row)" in finding.message
    # 223: 111 → 55 → 27 → 13, all fit; 225: 112, and 112 → 56 → 28 → 14 with pools that round up.
    assert finding.sizes == (223, 225)


QUIET = {
    "vgg-16 at 224": networks.vgg16(224)["pool5"],
    "resnet-50 at 224": networks.resnet50_torchvision(224),
    "mobilenet v2 at 224": networks.mobilenet_v2(224),
    "efficientnet-b0 with gates at 224": networks.efficientnet_b0(224, gates=True),
    "densenet-121 at 224": networks.densenet121(224),
    "inception v3 at 299": networks.inception_v3(299),
}


@pytest.mark.parametrize("network", QUIET)
def test_networks_at_their_design_size_raise_nothing(network: str, tmp_path: Path) -> None:
    """A warning must be worth a look: PyTorch's networks at the sizes they were made for give notes at most."""
    assert grave(inspected(QUIET[network], tmp_path)) == []
