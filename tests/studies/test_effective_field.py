"""What a cell really sees: numbers by arithmetic, crops that change nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

import strideinspect
from strideinspect import Settings
from strideinspect.errors import UsageError
from strideinspect.report import effective_field_text
from strideinspect.studies import averaged_gradients as study
from tests.cli.process import SAMPLES
from tests.cli.process import strideinspect as run
from tests.oracle_models import Constant, model_of

ONES = np.ones((1, 1, 3, 3), np.float32)


def saved(
    tmp_path: Path,
    body: str,
    constants: Mapping[str, Constant],
    shape: tuple[int, ...] = (1, 1, 12, 12),
    opset: int = 18,
) -> Path:
    """A model of these nodes in a file."""
    path = tmp_path / "model.onnx"
    onnx.save(model_of(body, {"x": shape}, opset=opset, constants=constants), path)
    return path


def test_the_numbers_of_one_window_of_ones(tmp_path: Path) -> None:
    """Nine pixels of mass 1: the center holds 1/9, with its neighbours 5/9; the variance along an axis is 2/3."""
    path = saved(tmp_path, "y = Conv <pads = [1, 1, 1, 1]> (x, w)", {"w": ONES})
    field = strideinspect.erf(path, at="5,7", count=1)
    (seen,) = field.inputs
    expected = np.zeros((12, 12))
    expected[4:7, 6:9] = 1
    assert np.array_equal(seen.map, expected)
    assert seen.radius == {50: 1.0, 90: 1.41421, 99: 1.41421}
    assert seen.sigma == (0.816497, 0.816497)
    assert (seen.center, seen.centroid, seen.theoretical) == ((5.0, 7.0), (5.0, 7.0), (3, 3))
    assert seen.share_of_theoretical == 1.0  # eight of nine pixels hold 89 %
    assert (field.checks.support, field.source, field.count) == ("inside", "noise", 1)
    assert not seen.map.flags.writeable


def rectangle(scores: NDArray[np.float64], share: float) -> float | None:
    """RepLKNet's definition: a square about the middle pixel that grows until it holds more than a share."""
    middle = scores.shape[0] // 2
    for reach in range(1, middle):
        part = scores[middle - reach : middle + reach + 1, middle - reach : middle + reach + 1]
        if part.sum() / scores.sum() > share:
            return 100 * ((2 * reach + 1) / len(scores)) ** 2
    return None


def test_squares_are_those_of_replknet(tmp_path: Path) -> None:
    """Positive weights make the positive map the plain one, so that their definition applies to the map itself."""
    weight = np.random.default_rng(3).random((1, 1, 7, 7)).astype(np.float32)
    body = "a = Conv <pads = [3, 3, 3, 3]> (x, w) y = Conv <pads = [3, 3, 3, 3]> (a, w)"
    path = saved(tmp_path, body, {"w": weight}, (1, 1, 40, 40))
    x = np.ones((1, 1, 40, 40), np.float32)
    (seen,) = strideinspect.erf(path, data=[x]).inputs
    assert seen.square is not None
    scores = np.log10(seen.map + 1)
    for percent in (20, 30, 50, 99):
        assert seen.square[percent] == pytest.approx(rectangle(scores, percent / 100), rel=1e-5)


def test_the_default_cell_of_a_classifier_is_of_the_map_that_it_pools(tmp_path: Path) -> None:
    """No index of the output has a position; the last map is 10×10, and its middle is 5, 5."""
    path = saved(tmp_path, "m = Conv (x, w) g = GlobalAveragePool (m) y = Flatten (g)", {"w": ONES})
    at = strideinspect.erf(path, count=1).at
    assert (at.tensor, at.indices) == ("m", (5, 5))


DEEP = (
    "a = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, w) b = Relu (a) "
    "c = MaxPool <kernel_shape = [3, 3], strides = [2, 2], ceil_mode = 1> (b) "
    "y = Conv <pads = [1, 1, 1, 1]> (c, w)"
)


