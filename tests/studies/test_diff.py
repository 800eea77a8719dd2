"""Two models compared window by window: different exporters, rewritten versions of one network, real differences."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_dynamic, quantize_static

import strideinspect
from strideinspect.results.diff_result import Diff
from tests.oracle_models import Constant, model_of

SAMPLES = Path(__file__).parents[2] / "sample_models"
W: dict[str, Constant] = {"w": (4, 1, 3, 3), "v": (4, 4, 3, 3), "p": (4, 4, 1, 1)}
SIZE = (1, 1, 32, 32)
RESIDUAL = (
    "a = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, w) r = Relu (a) "
    "b = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (r, v) c = Conv <strides = [2, 2]> (r, p) "
    "s = Add (b, c) y = Relu (s)"
)
ONE_NETWORK = {
    "both exporters of PyTorch": ("resnet50-torchscript", "resnet50-dynamo", 54),
    "PyTorch and Keras, valid padding": ("cnn-stride1-torchscript", "cnn-stride1-keras", 3),
    "a decoder of PyTorch and Keras": ("unet-torchscript", "unet-keras", 21),
    "quantised, between operators": ("resnet18-torchscript", "resnet18-qdq", 21),
    "quantised operators": ("resnet18-torchscript", "resnet18-qoperator", 21),
    "parallel branches": ("inceptionv3-dynamo", "inceptionv3-torchscript", 107),
    "maps side by side": ("yolo-torchscript", "yolo-dynamo", 57),
}


def diff(a: str, b: str) -> Diff:
    """Compare two samples."""
    return strideinspect.diff(SAMPLES / f"{a}.onnx", SAMPLES / f"{b}.onnx")


def saved(body: str, path: Path, size: tuple[int, ...] = SIZE, constants: dict[str, Constant] | None = None) -> Path:
    """A small model with one input."""
    onnx.save(model_of(body, {"x": size}, constants=constants or W), path)
    return path


@pytest.mark.parametrize(("a", "b", "windows"), ONE_NETWORK.values(), ids=ONE_NETWORK)
def test_versions_of_one_network_are_the_same(a: str, b: str, windows: int) -> None:
    """They were exported or quantised from one network, and every window finds its counterpart."""
    found = diff(a, b)
    assert (found.same, found.first, len(found.windows)) == (True, None, windows)
    assert not any(pair.differences for pair in found.windows)
    assert not any(pair.differences for pair in found.outputs)


def test_resnet50_of_pytorch_and_keras_part_at_the_first_strided_block() -> None:
    """Published: torchvision has the stride in the 3×3 convolution (field 427), Keras in the 1×1 before it (483)."""
    found = diff("resnet50-torchscript", "resnet50-keras")
    assert found.first is not None
    assert found.first.layers[0] == "layer2.0.conv1"
    assert "conv3_block1_1" in found.first.layers[1]
    assert found.first.what[0] == "stride"
    own = {(pair.layers[0], d.what, d.a, d.b) for pair in found.windows for d in pair.differences if d.what == "stride"}
    assert own == {
        (f"layer{n}.0.conv{k}", "stride", *(((1, 1), (2, 2)) if k == 1 else ((2, 2), (1, 1))))
        for n in (2, 3, 4) for k in (1, 2)
    }  # fmt: skip
    (output,) = found.outputs
    assert [(d.what, d.a, d.b) for d in output.differences] == [("field", (427, 427), (483, 483))]
    assert (found.same, found.only_a, found.only_b) == (False, (), ())


def test_same_padding_shifts_the_cells_of_keras() -> None:
    """Five strided windows pad 1 before in PyTorch and 0 in Keras: the shift is 1 + 2 + 4 + 8 + 16 = 31 pixels."""
    found = diff("mobilenetv2-torchscript", "mobilenetv2-keras")
    (output,) = found.outputs
    assert output.shift == (Fraction(31), Fraction(31))
    paddings = [d for pair in found.windows for d in pair.differences if d.what == "padding"]
    assert [(d.a, d.b) for d in paddings] == [((1, 1, 1, 1), (0, 0, 1, 1))] * 5


def test_a_shift_is_seen_by_running(tmp_path: Path) -> None:
    """An impulse moves through both models; the cells at which it arrives lie as far apart as is said."""
    early = saved("y = Conv <pads = [2, 2, 0, 0]> (x, w)", tmp_path / "a.onnx")
    late = saved("y = Conv <pads = [0, 0, 2, 2]> (x, w)", tmp_path / "b.onnx")
    (output,) = strideinspect.diff(early, late).outputs
    impulse = np.zeros(SIZE, np.float32)
    impulse[0, 0, 16, 16] = 1
    rows = []
    for path in (early, late):
        (made,) = onnxruntime.InferenceSession(path).run(None, {"x": impulse})
        rows.append(np.flatnonzero(made.any(axis=(0, 1, 3))).mean())
    # A cell centered later on the input meets the impulse at an earlier index.
    assert output.shift == (Fraction(int(rows[0] - rows[1])),) * 2 == (Fraction(2),) * 2


class _Noise(CalibrationDataReader):  # type: ignore[misc]
    """One image of noise to calibrate with."""

    def __init__(self) -> None:
        self._left = [{"x": np.random.default_rng(0).random(SIZE, np.float32)}]

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The image, once."""
        return self._left.pop() if self._left else None


