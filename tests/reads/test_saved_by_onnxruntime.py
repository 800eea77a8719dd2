"""Models that onnxruntime saved after optimising them: its own operators read what the model's did."""

from __future__ import annotations

from pathlib import Path

import onnx
import onnxruntime
import pytest

from strideinspect import inspect
from strideinspect.report.verdicts import Verdict
from tests.oracle_models import Constant, model_of

WEIGHTS: dict[str, Constant] = {
    "w3": (32, 3, 3, 3), "w32": (32, 32, 3, 3), "d": (32, 1, 3, 3), "w1": (32, 32, 1, 1),
    "twice": [1.0, 1.0, 2.0, 2.0], "bias": (32,),
}  # fmt: skip

# With blocks of 8 or 16 channels, whichever the processor has, none of these needs channels to fill one.
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
    "joined and pooled": (
        "a = Conv (x, w3) c = MaxPool <kernel_shape = [1, 3]> (a) e = Conv <dilations = [1, 2], kernel_shape = [1, 1]> "
        "(c, w1) j = Concat <axis = 1> (c, e) y = GlobalAveragePool (j)"
    ),
    "channels last": (
        "a = Conv (x, w3) t = Transpose <perm = [0, 2, 3, 1]> (a) u = Sigmoid (t) "
        "v = Transpose <perm = [0, 3, 1, 2]> (u) y = Conv <strides = [3, 3]> (v, w32)"
    ),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_saved_model(body: str, tmp_path: Path) -> None:
    """The output's shape and fields, what is dropped and unseen are those of the model before; all is agreed."""
    plain, saved = tmp_path / "plain.onnx", tmp_path / "saved.onnx"
    onnx.save(model_of(body, {"x": (1, 3, 30, 33)}, constants=WEIGHTS), plain)
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


def test_channels_that_fill_no_block(tmp_path: Path) -> None:
    """How far a block is filled up is not in the file: said at the node where that is needed."""
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
