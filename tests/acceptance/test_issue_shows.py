"""What the program was made to show, each through the command as its users run it."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.runs import (
    ALEXNET,
    FILES,
    NETWORKS,
    at_size,
    every_model,
    findings,
    last_of_the_coarsest_map,
    reports,
)
from tests.cli.process import SAMPLES, strideinspect

EXPECTED: dict[str, dict[str, Any]] = json.loads((SAMPLES / "expected.json").read_text(encoding="utf-8"))


# AlexNet at 224: conv1 (11/4) leaves row 223 over, and pool1 row 53 of 54, which is made from image rows 212 to 222,
# of which the row before sees all up to 218.


def test_alexnet_ignores_five_rows_and_columns() -> None:
    """Rows and columns 219 to 223 reach no output; they are lost at the first convolution and the first pool."""
    model = every_model()["light_bvlc_alexnet.onnx"]
    assert model["unseen"] == [{"input": "data_0", "axis": axis, "ranges": [[219, 223]]} for axis in (2, 3)]
    (finding,) = findings(model, "unseen-input")
    assert (finding["severity"], finding["axes"], finding["pixels"]) == ("warning", [2, 3], 5)
    first = {node["op"]: node["name"] or node["output"] for node in reversed(model["nodes"])}
    assert f"lost at Conv {first['Conv']} (1 row) and MaxPool {first['MaxPool']} (1 row of 54)" in finding["message"]
    # 1 − (219 / 224)² of the pixels.
    assert "4.4 % of every image" in finding["message"]


def test_alexnet_is_told_the_nearest_sizes() -> None:
    """219 and 227 lose no pixel of the image; 211 and 227 drop nothing anywhere."""
    model = every_model()["light_bvlc_alexnet.onnx"]
    (unseen,) = findings(model, "unseen-input")
    assert unseen["sizes"] == [219, 227]
    assert "219×219 and 227×227 lose no pixel" in unseen["help"]
    assert [finding["sizes"] for finding in findings(model, "floor-truncation")] == [[211, 227]] * 3


@pytest.mark.parametrize(("size", "rules"), [
    (211, set()),
    (219, {"floor-truncation"}),  # the second pool still drops a row of its map
    (224, {"floor-truncation", "unseen-input"}),
    (227, set()),
])  # fmt: skip
def test_alexnet_at_the_sizes_told(size: int, rules: set[str]) -> None:
    """Inspected at the sizes of the help, AlexNet loses what was said."""
    status, model = at_size(ALEXNET, "--input-shape", f"data_0=1,3,{size},{size}", "--fail-on", "warning")
    assert {finding["rule"] for finding in model["findings"] if finding["severity"] != "note"} == rules
    assert status == (1 if rules else 0)


def test_alexnets_published_fields() -> None:
    """Sizes and strides of AlexNet's windows, down to pool5 with 195 and 32 (Distill, 2019)."""
    fields = [node["fields"][0] for node in every_model()["light_bvlc_alexnet.onnx"]["nodes"]]
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


# Published theoretical fields: size, effective stride, effective padding.
PUBLISHED = {
    **dict.fromkeys(["vgg16-dynamo", "vgg16-torchscript", "vgg16-keras"], (212, 32, 90)),
    **dict.fromkeys(["resnet50-dynamo", "resnet50-torchscript"], (427, 32, 213)),
    "resnet50-keras": (483, 32, 241),
    **dict.fromkeys(["mobilenetv2-dynamo", "mobilenetv2-torchscript"], (491, 32, 245)),
}


@pytest.mark.parametrize(("name", "published"), PUBLISHED.items())
def test_published_fields(name: str, published: tuple[int, int, int]) -> None:
    """VGG-16, ResNet-50 of PyTorch and of Keras, MobileNetV2: the numbers of the literature, on both axes."""
    fields = last_of_the_coarsest_map(every_model()[f"{name}.onnx"])["fields"]
    assert len(fields) == 2
    for field in fields:
        assert (field["size"], int(field["stride"]), -field["first"]) == published


def test_every_sample_is_there() -> None:
    """The samples that the frameworks spoke of are the samples that are inspected here."""
    assert sorted(EXPECTED) == FILES
    assert {f"{name}.onnx" for name in PUBLISHED} <= set(FILES)
    assert len(NETWORKS) == 9


