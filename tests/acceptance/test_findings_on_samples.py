"""What is found in the samples, and what is not, through the command as its users run it."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.acceptance.runs import FILES, SLOW, at_size, findings, last_of_the_coarsest_map, model_of
from tests.cli.process import SAMPLES
from tests.some_slow import some_slow

# Keras' Conv2D(32, 3, strides=2) on 10×10, and its twin with stride 1.


def test_keras_convolution_of_stride_2_on_10_by_10() -> None:
    """4×4 comes out, row and column 9 of the image (axes 1 and 2 of NHWC) are never read."""
    model = model_of("conv-10x10-valid-stride2-keras.onnx")
    (node,) = model["nodes"]
    assert node["output_shape"] == [1, 32, 4, 4]
    assert node["dropped"]["pixels"] == [1, 1]
    assert [(part["axis"], part["ranges"]) for part in model["unseen"]] == [(1, [[9, 9]]), (2, [[9, 9]])]
    (finding,) = findings(model, "unseen-input")
    assert finding["sizes"] == [9, 11]


def test_keras_convolution_of_stride_1_on_10_by_10() -> None:
    """8×8 comes out, and every pixel is read."""
    model = model_of("conv-10x10-valid-stride1-keras.onnx")
    assert model["nodes"][0]["output_shape"] == [1, 32, 8, 8]
    assert (model["unseen"], model["findings"]) == ([], [])


@pytest.mark.parametrize(("stride", "size"), [(1, 5), (2, 3)])
@pytest.mark.parametrize("exporter", ["dynamo", "torchscript", "keras"])
def test_3x3_on_7_by_7(exporter: str, stride: int, size: int) -> None:
    """5×5 with stride 1 and 3×3 with stride 2; 7 = 3 + 2 + 2, so nothing is dropped."""
    model = model_of(f"conv-7x7-stride{stride}-{exporter}.onnx")
    (node,) = model["nodes"]
    assert node["output_shape"] == [1, 1, size, size]
    assert node["dropped"] == {"pixels": [0, 0], "padding": [0, 0], "gap": [0, 0]}
    assert model["findings"] == []


@pytest.mark.parametrize("exporter", ["dynamo", "torchscript"])
def test_pytorchs_padded_convolution_drops_padding_only(exporter: str) -> None:
    """Conv2d(3, 16, 3, stride=2, padding=1) on an even size: one row of padding, no pixel, a note."""
    model = model_of(f"conv-padded-stride2-{exporter}.onnx")
    assert model["nodes"][0]["dropped"] == {"pixels": [0, 0], "padding": [1, 1], "gap": [0, 0]}
    assert [(finding["rule"], finding["severity"]) for finding in model["findings"]] == [("padding-truncation", "note")]


QUIET = ("vgg16", "resnet18", "resnet50", "mobilenetv2", "efficientnetb0", "densenet121", "inceptionv3")
DESIGNED = [name for name in FILES if name.startswith(QUIET) and not name.endswith("-keras.onnx")]


@pytest.mark.parametrize("name", some_slow(DESIGNED, SLOW))
def test_pytorchs_networks_raise_no_warning_at_their_design_size(name: str) -> None:
    """PyTorch's exports, quantised or not, give six notes at most: at 224, Inception at its 299."""
    assert len(DESIGNED) >= 2 * len(QUIET)
    assert {finding["severity"] for finding in model_of(name)["findings"]} <= {"note"}
    assert len(model_of(name)["findings"]) <= 6


def test_keras_resnet50_throws_three_quarters_of_three_maps_away() -> None:
    """Both branches of three blocks skip the same pixels: six nodes, three maps of 56, 28 and 14 rows."""
    model = model_of("resnet50-keras.onnx")
    found = findings(model, "stride-gap")
    assert [finding["rule"] for finding in model["findings"] if finding["severity"] == "warning"] == ["stride-gap"]
    assert {finding["severity"] for finding in found} == {"warning"}
    assert Counter(finding["pixels"] for finding in found) == {28: 2, 14: 2, 7: 2}
    assert all("75.0 % of the map is never used" in finding["message"] for finding in found)


@pytest.mark.parametrize("exporter", ["dynamo", "torchscript"])
def test_squeezenet_loses_a_row_at_its_design_size(exporter: str) -> None:
    """(224 − 3) / 2 is not a whole number: row and column 223 are never read."""
    model = model_of(f"squeezenet11-{exporter}.onnx")
    assert [part["ranges"] for part in model["unseen"]] == [[[223, 223]], [[223, 223]]]
    (finding,) = (finding for finding in model["findings"] if finding["severity"] == "warning")
    assert [finding["rule"], *(place["rule"] for place in finding["also"])] == ["unseen-input", "floor-truncation"]


@pytest.mark.parametrize(("exporter", "shape"), [
    ("dynamo", "1,3,100,100"), ("torchscript", "1,3,100,100"), ("keras", "1,100,100,3"),
])  # fmt: skip
def test_unet_at_a_size_that_does_not_fit(exporter: str, shape: str) -> None:
    """At 100 the decoder comes back with 24 rows where the skip has 25; the rest of the report is there, status 1."""
    status, model = at_size(str(SAMPLES / f"unet-dynamic-{exporter}.onnx"), "--input-shape", shape)
    assert status == 1
    (finding,) = findings(model, "incompatible-merge")
    assert finding["severity"] == "error"
    assert "25×25" in finding["message"]
    assert "24×24" in finding["message"]
    assert finding["help"] == "use sizes that are multiples of 8, such as 96 or 104"
    # Three times two convolutions and a pool, two at the bottom and one transposed come before the merge.
    placed = [node for node in model["nodes"] if node["output_shape"] is not None]
    assert len(placed) == 3 * 3 + 2 + 1
    assert [step["size"] for step in model["ladder"]] == [[50, 50], [25, 25], [12, 12], [24, 24]]
    assert all(node["fields"] for node in placed)


@pytest.mark.parametrize("size", [96, 104])
def test_unet_at_the_sizes_told(size: int) -> None:
    """The sizes of the help run."""
    status, model = at_size(str(SAMPLES / "unet-dynamic-dynamo.onnx"), "--input-shape", f"1,3,{size},{size}")
    assert status == 0
    assert model["outputs"][0]["shape"] == [1, 2, size, size]


def test_same_padding_sees_another_place_than_pytorchs() -> None:
    """MobileNetV2 of Keras and of PyTorch differ by a shift of 31 pixels at the last map: 245 and 214."""
    first = {
        exporter: last_of_the_coarsest_map(model_of(f"mobilenetv2-{exporter}.onnx"))["fields"][0]["first"]
        for exporter in ("dynamo", "keras")
    }
    assert first == {"dynamo": -245, "keras": -214}
