"""A photo on the page: under the boxes, and as the feature maps that onnxruntime computes with the real weights."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

from strideinspect import inspect, photo, report_page
from strideinspect.results.report import Report
from strideinspect.settings import Settings
from tests.cli.process import SAMPLES, strideinspect
from tests.oracle_models import model_of

image_module = pytest.importorskip("PIL.Image", reason="Pillow is not installed")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture of 40 by 20 pixels whose left half is dark; red grows downwards."""
    pixels = np.zeros((20, 40, 3), dtype=np.uint8)
    pixels[:, 20:] = 200
    pixels[..., 0] += np.arange(20, dtype=np.uint8)[:, None]
    file = tmp_path / "photo.png"
    image_module.fromarray(pixels).save(file)
    return file


def inspected(folder: Path, weights: np.ndarray) -> Report:
    """A convolution with stride 2 and a pooling, on pictures of 16 by 16."""
    model = model_of(
        "a = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, w) "
        "y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (a)",
        {"x": (1, 3, 16, 16)},
    )
    model.graph.initializer.append(numpy_helper.from_array(weights.astype(np.float32), "w"))
    onnx.save(model, folder / "model.onnx")
    return inspect(folder / "model.onnx", verify="none")


def test_maps_are_those_of_onnxruntime(tmp_path: Path, picture: Path) -> None:
    """The pictures are the channels that vary most, from their least to their largest value."""
    weights = np.random.default_rng(0).normal(size=(8, 3, 3, 3))
    report = inspected(tmp_path, weights)
    found = photo.pictures(report, report.path, photo.prepared(report, picture), {})
    assert (found.input, found.reason) == ("x", "")
    assert [stage.node for stage in found.stages] == ["a", "y"]

    fitted = np.asarray(image_module.open(picture).convert("RGB").crop((10, 0, 30, 20)).resize((16, 16), 3))
    fed = (fitted / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    session = onnxruntime.InferenceSession(report.path, providers=["CPUExecutionProvider"])
    (expected,) = session.run(["y"], {"x": fed.transpose(2, 0, 1)[None].astype(np.float32)})
    number, png = found.stages[1].channels[0]
    shown = np.asarray(image_module.open(io.BytesIO(png))).astype(float)
    channel = expected[0, number].astype(float)
    assert number == int(expected[0].reshape(8, -1).std(axis=1).argmax())
    assert shown == pytest.approx((channel - channel.min()) / np.ptp(channel) * 255, abs=3)


def test_on_the_page(tmp_path: Path, picture: Path) -> None:
    """The photo is in the data of its input, the maps are pictures, and nothing is loaded from anywhere."""
    report = inspected(tmp_path, np.random.default_rng(0).normal(size=(8, 3, 3, 3)))
    page = report_page.html([report], [report_page.ReportOrigin(report.path, Settings(), picture)])
    assert '"image":"data:image/jpeg;base64,' in page
    assert page.count('<img src="data:image/png;base64,') == 2 * 6
    assert "no photo was given" not in page


def test_weights_that_are_no_weights(tmp_path: Path, picture: Path) -> None:
    """Maps without any variation are not shown, and the page says why."""
    report = inspected(tmp_path, np.zeros((8, 3, 3, 3)))
    found = photo.pictures(report, report.path, photo.prepared(report, picture), {})
    assert found.stages == ()
    assert found.reason == "all feature maps are constant: the file has no trained weights"
    assert found.photo


def test_no_input_for_a_picture(picture: Path) -> None:
    """A model of signals takes no photo."""
    path = str(SAMPLES / "wavenet-keras.onnx")
    report = inspect(path, verify="none")
    found = photo.pictures(report, path, photo.prepared(report, picture), {})
    assert found.reason == "no input of this model takes a picture of one or three channels"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--image", "photo.png"], "--image only affects the HTML page"),
        (["--image", "gone.jpg", "--output", "report.html"], "cannot read the image gone.jpg"),
    ],
)
def test_wrong_options(arguments: list[str], message: str, tmp_path: Path, picture: Path) -> None:
    """A photo without a page, and one that is not there, are told before anything is inspected."""
    assert picture.exists()
    done = strideinspect(str(SAMPLES / "alexnet-stem-dynamo.onnx"), *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