@pytest.mark.parametrize("name", [name for name in FILES if EXPECTED[name]["field"]])
def test_fields_as_the_frameworks_gradients_show_them(name: str) -> None:
    """Size, stride and padding at the last window of the coarsest map are what PyTorch and Keras measured."""
    model, said = every_model()[name], EXPECTED[name]["field"]
    # Where the size is dynamic, so is SAME padding: the frameworks were asked at another size.
    resized = model["inputs"][0]["assumed"] and "same" in name
    # Its last window slides over a map that was taken apart: what is put together again is the output.
    apart = name == "dilated-dynamic-keras.onnx"
    field = (model["outputs"][0] if apart else last_of_the_coarsest_map(model))["fields"][0]
    assert (field["size"], field["stride"]) == (said["size"], str(said["stride"]))
    assert resized or -field["first"] == said["padding"]


# Keras' one-dimensional convolutions become two-dimensional ones over a height of 1.
SIZED = [name for name in FILES if "dynamic" not in name and name != "wavenet-keras.onnx"]


@pytest.mark.parametrize("name", SIZED)
def test_windows_as_the_framework_ran_them(name: str) -> None:
    """Every convolution and pool has the stride and the output size that the framework's own layers gave."""
    said = Counter((w["op"], *w["stride"], *w["size"]) for w in EXPECTED[name]["windows"])
    found: Counter[tuple[Any, ...]] = Counter()
    for node in every_model()[name]["nodes"]:
        if node["op"] in {window["op"] for window in EXPECTED[name]["windows"]}:
            found[node["op"], *node["stride"], *node["output_shape"][2:]] += 1
    assert found == said


# What cannot be checked, and why: the image decides where GridSample looks.
UNCHECKED = {
    "spatial-transformer-dynamo.onnx": ("fields", 4, "GridSample"),
    "spatial-transformer-torchscript.onnx": ("fields", 4, "AffineGrid"),
}


FAMILIES = sorted({re.split("[-_]", name)[0] for name in [*FILES, *NETWORKS]})


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_onnxruntime_agrees(family: str) -> None:
    """Every shape, every window of every model and every unseen row: agreed, or not checked for a stated reason."""
    for name, model in reports(name for name in [*FILES, *NETWORKS] if re.split("[-_]", name)[0] == family).items():
        verification = model["verification"]
        claims, unchecked, why = UNCHECKED.get(name, ("fields", 0, ""))
        assert verification["status"] == "agreed", name
        assert [(detail["verdict"], why in detail["reason"]) for detail in verification["details"]] == [
            ("not-checked", True)
        ] * unchecked, name
        counts = {claim: verification[claim]["not_checked"] for claim in ("shapes", "fields", "unseen")}
        assert counts == {"shapes": 0, "fields": 0, "unseen": 0} | {claims: unchecked}, name
        assert verification["fields"]["agreed"] + counts["fields"] == len(model["nodes"]) > 0, name
        assert verification["unseen"]["agreed"] == len(model["unseen"]), name
        # Whatever is said without running, to which all other tests here hold the program, is said with it.
        assert model | {"verification": None} == every_model()[name] | {"verification": None}, name


@pytest.mark.parametrize("name", FILES)
def test_every_window_is_reported(name: str) -> None:
    """There are at least as many windows as the framework ran."""
    slid = {
        "Conv", "QLinearConv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool",
        "QLinearGlobalAveragePool",
    }  # fmt: skip
    ran = sum(node["op"] in slid for node in every_model()[name]["nodes"])
    assert ran >= len(EXPECTED[name]["windows"]) > 0


# Keras' Conv2D(32, 3, strides=2) on 10×10, and its twin with stride 1.


def test_keras_convolution_of_stride_2_on_10_by_10() -> None:
    """4×4 comes out, row and column 9 of the image (axes 1 and 2 of NHWC) are never read."""
    model = every_model()["conv-10x10-valid-stride2-keras.onnx"]
    (node,) = model["nodes"]
    assert node["output_shape"] == [1, 32, 4, 4]
    assert node["dropped"]["pixels"] == [1, 1]
    assert [(part["axis"], part["ranges"]) for part in model["unseen"]] == [(1, [[9, 9]]), (2, [[9, 9]])]
    (finding,) = findings(model, "unseen-input")
    assert finding["sizes"] == [9, 11]


def test_keras_convolution_of_stride_1_on_10_by_10() -> None:
    """8×8 comes out, and every pixel is read."""
    model = every_model()["conv-10x10-valid-stride1-keras.onnx"]
    assert model["nodes"][0]["output_shape"] == [1, 32, 8, 8]
    assert (model["unseen"], model["findings"]) == ([], [])


