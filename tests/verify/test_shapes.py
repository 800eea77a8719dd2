"""Shapes as run: without weights, whatever onnxruntime leaves out, and no claim where the data decide."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from strideinspect.verify.messages import RunModel
from strideinspect.verify.responses import shapes_of
from strideinspect.verify.run_model import ObservedRun
from tests.verify.helpers import Shape, cases, input_shapes, model_of, saved


def observed_run(model: onnx.ModelProto, directory: Path, inputs: dict[str, Shape] | None = None) -> ObservedRun:
    """The worker's run of a model."""
    return shapes_of(RunModel(saved(model, directory), inputs or input_shapes(model)), directory)[1]


CASES: Final = cases("shapes.txt")


@pytest.mark.parametrize("name", CASES)
def test_shapes_observed_run(name: str, tmp_path: Path) -> None:
    """Every tensor that ran has the shape that follows by hand."""
    settings = dict(CASES[name].settings)
    expected = {tensor: tuple(shape) for tensor, shape in settings.pop("shapes").items()}
    found = observed_run(model_of(CASES[name].text, **settings), tmp_path)
    assert (found.stop, {tensor: found.shapes.get(tensor) for tensor in expected}) == (None, expected)


def test_the_size_given_counts(tmp_path: Path) -> None:
    """A declared size, even of outputs and on inner tensors, gives way to the size that is inspected."""
    model = model_of("(float[1,1,9,9] x) => (float[1,1,7,7] y) { y = MaxPool<kernel_shape=[3,3]>(x) }")
    assert observed_run(model, tmp_path, {"x": (2, 1, 6, 5)}).shapes == {"x": (2, 1, 6, 5), "y": (2, 1, 4, 3)}


def test_large_weights_are_not_needed(tmp_path: Path) -> None:
    """Payloads may be missing (external data), sit in Constant nodes, or be made by ConstantOfShape."""
    external = TensorProto(
        name="w", data_type=TensorProto.FLOAT, dims=[64, 3, 3, 3], data_location=TensorProto.EXTERNAL
    )
    external.external_data.add(key="location", value="gone.data")
    constant = numpy_helper.from_array(np.ones((8, 64, 3, 3), np.float32))
    graph = helper.make_graph(
        [
            helper.make_node("Conv", ["x", "w"], ["a"]),
            helper.make_node("Constant", [], ["v"], value=constant),
            helper.make_node("Conv", ["a", "v"], ["b"]),
            helper.make_node("ConstantOfShape", ["s"], ["u"]),
            helper.make_node("Conv", ["b", "u"], ["y"]),
        ],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 9, 9])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [external, numpy_helper.from_array(np.array([300, 8, 3, 3]), "s")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=8)
    shapes = observed_run(model, tmp_path).shapes
    assert [shapes[name] for name in ("a", "b", "y")] == [(1, 64, 7, 7), (1, 8, 5, 5), (1, 300, 3, 3)]


def test_a_large_index_table_keeps_its_values(tmp_path: Path) -> None:
    """Integers of more than a kilobyte decide where data go, so they are read, not zeroed: 400 ones make 400 rows."""
    text = "(float[2,3] x, int64[400] t) => (float[A,B] y) { y = Gather<axis=0>(x, t) }"
    found = observed_run(model_of(text, t=[1] * 400), tmp_path)
    assert (found.shapes["y"], found.values["t"].tolist()) == ((400, 3), [1] * 400)


def test_shapes_that_depend_on_data_are_not_checked(tmp_path: Path) -> None:
    """What NonZero finds is not known from a run on zeros; the reason names it, also for what follows from it."""
    text = (
        "(float[4] x) => (int64[A,B] n, int64[C] y, float[4] r)"
        "{ n = NonZero(x) s = Shape(n) y = ConstantOfShape<value=int64[1]{1}>(s) r = Relu(x) }"
    )
    found = observed_run(model_of(text), tmp_path)
    assert found.shapes == {"x": (4,), "s": (2,), "r": (4,)}
    assert set(found.not_checked) == {"n", "y"}
    assert "NonZero n" in found.not_checked["n"]


def test_zeroed_weights_decide_no_shape(tmp_path: Path) -> None:
    """A shape that follows from a weight whose values were left out is not checked either."""
    text = "(float[1] x, float[30,30] w) => (int64[A,B] y) { y = NonZero(w) z = Add(x, x) }"
    assert set(observed_run(model_of(text), tmp_path).not_checked) == {"y"}


def test_the_window_of_an_stft_decides_no_shape(tmp_path: Path) -> None:
    """How 300 samples are weighed is left out of the run: (1000 - 300) / 100 + 1 frames, 300 / 2 + 1 frequencies."""
    text = "(float[1,1000,1] x, int64 s, float[300] w) => (float[A,B,C,D] y) { y = STFT(x, s, w) }"
    assert observed_run(model_of(text, s=100), tmp_path).shapes["y"] == (1, 8, 151, 2)


def test_a_run_that_ends_early_keeps_what_came_before(tmp_path: Path) -> None:
    """A head with a baked-in size fails at another size; the error names its node, the map before it is checked."""
    text = (
        "(float[1,1,8,8] x, int64[2] s) => (float[A,B] y)"
        "{ a = MaxPool<kernel_shape=[3,3]>(x) [head] y = Reshape(a, s) }"
    )
    found = observed_run(model_of(text, s=[1, 36]), tmp_path, {"x": (1, 1, 9, 9)})
    assert found.shapes["a"] == (1, 1, 7, 7)
    assert found.stop is not None
    assert found.stop.reason.startswith("Reshape head:")
    assert found.not_checked == {"y": found.stop.reason}


def test_what_onnxruntime_refuses_is_one_plain_line(tmp_path: Path) -> None:
    """An operator of an unknown domain: no shapes, and a reason without codes or line breaks."""
    model = model_of("(float[1] x) => (float[1] y) { y = Neg(x) }")
    model.graph.node[0].domain = "com.example"
    model.opset_import.append(helper.make_opsetid("com.example", 1))
    found = observed_run(model, tmp_path)
    assert found.shapes == {}
    assert found.stop is not None
    assert "com.example" in found.stop.reason
    assert "\n" not in found.stop.reason
    assert "ONNXRuntimeError" not in found.stop.reason


def test_names_of_nodes_need_not_be_unique(tmp_path: Path) -> None:
    """Two nodes of one name are told apart."""
    text = (
        "(float[1,6] x, float[6,2] w, float[6,3] wv) => (float[A,B] y, float[A,C] z)"
        "{ [n] y = MatMul(x, w) [n] z = MatMul(x, wv) }"
    )
    shapes = observed_run(model_of(text), tmp_path).shapes
    assert (shapes["y"], shapes["z"]) == ((1, 2), (1, 3))
