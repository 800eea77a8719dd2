"""Damaged and hostile files from end to end: a report or one clear line, in bounded time and memory, and no more."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import onnx.parser
import pytest

from strideinspect.cli.app import run as command
from tests.fuzz.campaign import run
from tests.model.test_load_damaged import nested
from tests.rules.inspecting import inspected

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="bounds of a process are not to be had there")

CASES = 400
SMALL = 16_000


@pytest.mark.slow
def test_damaged_models() -> None:
    """Some hundred models with wrong bytes, attributes, sizes, operators and names; the same ones every time."""
    found = list(run(seed=7, count=CASES, largest=SMALL))
    assert [ended for ended in found if not ended.allowed] == []
    ends = {ended.end for ended in found}
    assert (len(found), ends) == (CASES, {"report", "error"})  # some are harmless, some are not


def text(graph: str, functions: str = "") -> onnx.ModelProto:
    """A model from text."""
    return onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["": 18, "local": 1]> g {graph} {functions}')


def outside() -> onnx.ModelProto:
    """A weight, and what fills a constant, both said to lie in a file outside of the model's folder."""
    model = text("(float[1,1,8,8] x) => (float[] y) { c = Conv (x, w) f = ConstantOfShape (s) y = Expand (c, f) }")
    tensors = {}
    for name, kind, dims in (("w", onnx.TensorProto.FLOAT, [1, 1, 3, 3]), ("f", onnx.TensorProto.INT64, [1])):
        tensors[name] = onnx.TensorProto(name=name, data_type=kind, dims=dims)
        tensors[name].data_location = onnx.TensorProto.EXTERNAL
        tensors[name].external_data.add(key="location", value="../../../../../../../../etc/passwd")
    model.graph.node[1].attribute.append(onnx.helper.make_attribute("value", tensors["f"]))
    model.graph.initializer.append(tensors["w"])
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.array([4]), "s"))
    return model


def pool(attributes: str, size: str = "8,8") -> onnx.ModelProto:
    """A model of one pool."""
    return text(f"(float[1,1,{size}] x) => (float[] y) {{ y = MaxPool <{attributes}> (x) }}")


ITSELF = '<opset_import: ["": 18, "local": 1], domain: "local"> f (v) => (o) { o = local.f (v) }'
HOSTILE: Mapping[str, tuple[onnx.ModelProto | bytes, int, str]] = {
    # the model, the exit status, and what its one line, or its report, says
    "a function that calls itself": (
        text("(float[1,1,8,8] x) => (float[] y) { y = local.f (x) }", ITSELF), 2, "local function local.f calls itself",
    ),
    "subgraphs nested a thousand deep": (nested(1000), 2, "nested too deep"),
    "a cycle": (text("(float[1,1,8,8] x) => (float[] y) { a = Add (x, y) y = Relu (a) }"), 2, "a cycle"),
    "a name twice": (text("(float[1,1,8,8] x) => (float[] y) { y = Relu (x) y = Neg (x) }"), 2, "has that name"),
    "a size of 2⁶²": (pool("kernel_shape = [2,2]", f"{2**62},8"), 2, "more than 1,000,000"),
    "a size of −1": (pool("kernel_shape = [2,2]", "-1,8"), 0, "size 224 assumed"),
    "a kernel larger than the map": (pool("kernel_shape = [99,99]"), 1, "spans 99×99 indices"),
    "a kernel of 2⁶²": (pool(f"kernel_shape = [{2**62},1]"), 1, "the padded map has only 8×8"),
    "a window whose output has no name": (
        text('(float[1,1,8,8] x) => (float[] y) { y = Relu (x) "" = MaxPool <kernel_shape = [2,2]> (x) }'),
        0, "this model has no window nodes",
    ),
    "stride 0": (pool("kernel_shape = [2,2], strides = [0,1]"), 1, "must be at least 1"),
    "a pad too many": (pool("kernel_shape = [2,2], pads = [0,0,0,0,0]"), 1, "pads has 5 numbers, but needs 4"),
    "a kernel too long": (pool("kernel_shape = [2,2,2]"), 1, "kernel_shape has 3 numbers for 2 spatial axes"),
    "a padding of 2⁶²": (pool(f"kernel_shape = [2,2], pads = [{2**62},0,0,0]"), 0, "too large to follow"),
    "a weight outside of the folder": (outside(), 0, "what depends on it cannot be analysed"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_models(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The command ends with status 2 and one line, or with a report that says what is wrong, and leaves no file."""
    model, status, words = HOSTILE[name]
    folder = tmp_path / "models"
    folder.mkdir()
    path = folder / "model.onnx"
    path.write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
    monkeypatch.chdir(folder)
    assert command(["model.onnx", "--no-verify"]) == status
    out, err = capfd.readouterr()
    assert words in " ".join((err if status == 2 else out).split())
    assert err.count("\n") == (status == 2)
    assert "Traceback" not in out + err
    assert [p.name for p in tmp_path.rglob("*")] == ["models", "model.onnx"]


def test_split_into_more_pieces_than_it_says(tmp_path: Path) -> None:
    """A Split whose outputs are more than num_outputs makes the ONNX library end the process; it is told of instead."""
    graph = "(float[1,4,8,8] x) => (float[] y) { a, b, c = Split <axis = 1, num_outputs = 2> (x) y = Relu (a) }"
    (problem,) = inspected(text(graph), tmp_path).findings
    assert "num_outputs is 2, it has 3 outputs" in problem.message