@pytest.mark.parametrize(("stride", "size"), [(1, 5), (2, 3)])
@pytest.mark.parametrize("exporter", ["dynamo", "torchscript", "keras"])
def test_3x3_on_7_by_7(exporter: str, stride: int, size: int) -> None:
    """5×5 with stride 1 and 3×3 with stride 2; 7 = 3 + 2 + 2, so nothing is dropped."""
    model = every_model()[f"conv-7x7-stride{stride}-{exporter}.onnx"]
    (node,) = model["nodes"]
    assert node["output_shape"] == [1, 1, size, size]
    assert node["dropped"] == {"pixels": [0, 0], "padding": [0, 0], "gap": [0, 0]}
    assert model["findings"] == []


@pytest.mark.parametrize("exporter", ["dynamo", "torchscript"])
def test_pytorchs_padded_convolution_drops_padding_only(exporter: str) -> None:
    """Conv2d(3, 16, 3, stride=2, padding=1) on an even size: one row of padding, no pixel, a note."""
    model = every_model()[f"conv-padded-stride2-{exporter}.onnx"]
    assert model["nodes"][0]["dropped"] == {"pixels": [0, 0], "padding": [1, 1], "gap": [0, 0]}
    assert [(finding["rule"], finding["severity"]) for finding in model["findings"]] == [("padding-truncation", "note")]


QUIET = ("vgg16", "resnet18", "resnet50", "mobilenetv2", "efficientnetb0", "densenet121", "inceptionv3")
DESIGNED = [name for name in FILES if name.startswith(QUIET) and not name.endswith("-keras.onnx")]


@pytest.mark.parametrize("name", DESIGNED)
def test_pytorchs_networks_raise_no_warning_at_their_design_size(name: str) -> None:
    """PyTorch's exports, quantised or not, give notes at most: at 224, Inception at its 299."""
    assert len(DESIGNED) >= 2 * len(QUIET)
    assert {finding["severity"] for finding in every_model()[name]["findings"]} <= {"note"}


def test_keras_resnet50_throws_three_quarters_of_three_maps_away() -> None:
    """Both branches of three blocks skip the same pixels: six nodes, three maps of 56, 28 and 14 rows."""
    found = findings(every_model()["resnet50-keras.onnx"], "stride-gap")
    assert {finding["severity"] for finding in found} == {"warning"}
    assert Counter(finding["pixels"] for finding in found) == {28: 2, 14: 2, 7: 2}
    assert all("75.0 % of the map is never used" in finding["message"] for finding in found)


@pytest.mark.parametrize("exporter", ["dynamo", "torchscript"])
def test_squeezenet_loses_a_row_at_its_design_size(exporter: str) -> None:
    """(224 − 3) / 2 is not a whole number: row and column 223 are never read."""
    model = every_model()[f"squeezenet11-{exporter}.onnx"]
    assert [part["ranges"] for part in model["unseen"]] == [[[223, 223]], [[223, 223]]]
    assert {finding["rule"] for finding in model["findings"] if finding["severity"] == "warning"} == {
        "floor-truncation",
        "unseen-input",
    }


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
        exporter: last_of_the_coarsest_map(every_model()[f"mobilenetv2-{exporter}.onnx"])["fields"][0]["first"]
        for exporter in ("dynamo", "keras")
    }
    assert first == {"dynamo": -245, "keras": -214}


BAD = {
    "no such file": (["missing.onnx"], None, "there is no file missing.onnx"),
    "a directory": (["."], None, ""),
    "an empty file": (["bad.onnx"], b"", "bad.onnx"),
    "a text": (["bad.onnx"], b"just some words, no model\n", "bad.onnx"),
    "half a model": (["bad.onnx"], Path(ALEXNET).read_bytes()[:2500], "bad.onnx"),
    "no such option": ([ALEXNET, "--verfy", "none"], None, "--verfy"),
    "no such rule": ([ALEXNET, "--select", "unseen"], None, "'unseen'"),
    "no such input": ([ALEXNET, "--input-shape", "image=1,3,224,224"], None, "'image'"),
    "no such size": ([ALEXNET, "--input-shape", "1,3,224"], None, "4 sizes"),
    "no number": ([ALEXNET, "--input-shape", "1,3,large,large"], None, "'large'"),
    "a size too small to run at": ([ALEXNET, "--input-shape", "1,3,0,224"], None, "0"),
    "no model": ([], None, "MODEL"),
}


@pytest.mark.slow
@pytest.mark.parametrize(("args", "content", "said"), BAD.values(), ids=BAD)
def test_bad_files_and_options(args: list[str], content: bytes | None, said: str, tmp_path: Path) -> None:
    """One line on standard error that names what is wrong, status 2, nothing on standard output, and no traceback."""
    if content is not None:
        (tmp_path / args[0]).write_bytes(content)
    done = strideinspect(*args, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("strideinspect: ")
    assert done.stderr.endswith("\n")
    assert done.stderr.count("\n") == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