REWRITTEN = ("basic", "extended", "all", "qdq", "operators", "dynamic")


@pytest.mark.parametrize("how", REWRITTEN)
def test_rewritten_by_onnxruntime(how: str, tmp_path: Path) -> None:
    """Optimised, fused, blocked or quantised by onnxruntime, a residual block has the same geometry."""
    plain, other = saved(RESIDUAL, tmp_path / "a.onnx"), tmp_path / "b.onnx"
    levels = onnxruntime.GraphOptimizationLevel
    match how:
        case "qdq" | "operators":
            kind = QuantFormat.QDQ if how == "qdq" else QuantFormat.QOperator
            quantize_static(plain, other, _Noise(), quant_format=kind)
        case "dynamic":
            quantize_dynamic(plain, other)
        case _:
            options = onnxruntime.SessionOptions()
            options.optimized_model_filepath = str(other)
            options.graph_optimization_level = getattr(levels, f"ORT_ENABLE_{how.upper()}")
            options.log_severity_level = 4
            onnxruntime.InferenceSession(plain, options)
    found = strideinspect.diff(plain, other)
    assert (found.same, len(found.windows), found.only_a, found.only_b) == (True, 3, (), ())
    assert bool(found.notes) == (how == "dynamic")  # the scales of dynamic quantisation depend on the whole map


EDITS = {
    "kernel": (
        "b = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (r, v)",
        "b = Conv <strides = [2, 2], pads = [2, 2, 2, 2]> (r, q)",
    ),
    "dilation": ("pads = [1, 1, 1, 1]> (x, w)", "pads = [2, 2, 2, 2], dilations = [2, 2]> (x, w)"),
}
FIRST = {"kernel": ("b", ("kernel", "padding")), "dilation": ("a", ("dilation", "padding"))}


@pytest.mark.parametrize("name", EDITS)
def test_one_edit_is_found(name: str, tmp_path: Path) -> None:
    """One window of a network is changed, and just that is told."""
    changed = RESIDUAL.replace(*EDITS[name])
    assert changed != RESIDUAL
    a = saved(RESIDUAL, tmp_path / "a.onnx")
    b = saved(changed, tmp_path / "b.onnx", constants=W | {"q": (4, 4, 5, 5)})
    first = strideinspect.diff(a, b).first
    assert first is not None
    assert (first.a, first.b) == (FIRST[name][0],) * 2
    assert first.what == FIRST[name][1]


def test_an_inserted_window_has_no_counterpart(tmp_path: Path) -> None:
    """Behind it everything is matched again."""
    a = saved("a = Conv (x, w) y = Conv <strides = [2, 2]> (a, v)", tmp_path / "a.onnx")
    b = saved("a = Conv (x, w) m = Conv (a, v) y = Conv <strides = [2, 2]> (m, v)", tmp_path / "b.onnx")
    found = strideinspect.diff(a, b)
    assert (found.only_a, found.only_b) == ((), ("m",))
    assert found.only_layers == ((), ("m",))
    assert found.first is not None
    assert (found.first.a, found.first.b) == (None, "m")


def test_pointwise_layers_change_no_geometry(tmp_path: Path) -> None:
    """A convolution with kernel 1 that only one model has is named, and the geometry is the same."""
    a = saved("y = Conv (x, w)", tmp_path / "a.onnx")
    b = saved("m = Conv (x, w) y = Conv (m, p)", tmp_path / "b.onnx")
    found = strideinspect.diff(a, b)
    assert (found.same, found.only_b) == (True, ("y",))


def test_another_upsampling_is_found_behind_the_window(tmp_path: Path) -> None:
    """No window differs, but what reaches the next one does: linear interpolation uses two cells instead of one."""
    body = (
        'a = Conv <strides = [2, 2]> (x, w) u = Resize <mode = "{}", coordinate_transformation_mode = "{}"> (a, , s) '
        "y = Conv (u, v)"
    )
    scales: dict[str, Constant] = {**W, "s": [1.0, 1.0, 2.0, 2.0]}
    a = saved(body.format("nearest", "asymmetric"), tmp_path / "a.onnx", constants=scales)
    b = saved(body.format("linear", "half_pixel"), tmp_path / "b.onnx", constants=scales)
    found = strideinspect.diff(a, b)
    assert found.first is not None
    assert (found.first.a, found.first.b) == ("y", "y")
    assert "field" in found.first.what


def test_the_second_model_is_compared_at_the_size_of_the_first(tmp_path: Path) -> None:
    """A size of its own is used only where it does not run at the other one."""
    a = saved("y = Conv <strides = [2, 2]> (x, w)", tmp_path / "a.onnx")
    b = saved("y = Conv <strides = [2, 2]> (x, w)", tmp_path / "b.onnx", size=(1, 1, 45, 45))
    assert strideinspect.diff(a, b).sizes == (SIZE, SIZE)
    fixed = "c = Conv <strides = [2, 2]> (x, w) y = Reshape (c, to)"
    b = saved(fixed, tmp_path / "c.onnx", size=(1, 1, 45, 45), constants={**W, "to": [1, 4 * 22 * 22]})
    found = strideinspect.diff(a, b)
    assert found.sizes == (SIZE, (1, 1, 45, 45))
    assert "does not run at the size of the first" in found.notes[0]
