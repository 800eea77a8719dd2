"""What outputs really see, on the page: drawings to scale, numbers of the result, photos, and empty states."""

from __future__ import annotations

import io
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import onnx
import pytest

import strideinspect
from strideinspect import Report, Settings, inspect, report_page
from strideinspect.page import effective_drawing, heat_map
from strideinspect.page.png import png
from strideinspect.results.effective_parts import EffectiveInput
from tests.oracle_models import Constant, model_of

ONES = np.ones((1, 1, 3, 3), np.float32)
RANDOM = np.random.default_rng(3).standard_normal((4, 3, 5, 5)).astype(np.float32)
SETTINGS = Settings(verify="none", erf=True)


def saved(folder: Path, body: str, shape: tuple[int, ...], **constants: Constant) -> Path:
    """A model of these nodes in a file."""
    path = folder / "model.onnx"
    onnx.save(model_of(body, {"x": shape}, opset=18, constants=constants), path)
    return path


def padded(folder: Path) -> Report:
    """Three windows of ones on an image of 5×6: each output has a theoretical field of 7×7, which is larger."""
    body = " ".join(f"{y} = Conv <pads = [1, 1, 1, 1]> ({x}, w)" for x, y in ("xa", "ab", "by"))
    return inspect(saved(folder, body, (1, 1, 5, 6), w=ONES), settings=SETTINGS)


def test_a_png_is_one() -> None:
    """Pillow reads the pixels and their colours."""
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    palette = [(1, 2, 3, 0), (200, 100, 50, 128), (9, 8, 7, 255)]
    pixels = np.array([[0, 1, 2, 1], [2, 2, 0, 1], [1, 0, 0, 0]], np.uint8)
    with image.open(io.BytesIO(png(pixels, palette))) as found:
        assert np.array_equal(np.asarray(found.convert("RGBA")), np.array(palette, np.uint8)[pixels])


def test_a_large_map_is_averaged() -> None:
    """600 pixels become 200 means of three; of 7 by two the last is of one."""
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    with image.open(io.BytesIO(heat_map.heat_map(np.ones((600, 30))))) as found:
        assert found.size == (10, 200)
    assert heat_map.averaged(np.arange(7.0), 2, 0).tolist() == [0.5, 2.5, 4.5, 6]


def test_the_numbers_are_those_of_the_result(tmp_path: Path) -> None:
    """Radii, deviation and share as the report has them, and as `erf` answers."""
    report = padded(tmp_path)
    (output,) = report.effective
    assert output.field is not None
    (seen,) = output.field.inputs
    assert np.array_equal(seen.map, strideinspect.erf(report.path).inputs[0].map)
    page = report_page.html([report])
    assert f"50 % of the mass within {seen.radius[50]:.3g} pixels of the center" in page
    assert f'<td class="number">{seen.sigma[0]:.3g}</td>' in page
    # 30 pixels, of which the least dense hold less than 10 %, of 49 of the field
    assert seen.share_of_theoretical is not None
    assert (
        f"The densest 90 % of the mass takes up {100 * seen.share_of_theoretical:.1f} % of the theoretical field"
        in page
    )
    assert "actual field: rows 0–4, columns 0–5" in page


def test_the_drawing_is_to_scale(tmp_path: Path) -> None:
    """The theoretical field is 7×7 pixels about row 2, column 3, the actual one the image, circles have the radii."""
    (output,) = padded(tmp_path).effective
    assert output.field is not None
    (seen,) = output.field.inputs
    (drawing,) = effective_drawing.drawings(seen, "label", "")
    root = ET.fromstring(drawing.markup)  # noqa: S314  # our own
    parts = {part.get("class", "").split()[-1]: part for part in root}

    def numbers(name: str, *keys: str) -> list[float]:
        return [float(parts[name].get(key, "nan")) for key in keys]

    x, y, wide, high = numbers("sheet", "x", "y", "width", "height")
    scale = wide / 6
    assert high == pytest.approx(5 * scale, abs=0.2)
    for name, box in {"exact": (0, 0, 6, 5), "theory": (-0.0, -1, 7, 7), "pixels": (0, 0, 6, 5)}.items():
        expected = [x + box[0] * scale, y + box[1] * scale, box[2] * scale, box[3] * scale]
        assert numbers(name, "x", "y", "width", "height") == pytest.approx(expected, abs=0.3)
    for percent, radius in seen.radius.items():
        middle = [x + 3.5 * scale, y + 2.5 * scale, radius * scale]
        assert numbers(f"w{percent}", "cx", "cy", "r") == pytest.approx(middle, abs=0.3)
    assert (root.get("role"), root.get("aria-label"), drawing.caption) == ("img", "label", "x, rows 0–4, columns 0–5")