@pytest.mark.parametrize("at", ["0,0", "9,9", "4,19", "19,10"])
def test_a_crop_changes_nothing(at: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The map is the same to the last bit with the crop and without, in the middle and at each border."""
    weight = np.random.default_rng(3).standard_normal((1, 1, 3, 3)).astype(np.float32)
    path = saved(tmp_path, DEEP, {"w": weight}, (1, 1, 80, 80))
    with_crop = strideinspect.erf(path, at=at, count=2)
    assert with_crop.crop
    monkeypatch.setattr(study, "cropped", lambda *_: None)
    without = strideinspect.erf(path, at=at, count=2)
    assert not without.crop
    assert np.array_equal(with_crop.inputs[0].map, without.inputs[0].map)
    assert with_crop.inputs[0].square == without.inputs[0].square


def test_a_gate_over_the_whole_map_is_not_cropped(tmp_path: Path) -> None:
    """A squeeze-and-excite gate brings every pixel in, beyond the local field."""
    body = "g = GlobalAveragePool (x) s = Sigmoid (g) p = Mul (x, s) y = Conv <pads = [1, 1, 1, 1]> (p, w)"
    field = strideinspect.erf(saved(tmp_path, body, {"w": ONES}, (1, 1, 60, 60)), count=1)
    assert not field.crop
    assert field.inputs[0].map.all()
    assert field.checks.support == "unbounded"


def test_the_same_seed_gives_the_same_bytes() -> None:
    """Random weights and noise included; another seed gives other numbers."""
    model = str(SAMPLES / "cnn-stride2-torchscript.onnx")
    first, again, other = (run("erf", model, "--format", "json", "--seed", seed, "--count", "2") for seed in "778")
    assert first.returncode == 0
    assert first.stdout == again.stdout != other.stdout
    assert json.loads(first.stdout)["weights"] == "random"


def test_noise_is_the_same_whatever_the_number_of_inputs(tmp_path: Path) -> None:
    """The mean over two inputs and the map of the first give that of the second."""
    path = saved(tmp_path, "a = Conv (x, w) y = Tanh (a)", {"w": ONES})
    one, two = (strideinspect.erf(path, count=count).inputs[0].map for count in (1, 2))
    assert not np.array_equal(one, two)
    assert (2 * two - one >= -1e-9).all()


def test_quantisation_is_passed_straight_through(tmp_path: Path) -> None:
    """A convolution between quantisation and back has the map of the convolution alone, and it is said."""
    constants: dict[str, Constant] = {"w": ONES, "s": np.array(0.1, np.float32), "z": np.array(128, np.uint8)}
    body = "q = QuantizeLinear (x, s, z) d = DequantizeLinear (q, s, z) y = Conv (d, w)"
    field = strideinspect.erf(saved(tmp_path, body, constants), count=1)
    assert field.straight_through
    assert np.allclose(field.inputs[0].map[field.inputs[0].map > 0], 1, rtol=1e-6)
    assert np.count_nonzero(field.inputs[0].map) == 9


def test_maps_are_saved(tmp_path: Path) -> None:
    """As the array that the API gives."""
    path = saved(tmp_path, "y = Conv (x, w)", {"w": ONES})
    done = run("erf", str(path), "--save", str(tmp_path / "map.npy"), "--count", "1")
    assert done.returncode == 0, done.stderr
    assert np.array_equal(np.load(tmp_path / "map.npy"), strideinspect.erf(path, count=1).inputs[0].map)
    refused = run("erf", str(path), "--save", str(tmp_path / "map.png"))
    assert (refused.returncode, "written as .npy or .npz" in refused.stderr) == (2, True)


def test_images_need_pillow_or_are_decoded(tmp_path: Path) -> None:
    """Without Pillow the message names the extra; with it a white image is ones."""
    path = saved(tmp_path, "y = Conv (x, w)", {"w": ONES})
    (tmp_path / "photos").mkdir()
    try:
        from PIL import Image
    except ImportError:
        (tmp_path / "photos" / "white.png").write_bytes(b"")
        with pytest.raises(UsageError, match=r"pip install 'strideinspect\[erf\]'"):
            strideinspect.erf(path, images=tmp_path / "photos")
        return
    Image.new("L", (30, 20), 255).save(tmp_path / "photos" / "white.png")
    field = strideinspect.erf(path, images=tmp_path / "photos")
    assert (field.source, field.count) == ("images", 1)


@pytest.mark.slow
def test_growth_with_depth(tmp_path: Path) -> None:
    """Each 3×3 window of ones adds a variance of 2/3 along an axis, so that sigma/√depth is √(2/3) at every depth."""
    body = " ".join(f"t{n + 1} = Conv <pads = [1, 1, 1, 1]> (t{n}, w)" for n in range(15))
    path = tmp_path / "model.onnx"
    model = model_of(body, {"t0": (1, 1, 40, 40)}, constants={"w": ONES}, outputs=["t15"])
    onnx.save(model, path)
    field = strideinspect.erf(path, count=1, layers=True)
    assert len(field.growth) == 12  # of 15, from the first to the last
    assert [field.growth[0].depth, field.growth[-1].depth] == [1, 15]
    for step in field.growth:
        assert step.tensor == f"t{step.depth}"
        assert step.theoretical == (2 * step.depth + 1,) * 2
        assert step.sigma == pytest.approx(((2 / 3 * step.depth) ** 0.5,) * 2, rel=1e-4)
    assert strideinspect.erf(path, count=1).growth == ()
    # The command says it of the last of two windows.
    two = saved(tmp_path, "a = Conv (x, w) y = Conv (a, w)", {"w": ONES})
    shown = run("erf", str(two), "--count", "1", "--layers").stdout
    assert shown.count("0.816×0.816") == 2 + 1  # at depth 1 sigma itself, too
    told = json.loads(run("erf", str(two), "--count", "1", "--layers", "--format", "json").stdout)["growth"]
    assert (told[-1]["output"], told[-1]["depth"], told[-1]["theoretical"]) == ("y", 2, [5, 5])


@pytest.mark.slow
def test_resnet50_has_a_gradient_in_exactly_its_theoretical_field() -> None:
    """427 rows and columns, the number of papers, at an input that is large enough; most mass lies far inside."""
    model = SAMPLES / "resnet50-torchscript.onnx"
    field = strideinspect.erf(model, count=1, input_shapes={"image": (1, 3, 512, 512)})
    (seen,) = field.inputs
    for axis in (0, 1):
        assert np.count_nonzero(seen.map.any(axis)) == 427
    assert seen.theoretical == (427, 427)
    assert max(seen.sigma) < 427 / 6
    assert (field.checks.support, field.random_weights) == ("inside", True)


RESIDUAL = SAMPLES.parent / "effective_fields" / "models" / "residual-torchscript.onnx"


@pytest.mark.slow
def test_a_keras_resnet_with_same_padding_agrees_to_six_digits() -> None:
    """Its windows are padded by one side more than by the other, which a transposed convolution has to undo."""
    field = strideinspect.erf(SAMPLES / "resnet18-keras.onnx", count=1)
    assert field.checks.adjoint <= 5e-6
    assert "checked: forward and reverse derivative agree to 6 digits" in effective_field_text.remarks(field)


def test_half_precision_is_computed_in_single_precision(tmp_path: Path) -> None:
    """The map is that of the same weights in single precision, but for their own rounding to 11 bits."""
    model = onnx.load(RESIDUAL)
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            values = onnx.numpy_helper.to_array(tensor).astype(np.float16)
            tensor.CopyFrom(onnx.numpy_helper.from_array(values, tensor.name))
    for entry in (*model.graph.input, *model.graph.output):
        entry.type.tensor_type.elem_type = onnx.TensorProto.FLOAT16
    onnx.save(model, tmp_path / "half.onnx")
    half, single = (strideinspect.erf(path, count=1).inputs[0].map for path in (tmp_path / "half.onnx", RESIDUAL))
    assert 0 < np.linalg.norm(half - single) < 2**-9 * np.linalg.norm(single)


@pytest.mark.slow
def test_weights_in_another_file_are_read_or_drawn(tmp_path: Path) -> None:
    """From the model's folder; without that file they are random, which is said."""
    path = tmp_path / "model.onnx"
    onnx.save(onnx.load(RESIDUAL), path, save_as_external_data=True, location="weights", size_threshold=0)
    found = strideinspect.erf(path, count=1)
    assert not found.random_weights
    assert np.array_equal(found.inputs[0].map, strideinspect.erf(RESIDUAL, count=1).inputs[0].map)
    (tmp_path / "weights").unlink()
    assert strideinspect.erf(path, count=1).random_weights
    assert "random ones were drawn" in run("erf", str(path), "--count", "1").stdout


def test_a_constant_of_the_network_is_no_lost_weight(tmp_path: Path) -> None:
    """A detector adds its stride at every anchor, a tensor of one number: the kernels are the file's own."""
    shape, eights = np.array([1, 1, 10, 10]), "c = ConstantOfShape <value = float[1] {8}> (s)"
    path = saved(tmp_path, f"{eights} a = Conv (x, w) y = Add (a, c)", {"w": ONES, "s": shape})
    field = strideinspect.erf(path, count=1)
    assert not field.random_weights
    assert np.count_nonzero(field.inputs[0].map == 1) == 9
    kernel = "k = ConstantOfShape <value = float[1] {0.1}> (t) a = Conv (x, k) y = Add (a, c)"
    path = saved(tmp_path, f"{eights} {kernel}", {"s": np.array([1, 2, 10, 10]), "t": np.array([2, 1, 3, 3])})
    assert strideinspect.erf(path, count=1).random_weights


def test_a_pooling_as_large_as_the_map_leaves_the_map_before_it(tmp_path: Path) -> None:
    """Its one cell has a closed form, 12 pixels, but no position."""
    body = "m = Conv (x, w) g = AveragePool <kernel_shape = [10, 10]> (m) y = Flatten (g)"
    at = strideinspect.erf(saved(tmp_path, body, {"w": ONES}), count=1).at
    assert (at.tensor, at.indices) == ("m", (5, 5))


@pytest.mark.slow
def test_several_cells_at_once(tmp_path: Path) -> None:
    """Also of different layers, each as if it were asked for alone; one that is named twice is computed once."""
    path = saved(tmp_path, "a = Conv <pads = [1, 1, 1, 1]> (x, w) y = Conv <pads = [1, 1, 1, 1]> (a, w)", {"w": ONES})
    field = strideinspect.erf(path, at=["y:5,6", "a:2,3", "y:5,6"], count=1)
    assert [(cell.at.tensor, cell.at.indices) for cell in (field, *field.further)] == [("y", (5, 6)), ("a", (2, 3))]
    assert [cell.inputs[0].theoretical for cell in (field, *field.further)] == [(5, 5), (3, 3)]
    assert np.array_equal(field.further[0].inputs[0].map, strideinspect.erf(path, at="a:2,3", count=1).inputs[0].map)
    maps = tmp_path / "maps.npz"
    asked = ("erf", str(path), "--at", "y:5,6", "--at", "a:2,3", "--count", "1", "--save", str(maps))
    shown = run(*asked, "--format", "json")
    document = json.loads(shown.stdout)
    (other,) = document["further"]
    assert [(cell["output"], cell["at"]) for cell in (document, other)] == [("y", [5, 6]), ("a", [2, 3])]
    assert other["inputs"][0]["theoretical"] == [3, 3]
    with np.load(maps) as found:
        assert {name: np.count_nonzero(found[name]) for name in found} == {"y:5,6/x": 25, "a:2,3/x": 9}
    refused = run(
        "erf", str(path), "--at", "y:5,6", "--at", "a:2,3", "--count", "1", "--save", str(maps.with_suffix(".npy"))
    )
    assert (refused.returncode, "there are 2 maps; write --save map.npz" in refused.stderr) == (2, True)


def test_the_levels_of_a_detector(tmp_path: Path) -> None:
    """An output of two maps side by side, 8×6 and 4×3, has the middle cell of each; the default is the first one's."""
    heads = " ".join(f"{n}1 = Reshape ({n}, flat)" for n in "ab")
    body = " ".join(
        f"{y} = Conv <pads = [1, 1, 1, 1], strides = [{stride}, {stride}]> ({x}, w)"
        for x, y, stride in (("x", "a", 8), ("a", "b", 2))
    )
    path = saved(
        tmp_path, f"{body} {heads} y = Concat <axis = 2> (a1, b1)", {"w": ONES, "flat": [1, 1, -1]}, (1, 1, 64, 48)
    )
    at = strideinspect.erf(path, count=1).at
    assert (at.tensor, at.indices) == ("a", (4, 3))
    report = strideinspect.inspect(path, settings=Settings(verify="none", erf=True))
    found = [
        (one.output, one.field.at.tensor, one.field.at.indices) for one in report.effective if one.field is not None
    ]
    assert found == [("y", "a", (4, 3)), ("y", "b", (2, 1))]
