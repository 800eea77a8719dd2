"""Models that onnxruntime saved after optimising them: its own operators read what the model's did."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from strideinspect import inspect
from strideinspect.results.verdict import Verdict
from tests.oracle_models import Constant, model_of

WEIGHTS: dict[str, Constant] = {
    "w3": (32, 3, 3, 3), "w32": (32, 32, 3, 3), "d": (32, 1, 3, 3), "w1": (32, 32, 1, 1),
    "w20": (20, 3, 3, 3), "d20": (20, 1, 3, 3), "w24": (24, 20, 3, 3), "pads": [0, 0, 1, 0, 0, 0, 0, 1],
    "twice": [1.0, 1.0, 2.0, 2.0], "bias": (32,), "none": np.array([], np.float32),
}  # fmt: skip

BODIES = {
    "strides and pools": (
        "a = Conv <strides = [2, 2]> (x, w3) b = Relu (a) c = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (b) "
        "e = Conv <group = 32, pads = [1, 0, 0, 1]> (c, d) y = AveragePool <kernel_shape = [2, 2]> (e)"
    ),
    "shortcut": (
        "a = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, w3) c = Conv <pads = [1, 1, 1, 1]> (a, w32, bias) "
        "s = Add (c, a) y = Relu (s)"
    ),
    "enlarged": (
        "a = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, w3) "
        'u = Resize <coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"> (a, , twice) '
        "y = Conv (u, w32)"
    ),
    "enlarged, opset 11": (
        "a = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, w3) "
        'u = Resize <mode = "linear", coordinate_transformation_mode = "align_corners"> (a, none, twice) '
        "y = Conv (u, w32)"
    ),
    "enlarged, opset 10": (
        "a = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, w3) u = Resize (a, twice) y = Conv (u, w32)"
    ),
    # 20 channels fill no block, be it one of 8 or of 16, whichever the processor has.
    "filled up": (
        'a = Conv (x, w20) p = Pad <mode = "reflect"> (a, pads) c = Conv <group = 20, strides = [1, 2]> (p, d20) '
        'q = Pad <mode = "reflect"> (c, pads) y = Conv <strides = [2, 2]> (q, w24)'
    ),
    "joined and pooled": (
        "a = Conv (x, w3) c = MaxPool <kernel_shape = [1, 3]> (a) e = Conv <dilations = [1, 2], kernel_shape = [1, 1]> "
        "(c, w1) j = Concat <axis = 1> (c, e) y = GlobalAveragePool (j)"
    ),
    "channels last": (
        "a = Conv (x, w3) t = Transpose <perm = [0, 2, 3, 1]> (a) u = Sigmoid (t) "
        "v = Transpose <perm = [0, 3, 1, 2]> (u) y = Conv <strides = [3, 3]> (v, w32)"
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", BODIES)
def test_saved_model(name: str, tmp_path: Path) -> None:
    """The output's shape and fields, what is dropped and unseen are those of the model before; all is agreed."""
    plain, saved = tmp_path / "plain.onnx", tmp_path / "saved.onnx"
    opset = int(name.partition(", opset ")[2] or 18)
    onnx.save(model_of(BODIES[name], {"x": (1, 3, 30, 33)}, opset, WEIGHTS), plain)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.optimized_model_filepath = str(saved)
    options.log_severity_level = 4
    onnxruntime.InferenceSession(plain, options, providers=["CPUExecutionProvider"])
    before, after = inspect(plain, verify="none"), inspect(saved)
    (was,), (found,) = before.outputs, after.outputs
    assert found.shape == was.shape
    assert [(f.size, f.stride, f.phases, f.positions) for f in found.fields] == [
        (f.size, f.stride, f.phases, f.positions) for f in was.fields
    ]
    assert [node.dropped for node in after.nodes] == [node.dropped for node in before.nodes]
    assert after.unseen == before.unseen
    verification = after.verification
    assert verification.status is Verdict.AGREED, verification
    assert verification.shapes.not_checked == verification.fields.not_checked == verification.unseen.not_checked == 0


@pytest.mark.parametrize(("weight", "group", "filled"), [
    ((32, 24, 1, 1), 1, 24),  # a block of 8
    ((32, 32, 1, 1), 1, 32),  # or of 16
    ((24, 1, 3, 3), 24, 24),  # each channel by itself
    ((32, 1, 3, 3), 32, 32),
])  # fmt: skip
def test_channels_that_fill_a_block(weight: tuple[int, ...], group: int, filled: int, tmp_path: Path) -> None:
    """The convolution that reads 20 channels says by its weights how many they are filled up to; no field changes."""
    model = model_of("c = Abs (x) y = Relu (k)", {"x": (1, 20, 8, 8)}, constants={"w": weight})
    model.opset_import.append(onnx.helper.make_opsetid("com.microsoft.nchwc", 1))
    into = onnx.helper.make_node("ReorderInput", ["c"], ["r"], domain="com.microsoft.nchwc")
    conv = onnx.helper.make_node("Conv", ["r", "w"], ["k"], domain="com.microsoft.nchwc", group=group)
    model.graph.node.insert(1, into)
    model.graph.node.insert(2, conv)
    onnx.save(model, tmp_path / "model.onnx")
    report = inspect(tmp_path / "model.onnx", verify="none", tensors=["r"])
    assert [tensor.shape for tensor in report.tensors] == [(1, filled, 8, 8)]
    assert [field.size for field in report.nodes[0].fields] == list(weight[2:])
    assert report.findings == ()


def test_channels_that_fill_no_block(tmp_path: Path) -> None:
    """Without such a convolution how far a block is filled up is not in the file: said at the node that needs it."""
    pools = "c = MaxPool <kernel_shape = [2, 2]> (x) y = MaxPool <kernel_shape = [2, 2]> (r)"
    model = model_of(pools, {"x": (1, 20, 8, 8)})
    model.opset_import.append(onnx.helper.make_opsetid("com.microsoft.nchwc", 1))
    model.graph.node.insert(1, onnx.helper.make_node("ReorderInput", ["c"], ["r"], domain="com.microsoft.nchwc"))
    onnx.save(model, tmp_path / "model.onnx")
    report = inspect(tmp_path / "model.onnx", verify="none")
    (finding,) = (finding for finding in report.findings if finding.rule == "unknown-operator")
    assert finding.output == "r"
    assert "to how many channels it pads the 20" in finding.message


def test_no_window_before_a_foreign_operator(tmp_path: Path) -> None:
    """A model that begins with an operator nobody knows is not silent about it, though no window is found behind it."""
    model = model_of("y = Relu (a)", {"x": (1, 3, 8, 8)})
    model.opset_import.append(onnx.helper.make_opsetid("com.example", 1))
    model.graph.node.insert(0, onnx.helper.make_node("Convolve", ["x"], ["a"], domain="com.example"))
    onnx.save(model, tmp_path / "model.onnx")
    report = inspect(tmp_path / "model.onnx", verify="none")
    (finding,) = (finding for finding in report.findings if finding.rule == "unknown-operator")
    assert (finding.output, "com.example" in finding.message) == ("a", True)