def shown(theoretical: int, extent: int, exact: tuple[int, int]) -> EffectiveInput:
    """A signal whose middle sample has all of the mass."""
    mass = np.zeros(extent)
    mass[extent // 2] = 1
    center = (extent // 2,) * 1
    return EffectiveInput(
        "x", (2,), (theoretical,), center, center, {50: 0.0, 90: 0.0, 99: 0.0}, (0.0,), 1.0, None, mass, (exact,), ()
    )


@pytest.mark.parametrize(
    ("theoretical", "extent", "exact", "caption", "beyond"),
    [
        (31, 1000, (485, 515), "samples 469–531: share of the mass per sample, at most all", False),
        (3001, 1000, (0, 999), "samples 0–999: share of the mass per sample, in the mean of 3, at most 33.3 %", True),
    ],
)
def test_what_is_shown_of_a_signal(
    theoretical: int, extent: int, exact: tuple[int, int], caption: str, *, beyond: bool
) -> None:
    """Of a small field itself and as much to each side; of one that is far larger than the signal only the signal."""
    seen = shown(theoretical, extent, exact)
    (drawing,) = effective_drawing.drawings(seen, "label", "")
    assert drawing.caption.endswith(caption)
    assert effective_drawing.beyond(seen) is beyond


def test_three_slices_of_a_volume(tmp_path: Path) -> None:
    """One along each pair of axes, through the center of the field."""
    body = "y = Conv <pads = [1, 1, 1, 1, 1, 1]> (x, w)"
    report = inspect(saved(tmp_path, body, (1, 1, 5, 7, 9), w=np.ones((1, 1, 3, 3, 3), np.float32)), settings=SETTINGS)
    captions = re.findall("<figcaption>(x, .*?)</figcaption>", report_page.html([report]))
    assert captions == [
        "x, slice 2, rows 0–6, columns 0–8",
        "x, row 3, slices 0–4, columns 0–8",
        "x, column 4, slices 0–4, rows 0–6",
    ]


def test_the_gradient_of_a_photo(tmp_path: Path) -> None:
    """With a photo the map is that of the photo alone, as it is fed for the feature maps; it lies under the map."""
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    from strideinspect import photo

    file = tmp_path / "photo.png"
    image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8)).save(file)
    report = inspect(saved(tmp_path, "a = Conv (x, w) y = Tanh (a)", (1, 3, 24, 24), w=RANDOM), settings=SETTINGS)
    prepared = photo.prepared(report, file)
    assert prepared is not None
    expected = strideinspect.erf(report.path, data=[prepared.numbers]).inputs[0]
    page = report_page.html([report], [report_page.ReportOrigin(report.path, SETTINGS, file)])
    assert f'<td class="number">{expected.sigma[0]:.3g}</td><td class="number">12</td>' in page
    assert "really sees, by its gradients at 1 image" in page
    assert "the image was fed as RGB scaled to 0…1, then by ImageNet" in page
    assert page.count('<use href="#m1-photo"') == page.count('<image id="m1-photo"') == 1


def test_bytes_are_fed_as_they_are(tmp_path: Path) -> None:
    """An input of unsigned bytes takes the pixels of a photo unscaled."""
    image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
    file = tmp_path / "photo.png"
    image.new("L", (24, 24), 200).save(file)
    path = saved(tmp_path, "f = Cast <to = 1> (x) y = Conv (f, w)", (1, 1, 24, 24), w=ONES)
    model = onnx.load(path)
    model.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.UINT8
    onnx.save(model, path)
    report = inspect(path, settings=SETTINGS)
    page = report_page.html([report], [report_page.ReportOrigin(report.path, SETTINGS, file)])
    assert "gray values from 0 to 255" in page


def test_empty_states(tmp_path: Path) -> None:
    """Not asked for; a gradient that is not known; a file without weights: random ones are shown and not judged."""
    path = saved(
        tmp_path, "a = Conv (x, w) y = Softmax <axis = 1> (a)", (1, 1, 9, 9), w=np.array([[[[1]]], [[[2]]]], np.float32)
    )
    assert "strideinspect MODEL --erf --output report.html computes" in report_page.html([inspect(path, verify="none")])
    page = report_page.html([inspect(path, settings=SETTINGS)])
    assert "not known: the gradient of this cell of y is rounding noise" in page
    body = "w = ConstantOfShape <value = float[1] {1}> (s) y = Conv (x, w)"
    report = inspect(saved(tmp_path, body, (1, 2, 9, 9), s=np.array([2, 2, 3, 3])), settings=SETTINGS)
    (output,) = report.effective
    assert (output.reason, output.field is None) == ("the file has no weights", False)
    (finding,) = report.findings
    assert (finding.rule, finding.help.startswith("inspect the file with its weights")) == (
        "effective-field-unknown",
        True,
    )
    assert "random ones were drawn, as before training" in report_page.html([report])
