"""What is said of the dependence of a tensor, in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import onnx
import pytest

from strideinspect.report import field_text
from strideinspect.report.layout import plain
from strideinspect.report.text import render
from strideinspect.results.report import Severity
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


def words_of(body: str, shapes: Mapping[str, tuple[int, ...]], constants: dict[str, Constant], folder: Path) -> str:
    """The text report on a model, as one line."""
    return " ".join(plain(render(inspected(model_of(body, shapes, constants=constants), folder))).split())


def test_layers_that_are_global_themselves_are_not_counted_twice(tmp_path: Path) -> None:
    """The pool's own row says `global`; what its gate makes global has a local field in the table."""
    # Two of the three layers depend on the whole image, one of them in its own row.
    body = "m = GlobalAveragePool (a) g = Mul (a, m) y = Conv (g, w)"
    words = words_of(f"a = Conv (x, w) {body}", {"x": (1, 1, 8, 8)}, {"w": (1, 1, 3, 3)}, tmp_path)
    assert (
        "besides the global ones, 1 of 3 layers depends on the whole image x after global pooling at m; "
        "the table shows its local receptive field"
    ) in words


def test_many_maps_side_by_side_are_the_first_and_the_last(tmp_path: Path) -> None:
    """An unrolled recurrence sets a map per step side by side: no more than the first and the last are described."""
    body = " ".join(f"f{n} = Reshape (x{n}, flat)" for n in range(7))
    windows = " ".join(f"x{n} = MaxPool <kernel_shape = [{n + 1}, {n + 1}], strides = [2, 2]> (x)" for n in range(7))
    joined = f"y = Concat <axis = 2> ({', '.join(f'f{n}' for n in range(7))})"
    words = words_of(f"{windows} {body} {joined}", {"x": (1, 1, 16, 16)}, {"flat": [1, 1, -1]}, tmp_path)
    assert "8×8 of x0: receptive field 1, stride 2" in words
    assert "5 maps between, which --format json lists" in words
    assert "5×5 of x6: receptive field 7, stride 2" in words  # (16 − 7) / 2 + 1 rounded down
    assert "of x3" not in words.partition("output y")[2].partition("note")[0]
    assert "corner cell" not in words  # there is none: the maps lie in one row


def test_twins_are_told_once(tmp_path: Path) -> None:
    """Both inputs of a siamese network have one ladder, and are seen alike."""
    body = " ".join(
        f"{made} = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> ({source}, w)" for made, source in ("ca", "db")
    )
    shapes = {"a": (1, 1, 9, 9), "b": (1, 1, 9, 9)}
    words = words_of(f"{body} y = Sub (c, d)", shapes, {"w": (1, 1, 3, 3)}, tmp_path)
    assert words.count("corner cell sees 2×2 pixels") == 1
    assert words.count("9 ─ Conv 3×3/2 ▸ 5") == 1
    assert "a and b: 9 ─ Conv 3×3/2 ▸ 5" in words


def test_cells_of_inputs_that_are_seen_differently_are_told_apart(tmp_path: Path) -> None:
    """Along one axis of 9, padded by 1 and by 2: the first index sees 2 of a and 3 of b, the middle one 3 and 5."""
    body = "c = Conv <pads = [1, 1]> (a, w) d = Conv <pads = [2, 2]> (b, v) y = Sub (c, d)"
    shapes = {"a": (1, 1, 9), "b": (1, 1, 9)}
    words = words_of(body, shapes, {"w": (1, 1, 3), "v": (1, 1, 5)}, tmp_path)
    assert "corner cell sees 2 samples of a, middle cell 3; 3 in theory" in words
    assert "corner cell sees 3 samples of b, middle cell 5; 5 in theory" in words


def test_positions_that_lie_unevenly_have_no_first_center(tmp_path: Path) -> None:
    """Attention within windows of 4 columns, then a 1×3 kernel: indices 0 to 4 see the columns from 0 on."""
    body = (
        "s = Reshape (x, split) k = Transpose <perm = [0, 2, 1]> (s) a = MatMul (s, k) o = MatMul (a, s) "
        "u = Reshape (o, whole) y = Conv <pads = [0, 1, 0, 1]> (u, w)"
    )
    constants: dict[str, Constant] = {"split": [4, 4, 1], "w": (1, 1, 1, 3), "whole": [1, 1, 1, 16]}
    words = words_of(body, {"x": (1, 1, 1, 16)}, constants, tmp_path)
    assert "receptive field 8, stride 1, covers up to" in words


def test_a_reason_that_a_finding_gives_is_not_repeated(tmp_path: Path) -> None:
    """The last lines name the finding that says why onnxruntime could not check the report."""
    # onnxruntime has no AveragePool of opset 1.
    model = model_of("y = AveragePool <kernel_shape = [2, 2], strides = [2, 2]> (x)", {"x": (1, 1, 8, 8)}, 1)
    report = inspected(model, tmp_path, verify="run")
    reason = report.verification.reason
    assert reason
    words = " ".join(plain(render(report)).split())
    assert words.count(reason) == 1
    assert words.endswith("not checked: see not-verified")
    hidden = " ".join(plain(render(report, show=Severity.WARNING)).split())
    assert hidden.endswith(f"not checked: {reason}")


STOPS: dict[str, tuple[str, str]] = {
    # The weight is for 1 channel, the image has 3.
    "a size that does not fit": ("y = Conv (x, w)", "incompatible-head"),
    "an input without a value": ("y = Resize (x, , , sizes)", "missing-input-value"),
}


@pytest.mark.parametrize(("body", "rule"), STOPS.values(), ids=STOPS)
def test_where_the_run_stopped_is_told_by_the_finding_there(body: str, rule: str, tmp_path: Path) -> None:
    """A finding at the node says why in terms of the model; the words of onnxruntime would say it again."""
    text = f"""<ir_version: 8, opset_import: ["": 18]>
    g (float[1,3,8,8] x, int64[4] sizes, float[1,1,3,3] w) => (float[a,b,c,d] y) {{ {body} }}"""
    report = inspected(onnx.parser.parse_model(text), tmp_path, verify="run")
    words = " ".join(plain(render(report)).split())
    assert words.endswith(f"not checked: see {rule}")
