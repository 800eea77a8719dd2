"""The table of sample models, what the frameworks said of them, and the files agree."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from pathlib import Path
from typing import Any

import onnx
import pytest

from tests.acceptance.runs import SLOW
from tests.some_slow import some_slow

SAMPLES = Path(__file__).resolve().parents[2] / "sample_models"
EXPECTED: dict[str, dict[str, Any]] = json.loads((SAMPLES / "expected.json").read_text(encoding="utf-8"))
README = (SAMPLES / "README.md").read_text(encoding="utf-8")
ROWS = {
    row[0]: row[1:] for row in re.findall(r"^\| `(\S+)` \| (.+) \| (\S+) \| (.+) \| (\S+) \|$", README, re.MULTILINE)
}
FILES = sorted(path.name for path in SAMPLES.glob("*.onnx"))


def load(name: str) -> onnx.ModelProto:
    """The model of this file name."""
    return onnx.load(SAMPLES / name)


def test_nothing_is_left_out() -> None:
    """Every file has a row in the table and an entry in expected.json, and the other way round."""
    assert sorted(ROWS) == FILES
    assert sorted(EXPECTED) == FILES


@pytest.mark.parametrize("name", some_slow(FILES, SLOW))
def test_row_is_what_the_framework_said(name: str) -> None:
    """Exporter, input shape and field in the table are those of expected.json."""
    entry = EXPECTED[name]
    field = entry["field"]
    exporter, pictured_shape, _, pictured_field = ROWS[name]

    assert exporter == entry["exporter"]
    assert pictured_shape == ",".join("×".join(map(str, shape)) for shape in entry["inputs"].values())
    assert pictured_field == (f"{field['size']}/{field['stride']}/{field['padding']}" if field else "–")


@pytest.mark.parametrize("name", some_slow(FILES, SLOW))
def test_ladder_is_what_the_framework_ran(name: str) -> None:
    """Every rung is a window of that stride and size, and the last one has the stride that the gradients measured."""
    entry = EXPECTED[name]
    coarsening = {(w["op"], w["size"][0], w["stride"][0]) for w in entry["windows"] if w["op"] != "ConvTranspose"}
    reached = 1
    for op, size, stride in re.findall(r"(\w+) (\d+) \(/(\d+)\)", ROWS[name][2]):
        assert (op, int(size), int(stride) // reached) in coarsening
        reached = int(stride)

    if entry["field"]:
        assert reached == entry["field"]["stride"]


@pytest.mark.parametrize(
    ("name", "field"),
    [
        # Distill 2019, its table of networks
        ("vgg16-dynamo.onnx", (212, 32, 90)),
        ("vgg16-keras.onnx", (212, 32, 90)),
        ("mobilenetv2-torchscript.onnx", (491, 32, 245)),
        # Its formulas: a 3×3 adds twice the stride at its input. The stem (7×7, pool) has 7 + 2·2 = 11 at stride 4; all
        # is padded alike on both sides, so that the padding is (size − 1) / 2.
        # One 3×3 a block, the first of a stage still at the finer stride:
        # 11 + 3·8 + (8 + 3·16) + (16 + 5·32) + (32 + 2·64)
        ("resnet50-dynamo.onnx", (427, 32, 213)),
        # Keras strides in the 1×1 before it: 11 + 3·8 + 4·16 + 6·32 + 3·64
        ("resnet50-keras.onnx", (483, 32, 241)),
        # Two 3×3 a block: 11 + 4·8 + (8 + 3·16) + (16 + 3·32) + (32 + 3·64)
        ("resnet18-torchscript.onnx", (435, 32, 217)),
    ],
)
def test_measured_fields_are_the_published_ones(name: str, field: tuple[int, int, int]) -> None:
    """What the frameworks' gradients show is what the literature says."""
    measured = EXPECTED[name]["field"]
    assert (measured["size"], measured["stride"], measured["padding"]) == field


@pytest.mark.parametrize("name", some_slow(FILES, SLOW))
def test_file_is_that_of_the_framework_without_weights(name: str) -> None:
    """As many convolutions, transposed ones and max pools as ran, and no float or int8 tensor over 1 KiB."""
    graph = load(name).graph
    ops = {"Conv", "QLinearConv", "ConvTranspose", "MaxPool"}
    exported = Counter(node.op_type for node in graph.node if node.op_type in ops)
    assert exported == Counter(window["op"] for window in EXPECTED[name]["windows"] if window["op"] in ops)
    size = {onnx.TensorProto.FLOAT: 4, onnx.TensorProto.INT8: 1, onnx.TensorProto.UINT8: 1}
    assert [t.name for t in graph.initializer if size.get(t.data_type, 0) * math.prod(t.dims) > 1024] == []


def test_files_hold_no_path_of_a_machine() -> None:
    """No source note, name or external location starts at the root of a file system or in an environment."""
    roots = rb'File "/|file://|/(?:home|opt|root|tmp|usr|var|Users)/|(?:site|dist)-packages|\.pyenv'
    found = {name: re.findall(roots, (SAMPLES / name).read_bytes()) for name in FILES}
    assert found == {name: [] for name in FILES}


def test_all_files_stay_small() -> None:
    """The samples take less than 10 MB in the repository."""
    assert sum((SAMPLES / name).stat().st_size for name in FILES) < 10_000_000
