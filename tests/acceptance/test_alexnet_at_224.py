"""AlexNet through the command: what it does not see at 224×224, the sizes that help, and its published fields."""

from __future__ import annotations

import pytest

from tests.acceptance.runs import ALEXNET, at_size, every_place, findings, model_of
from tests.cli.process import strideinspect

# AlexNet at 224: conv1 (11/4) leaves row 223 over, and pool1 row 53 of 54, which is made from image rows 212 to 222,
# of which the row before sees all up to 218.


def test_alexnet_ignores_five_rows_and_columns() -> None:
    """Rows and columns 219 to 223 reach no output; they are lost at the first convolution and the first pool."""
    model = model_of("light_bvlc_alexnet.onnx")
    assert model["unseen"] == [{"input": "data_0", "axis": axis, "ranges": [[219, 223]]} for axis in (2, 3)]
    (finding,) = findings(model, "unseen-input")
    assert (finding["severity"], finding["axes"], finding["pixels"]) == ("warning", [2, 3], 5)
    first = {node["op"]: node["name"] or node["output"] for node in reversed(model["nodes"])}
    assert f"lost at Conv {first['Conv']} (1 row) and MaxPool {first['MaxPool']} (1 row of 54)" in finding["message"]
    # 1 − (219 / 224)² of the pixels.
    assert "4.4 % of every image" in finding["message"]


def test_alexnet_is_told_the_nearest_sizes() -> None:
    """219 and 227 lose no pixel of the image; 211 and 227 drop nothing anywhere."""
    model = model_of("light_bvlc_alexnet.onnx")
    (unseen,) = findings(model, "unseen-input")
    assert unseen["sizes"] == [219, 227]
    assert "219×219 and 227×227 lose no pixel" in unseen["help"]
    assert [finding["sizes"] for finding in findings(model, "floor-truncation")] == [[211, 227]] * 3


@pytest.mark.parametrize(("size", "rules"), [
    pytest.param(211, set(), marks=pytest.mark.slow),
    (219, {"floor-truncation"}),  # the second pool still drops a row of its map
    (224, {"floor-truncation", "unseen-input"}),
    (227, set()),
])  # fmt: skip
def test_alexnet_at_the_sizes_told(size: int, rules: set[str]) -> None:
    """Inspected at the sizes of the help, AlexNet loses what was said."""
    status, model = at_size(ALEXNET, "--input-shape", f"data_0=1,3,{size},{size}", "--fail-on", "warning")
    assert {finding["rule"] for finding in every_place(model) if finding["severity"] != "note"} == rules
    assert bool(model["unseen"]) == ("unseen-input" in rules)
    assert status == (1 if rules else 0)


def test_alexnets_published_fields() -> None:
    """Sizes and strides of AlexNet's windows, down to pool5 with 195 and 32 (Distill, 2019)."""
    fields = [node["fields"][0] for node in model_of("light_bvlc_alexnet.onnx")["nodes"]]
    assert [(field["size"], field["stride"]) for field in fields] == [
        (11, "4"), (19, "8"), (51, "8"), (67, "16"), (99, "16"), (131, "16"), (163, "16"), (195, "32"),
    ]  # fmt: skip


def test_alexnet_at_the_terminal() -> None:
    """The text report tells the same, says that onnxruntime agrees, and is no failure unless warnings are."""
    done = strideinspect(ALEXNET)
    assert (done.returncode, done.stderr) == (0, "")
    words = " ".join(done.stdout.split())
    assert "rows and columns 219–223 of data_0 reach no output" in words
    assert "219×219 and 227×227 lose no pixel" in words
    assert "agreed with onnxruntime" in words
    assert strideinspect(ALEXNET, "--no-verify", "--fail-on", "warning").returncode == 1
