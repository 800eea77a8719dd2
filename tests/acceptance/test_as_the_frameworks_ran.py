"""Fields, strides and sizes of every sample: published, measured by the frameworks, and run in onnxruntime."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest

from tests.acceptance.runs import FILES, NETWORKS, SLOW, family, last_of_the_coarsest_map, model_of, reports
from tests.cli.process import SAMPLES
from tests.some_slow import some_slow

EXPECTED: dict[str, dict[str, Any]] = json.loads((SAMPLES / "expected.json").read_text(encoding="utf-8"))


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
    fields = last_of_the_coarsest_map(model_of(f"{name}.onnx"))["fields"]
    assert len(fields) == 2
    for field in fields:
        assert (field["size"], int(field["stride"]), -field["first"]) == published


def test_every_sample_is_there() -> None:
    """The samples that the frameworks spoke of are the samples that are inspected here."""
    assert sorted(EXPECTED) == FILES
    assert {f"{name}.onnx" for name in PUBLISHED} <= set(FILES)
    assert len(NETWORKS) == 9


@pytest.mark.parametrize("name", some_slow((name for name in FILES if EXPECTED[name]["field"]), SLOW))
def test_fields_as_the_frameworks_gradients_show_them(name: str) -> None:
    """Size, stride and padding at the last window of the coarsest map are what PyTorch and Keras measured."""
    model, said = model_of(name), EXPECTED[name]["field"]
    # Where the size is dynamic, so is SAME padding: the frameworks were asked at another size.
    resized = model["inputs"][0]["assumed"] and "same" in name
    # Its last window slides over a map that was taken apart: what is put together again is the output.
    apart = name == "dilated-dynamic-keras.onnx"
    field = (model["outputs"][0] if apart else last_of_the_coarsest_map(model))["fields"][0]
    assert (field["size"], field["stride"]) == (said["size"], str(said["stride"]))
    assert resized or -field["first"] == said["padding"]


# Keras' one-dimensional convolutions become two-dimensional ones over a height of 1.
SIZED = [name for name in FILES if "dynamic" not in name and name != "wavenet-keras.onnx"]


@pytest.mark.parametrize("name", some_slow(SIZED, SLOW))
def test_windows_as_the_framework_ran_them(name: str) -> None:
    """Every convolution and pool has the stride and the output size that the framework's own layers gave."""
    said = Counter((w["op"], *w["stride"], *w["size"]) for w in EXPECTED[name]["windows"])
    found: Counter[tuple[Any, ...]] = Counter()
    for node in model_of(name)["nodes"]:
        if node["op"] in {window["op"] for window in EXPECTED[name]["windows"]}:
            found[node["op"], *node["stride"], *node["output_shape"][2:]] += 1
    assert found == said


# What cannot be checked, and why: the image decides where GridSample looks.
UNCHECKED = {
    "spatial-transformer-dynamo.onnx": ("fields", 4, "GridSample"),
    "spatial-transformer-torchscript.onnx": ("fields", 4, "AffineGrid"),
}


@pytest.mark.slow
@pytest.mark.parametrize("network", sorted({family(name) for name in [*FILES, *NETWORKS]}))
def test_onnxruntime_agrees(network: str) -> None:
    """Every shape, every window of every model and every unseen row: agreed, or not checked for a stated reason."""
    for name, model in reports(name for name in [*FILES, *NETWORKS] if family(name) == network).items():
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
        assert model | {"verification": None} == model_of(name) | {"verification": None}, name


@pytest.mark.parametrize("name", some_slow(FILES, SLOW))
def test_every_window_is_reported(name: str) -> None:
    """There are at least as many windows as the framework ran."""
    slid = {
        "Conv", "QLinearConv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool",
        "QLinearGlobalAveragePool",
    }  # fmt: skip
    ran = sum(node["op"] in slid for node in model_of(name)["nodes"])
    assert ran >= len(EXPECTED[name]["windows"]) > 0
