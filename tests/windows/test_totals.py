"""Totals of whole networks: published numbers, and small ones by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.cli.process import SAMPLES
from tests.oracle_models import Constant, model_of
from tests.rules.inspecting import inspected
from tests.unverified import unverified

# The exporters fold batch normalisation into the convolution before it, and leave out biases that are then zero.
PUBLISHED = {
    # torchvision: 25,557,032 parameters, of which 2·26,560 of batch normalisation; 4.09 G multiply-adds
    "resnet50-dynamo": (25_557_032 - 53_120, 4.09),
    # Simonyan and Zisserman: 138 M; torchvision: 138,357,544, of which 4,224 + 9,192 biases; 15.47 G
    "vgg16-dynamo": (138_357_544 - 4_224 - 9_192, 15.47),
    # torchvision: 3,504,872, of which 2·17,056 of batch normalisation and 1,000 biases; 0.30 G
    "mobilenetv2-dynamo": (3_504_872 - 34_112 - 1_000, 0.30),
    # torchvision: 61,100,840 is all of AlexNet; here its first layers: 64·3·11² + 192·64·5², at 54² and 26² places
    "alexnet-stem-dynamo": (None, None),
}


@pytest.mark.parametrize("name", [name for name, (count, _) in PUBLISHED.items() if count])
def test_published_totals(name: str) -> None:
    """Parameters and multiply-adds of whole networks, fully connected layers included."""
    totals = unverified(SAMPLES / f"{name}.onnx").totals
    parameters, macs = PUBLISHED[name]
    assert totals.parameters == parameters
    assert totals.macs is not None
    assert round(totals.macs / 1e9, 2) == macs


# Per node what is multiplied: outputs times inputs, times the rows or time steps. A batch of 3 counts once.
CASES = {
    "Gemm": ("y = Gemm (x, w, b)", (3, 8), {"w": (8, 4), "b": (4,)}, 8 * 4 + 4, 8 * 4),
    "Gemm, transposed": ("y = Gemm <transB = 1> (x, w)", (3, 8), {"w": (4, 8)}, 8 * 4, 8 * 4),
    "MatMul of 10 rows": ("y = MatMul (x, w)", (3, 10, 8), {"w": (8, 4)}, 8 * 4, 10 * 8 * 4),
    "matrix on the left": ("y = MatMul (w, x)", (3, 8, 10), {"w": (4, 8)}, 8 * 4, 10 * 8 * 4),
    "shared": ("a = MatMul (x, w) y = MatMul (a, w)", (3, 10, 8), {"w": (8, 8)}, 64, 2 * 10 * 64),
    "stored transposed": (
        "t = Transpose <perm = [1, 0]> (w) y = MatMul (x, t)", (3, 10, 8), {"w": (4, 8)}, 32, 10 * 32
    ),
    "normalised": (
        "y = BatchNormalization (x, w, w2, m, v)", (3, 4, 9), {"w": (4,), "w2": (4,), "m": (4,), "v": (4,)}, 8, 0
    ),
    "added bias, no scalar": (
        "a = MatMul (x, w) b = Add (a, bias) y = Mul (b, two)", (3, 10, 8),
        {"w": (8, 4), "bias": (4,), "two": [2.0]}, 32 + 4, 10 * 32,
    ),
    "two activations": ("t = Transpose <perm = [0, 2, 1]> (x) y = MatMul (x, t)", (3, 10, 8), {}, 0, 0),
}  # fmt: skip


@pytest.mark.parametrize(("body", "shape", "constants", "parameters", "macs"), CASES.values(), ids=CASES)
def test_operators_with_weights(
    body: str, shape: tuple[int, ...], constants: dict[str, tuple[int, ...]], parameters: int, macs: int, tmp_path: Path
) -> None:
    """Each weight counts once as a parameter and once per row as a multiply-add."""
    # A pooling first, so that the model has an input with a batch axis.
    totals = inspected(model_of(body, {"x": shape}, constants=constants), tmp_path).totals
    assert (totals.parameters, totals.macs) == (parameters, macs * shape[0])


# The centers of a detector's cells are computed from the size of its map; a position's weights are stored in the file.
CELLS = "s = Shape <start = 2> (x) n = ReduceProd <keepdims = 0> (s) c = Range (zero, n, one) f = Cast <to = 1> (c) "


@pytest.mark.parametrize(
    ("body", "parameters"),
    [
        (CELLS + "a = Add (f, half) flat = Reshape (x, row) y = Add (flat, a)", 0),
        (CELLS + "a = Add (f, learned) flat = Reshape (x, row) y = Add (flat, a)", 12),
        ("flat = Reshape (x, row) b = Constant <value_floats = [1.0, 2.0]> () t = Tile (b, six) y = Add (flat, t)", 2),
    ],
    ids=["computed from a size", "from a size and weights", "repeated"],
)
def test_what_is_added_counts_as_it_is_stored(body: str, parameters: int, tmp_path: Path) -> None:
    """Constants that are computed from sizes are not learned; what is made of weights counts as the weights do."""
    constants: dict[str, Constant] = {
        "zero": np.array(0),
        "one": np.array(1),
        "half": [0.5],
        "learned": (12,),
        "row": [1, -1],
        "six": [6],
    }
    report = inspected(model_of(body, {"x": (1, 1, 3, 4)}, constants=constants), tmp_path)
    assert report.totals.parameters == parameters


def test_recurrent_layer(tmp_path: Path) -> None:
    """An LSTM of 5 cells over 7 steps of 3 features: 4·5·(3 + 5) weights per step, and two biases of 20."""
    body = "y = LSTM <hidden_size = 5> (x, w, r, b)"
    constants = {"w": (1, 20, 3), "r": (1, 20, 5), "b": (1, 40)}
    totals = inspected(model_of(body, {"x": (7, 1, 3)}, constants=constants, opset=14), tmp_path).totals
    assert (totals.parameters, totals.macs) == (4 * 5 * 8 + 40, 7 * 4 * 5 * 8)


def test_activations_are_those_needed_at_once(tmp_path: Path) -> None:
    """A skip over two convolutions of 2 channels: at the second, the input (64), its input and output (128 each)."""
    body = (
        "a = Conv <pads = [1, 1, 1, 1]> (x, w) b = Conv <pads = [1, 1, 1, 1]> (a, v) "
        "c = Conv (b, u) y = Add (x, c)"
    )  # fmt: skip
    constants = {"w": (2, 1, 3, 3), "v": (2, 2, 3, 3), "u": (1, 2, 1, 1)}
    for batch in (1, 4):
        totals = inspected(model_of(body, {"x": (batch, 1, 8, 8)}, constants=constants), tmp_path).totals
        assert totals.activations == 4 * (64 + 128 + 128)


def test_the_dearer_branch_counts(tmp_path: Path) -> None:
    """Of an If only one branch runs: 8·2 multiply-adds, not 8·2 + 8·1; the file holds the weights of both."""
    text = """<ir_version: 8, opset_import: ["": 17]>
    g (float[1,1,8] x, bool flag) => (float[1,c,8] y) <float[2,1,1] w = {1, 1}, float[1,1,1] v = {1}> {
      y = If (flag) <then_branch = t () => (float[1,c,8] a) { a = Conv (x, w) },
                     else_branch = e () => (float[1,c,8] b) { b = Conv (x, v) }>
    }"""
    totals = inspected(text, tmp_path).totals
    assert (totals.parameters, totals.macs) == (3, 16)
