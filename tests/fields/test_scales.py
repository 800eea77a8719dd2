"""Tensors that hold several maps side by side, and the last local field of what is global."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import pytest

from strideinspect.expectation import parsed
from strideinspect.report import json as json_report
from strideinspect.report import text
from strideinspect.report.layout import plain
from strideinspect.results.field import LastLocal
from strideinspect.results.verdict import Verdict
from strideinspect.settings import Settings
from tests.oracle_models import Constant, model_of
from tests.rules.inspecting import inspected, of_rule

# A detector with two levels: 3×3 with stride 8, then 3×3 with stride 2 on top, with two anchors at each place.
LEVELS = (
    "a = Conv <pads = [1, 1, 1, 1], strides = [8, 8]> (x, w) b = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (a, v)"
)
HEADS = " ".join(
    f"{n}1 = Reshape ({n}, split{n}) {n}2 = Transpose <perm = [0, 3, 4, 1, 2]> ({n}1) {n}3 = Reshape ({n}2, flat)"
    for n in ("a", "b")
)
CONSTANTS: dict[str, Constant] = {
    "w": (4, 3, 3, 3), "v": (4, 4, 3, 3), "splita": [1, 2, 2, 8, 6], "splitb": [1, 2, 2, 4, 3], "flat": [1, -1, 2],
}  # fmt: skip
MODEL = model_of(
    f"{LEVELS} {HEADS} c = Concat <axis = 1> (a3, b3) y = Sigmoid (c)", {"x": (1, 3, 64, 48)}, constants=CONSTANTS
)


def test_levels_of_a_detector(tmp_path: Path) -> None:
    """3 pixels with stride 8 on an 8×6 grid, 3 + 2·8 with stride 16 on 4×3; each grid place has two anchors."""
    report = inspected(MODEL, tmp_path, verify="run")
    fine, coarse = report.outputs[0].scales
    assert (fine.tensor, fine.grid, fine.count) == ("a", (8, 6), 96)
    assert (coarse.tensor, coarse.grid, coarse.count) == ("b", (4, 3), 24)
    for scale, size, stride in ((fine, 3, 8), (coarse, 19, 16)):
        for field, extent, places in zip(scale.fields, (64, 48), scale.grid, strict=True):
            assert (field.size, field.stride) == (size, Fraction(stride))
            first = field.first
            assert first is not None
            # Index i sees the pixels of i·stride + first, … that exist.
            assert field.positions.first == tuple(max(0, i * stride + first) for i in range(places))
            assert field.positions.last == tuple(min(extent, i * stride + first + size) - 1 for i in range(places))


def test_boxes_and_scores_beside_each_other(tmp_path: Path) -> None:
    """YOLOv8 takes the flattened levels apart into boxes and scores and sets these together again, as channels."""
    body = (
        f"{LEVELS} a1 = Reshape (a, rows) b1 = Reshape (b, rows) c = Concat <axis = 2> (a1, b1) "
        "box, score = Split <axis = 1> (c, halves) wide = Mul (box, strides) sure = Sigmoid (score) "
        "y = Concat <axis = 1> (wide, sure)"
    )
    constants: dict[str, Constant] = {
        "w": (4, 3, 3, 3), "v": (4, 4, 3, 3), "rows": [1, 4, -1], "halves": [2, 2], "strides": (1, 1, 60),
    }  # fmt: skip
    report = inspected(model_of(body, {"x": (1, 3, 64, 48)}, constants=constants), tmp_path, verify="run")
    # 3 pixels with stride 8 on an 8×6 grid, 3 + 2·8 with stride 16 on 4×3.
    fine, coarse = report.outputs[0].scales
    assert (fine.tensor, fine.grid, fine.count) == ("a", (8, 6), 48)
    assert (coarse.tensor, coarse.grid, coarse.count) == ("b", (4, 3), 12)
    assert [(f.size, f.stride) for f in (*fine.fields, *coarse.fields)] == 2 * [(3, Fraction(8))] + 2 * [
        (19, Fraction(16))
    ]
    assert report.verification.status is Verdict.AGREED


def test_levels_in_every_format(tmp_path: Path) -> None:
    """A line per level in text, an object per level in JSON."""
    report = inspected(MODEL, tmp_path)
    shown = " ".join(plain(text.render(report)).split())
    assert "8×6 of a: receptive field 3, stride 8" in shown
    assert "4×3 of b: receptive field 19, stride 16" in shown
    scales = json.loads(json_report.render([report], version="0"))["models"][0]["outputs"][0]["scales"]
    assert [(s["from"], s["grid"], s["count"], s["fields"][0]["stride"]) for s in scales] == [
        ("a", [8, 6], 96, "8"),
        ("b", [4, 3], 24, "16"),
    ]


@pytest.mark.parametrize(
    ("text", "unmet"),
    [
        ("y[0]:stride=8,size=3", []),
        ("y[1]:stride=16,shape=4x3", []),
        ("y[1]:stride=8", ["y[1]: its stride in x is 16, not 8"]),
        ("y[2]:stride=8", ["there is no map 'y[2]'; y holds y[0] to y[1]"]),
        ("a[0]:stride=8", ["there is no tensor, node or layer 'a[0]'; the outputs are: y"]),
    ],
)
def test_a_level_is_expected(text: str, unmet: list[str], tmp_path: Path) -> None:
    """`out[0]` names the first level; a level that is not there is said to be missing."""
    report = inspected(MODEL, tmp_path, settings=Settings(verify="none", expect=(parsed(text),)))
    assert [finding.message for finding in of_rule(report, "unmet-expectation")] == unmet


GLOBAL = {
    "pooled": "g = GlobalAveragePool (b) y = Flatten (g)",
    "attended": (
        "t = Reshape (b, tokens) s = Transpose <perm = [0, 2, 1]> (t) m = MatMul (s, t) n = Softmax (m) "
        "y = MatMul (n, s)"
    ),
}


@pytest.mark.parametrize("body", GLOBAL.values(), ids=GLOBAL)
def test_last_local_field(body: str, tmp_path: Path) -> None:
    """What is global keeps the field of the last map: 19 pixels with stride 16, at b."""
    constants: dict[str, Constant] = {**CONSTANTS, "tokens": [1, 4, 12]}
    report = inspected(model_of(f"{LEVELS} {body}", {"x": (1, 3, 64, 48)}, constants=constants), tmp_path)
    for field in report.outputs[0].fields:
        assert field.size is None
        assert field.last_local == LastLocal("b", 19, Fraction(16))
    assert "receptive field 19, stride 16 up to b" in " ".join(plain(text.render(report)).split())


PYRAMID = (
    f'{LEVELS} up = Resize <mode = "nearest", coordinate_transformation_mode = "asymmetric", '
    'nearest_mode = "floor"> (b, , , sizes) a0 = Add (a, up) '
    "a1 = Reshape (a0, flat) b1 = Reshape (b, flat) c = Concat <axis = 2> (a1, b1) y = Sigmoid (c)"
)


def test_each_level_has_centers_of_its_own(tmp_path: Path) -> None:
    """The coarse level lies at 16·i, 7.5 before (i + ½)·16 − ½; the fine one adds what lies at 8·i and at 8·i − 4."""
    constants: dict[str, Constant] = {**CONSTANTS, "flat": [1, 4, -1], "sizes": [1, 4, 8, 8]}
    report = inspected(model_of(PYRAMID, {"x": (1, 3, 64, 64)}, constants=constants), tmp_path, verify="run")
    fine, coarse = report.outputs[0].scales
    for field in coarse.fields:
        assert field.alignment is not None
        assert (field.alignment.offset, field.alignment.apart_at) == (Fraction(-15, 2), None)
    for field in fine.fields:
        assert field.alignment is not None
        # Upsampled by 2, indices 2k and 2k + 1 both lie at 16·k, on average 4 before 8·i; 8·i is 3.5 before its pixels.
        assert (field.alignment.least, field.alignment.most) == (Fraction(-15, 2), Fraction(-7, 2))
        assert field.alignment.apart_at == "Add a0"
    assert report.verification.status is Verdict.AGREED


def test_a_level_without_closed_form_is_listed(tmp_path: Path) -> None:
    """A map of 4 stretched to 7 has a stride of 16·4/7: added to one of stride 8 it has none, and its grid remains."""
    constants: dict[str, Constant] = {**CONSTANTS, "flat": [1, 4, -1], "sizes": [1, 4, 7, 7]}
    report = inspected(model_of(PYRAMID, {"x": (1, 3, 56, 56)}, constants=constants), tmp_path, verify="run")
    fine, coarse = report.outputs[0].scales
    assert (fine.tensor, fine.grid, fine.count) == ("a0", (7, 7), 49)
    assert (coarse.tensor, coarse.grid, coarse.count) == ("b", (4, 4), 16)
    for field, axis in zip(fine.fields, (2, 3), strict=True):
        assert (field.size, field.node_axis) == (None, axis)
        assert field.reason == "Add a0 merges branches with effective strides 8 and 64/7"
        # Index i sees place i of a and, through place k = ⌊4·i/7⌋ of b, places 2k − 1 to 2k + 1; j of a sees 8j ± 1.
        ends = [(min(i, 2 * (4 * i // 7) - 1), min(6, max(i, 2 * (4 * i // 7) + 1))) for i in range(7)]
        assert field.positions.first == tuple(max(0, 8 * first - 1) for first, _ in ends)
        assert field.positions.last == tuple(8 * last + 1 for _, last in ends)
    assert [field.size for field in coarse.fields] == [19, 19]
    assert report.verification.status is Verdict.AGREED


@pytest.mark.parametrize("second", ["d = Relu (p)", "d = Pad (p, end)"], ids=["as it is", "padded"])
def test_a_map_beside_itself(second: str, tmp_path: Path) -> None:
    """A signal and itself again, padded or not, is two maps and none that goes on at its other end."""
    body = f"p = MaxPool <kernel_shape = [1]> (x) {second} y = Concat <axis = 2> (p, d)"
    model = model_of(body, {"x": (1, 2, 13)}, constants={"end": [0, 0, 0, 0, 0, 1]})
    (output,) = inspected(model, tmp_path).outputs
    assert [(field.size, field.stride) for field in output.fields] == [(None, None)]
    assert [(scale.fields[0].size, scale.fields[0].stride) for scale in output.scales] == [(1, Fraction(1))] * 2
