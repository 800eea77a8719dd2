"""Fixes are what they are said to be: safe ones change no bit, unsafe ones leave nothing unseen, both run."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

import strideinspect
from strideinspect.errors import UsageError
from strideinspect.results.fixed import Fixed
from tests.edit.branching import branching
from tests.oracle_models import Constant, model_of
from tests.some_slow import some_slow

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
W: dict[str, Constant] = {"w": (4, 1, 3, 3), "v": (4, 4, 3, 3)}
LOSES = "a = Conv <strides = [2, 2]> (x, w) y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (a)"
SAME = (
    'a = Conv <strides = [2, 2], auto_pad = "SAME_UPPER"> (x, w) b = Relu (a) '
    'y = MaxPool <kernel_shape = [3, 3], strides = [2, 2], auto_pad = "SAME_LOWER"> (b)'
)


def saved(body: str, folder: Path, size: tuple[int, ...] = (1, 1, 22, 24), opset: int = 18) -> Path:
    """A model with one input."""
    path = folder / "model.onnx"
    onnx.save(onnx.shape_inference.infer_shapes(model_of(body, {"x": size}, opset=opset, constants=W)), path)
    return path


def run(path: Path | str, seed: int = 1) -> list[np.ndarray]:
    """The outputs for noise of another seed than the program uses."""
    session = onnxruntime.InferenceSession(path)
    (given,) = session.get_inputs()
    feed = np.random.default_rng(seed).normal(size=given.shape).astype(np.float32)
    return [np.asarray(made) for made in session.run(None, {given.name: feed})]


def names(found: Fixed) -> tuple[list[str], list[str]]:
    """The fixes that were made, and those that were not allowed."""
    return [fix.name for fix in found.fixes], [fix.name for fix in found.unsafe]


@pytest.mark.slow
@pytest.mark.parametrize("opset", some_slow([8, 9, 10, 13, 18], {8, 10, 13}))
def test_a_crop_changes_no_bit(opset: int, tmp_path: Path) -> None:
    """By hand: 22 → 10 → 5 and 24 → 11 → 5: rows 0–20 and columns 0–20 are used. Slice changed at 10."""
    path, out = saved(LOSES, tmp_path, opset=opset), tmp_path / "out.onnx"
    found = strideinspect.fix(path, out)
    assert names(found) == (["crop-unseen"], ["pad-input"])
    assert (found.output, found.comparison.status) == (str(out), "equal")
    assert [made.tobytes() for made in run(out)] == [made.tobytes() for made in run(path)]
    sizes = {unseen.axis: unseen.ranges for unseen in found.before.unseen}
    assert sizes == {2: ((21, 21),), 3: ((21, 23),)}
    assert [t.SerializeToString() for t in onnx.load(out).graph.initializer] == [
        t.SerializeToString() for t in onnx.load(path).graph.initializer
    ]
    onnx.checker.check_model(onnx.load(out), full_check=True)
    # What a Slice leaves out, it leaves out on purpose: the warning is a note now.
    warnings = [f.rule for f in strideinspect.inspect(out).findings if f.severity == "warning"]
    assert warnings == []


@pytest.mark.parametrize("opset", [9, 11, 18])
def test_padding_leaves_nothing_unseen(opset: int, tmp_path: Path) -> None:
    """By hand: 25 rows make 12 of the first layer and 6 of the pool, and nothing is lost. Pad changed at 11."""
    path, out = saved(LOSES, tmp_path, (1, 1, 22, 22), opset), tmp_path / "out.onnx"
    found = strideinspect.fix(path, out, unsafe_fixes=True)
    assert names(found) == (["pad-input"], [])
    assert found.fixes[0].text == "pads x with 3 rows and columns of zeros at the end, to 25 rows and columns"
    assert found.after.unseen == ()
    assert found.comparison.status in ("equal", "changed")
    image = np.zeros((1, 1, 25, 25), np.float32)
    image[..., :22, :22] = np.random.default_rng(1).normal(size=(1, 1, 22, 22)).astype(np.float32)
    larger = onnx.load(path)
    larger.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 25
    larger.graph.input[0].type.tensor_type.shape.dim[3].dim_value = 25
    del larger.graph.value_info[:], larger.graph.output[0].type.tensor_type.shape.dim[:]
    (expected,) = onnxruntime.InferenceSession(larger.SerializeToString()).run(None, {"x": image})
    np.testing.assert_array_equal(run(out)[0], expected)


@pytest.mark.slow
def test_alexnet_at_224(tmp_path: Path) -> None:
    """It was designed for 227: three rows and columns more, and no output misses a pixel; onnxruntime runs it."""
    model = LIGHT / "light_bvlc_alexnet.onnx"
    found = strideinspect.fix(model, tmp_path / "out.onnx", unsafe_fixes=True)
    assert found.fixes[0].text == "pads data_0 with 3 rows and columns of zeros at the end, to 227 rows and columns"
    assert (found.before.unseen != (), found.after.unseen, found.after.dropped, found.left) == (True, (), (), ())
    assert run(tmp_path / "out.onnx")[0].shape == (1, 1000)
    assert strideinspect.inspect(tmp_path / "out.onnx").verification.status == "agreed"


def test_same_padding_is_written_as_pads(tmp_path: Path) -> None:
    """The bits stay, and no auto_pad is left. By hand: 22 to 11 needs 21 + 2 − 22 = 1 row, at the end."""
    path, out = saved(SAME, tmp_path), tmp_path / "out.onnx"
    found = strideinspect.fix(path, out)
    assert names(found)[0] == ["explicit-padding"]
    assert found.comparison.status == "equal"
    assert [made.tobytes() for made in run(out)] == [made.tobytes() for made in run(path)]
    attributes = {
        a.name: list(a.ints) for node in onnx.load(out).graph.node for a in node.attribute if a.name != "kernel_shape"
    }
    assert "auto_pad" not in attributes
    first = {a.name: list(a.ints) for a in onnx.load(out).graph.node[0].attribute}
    assert first["pads"] == [0, 0, 1, 1]


def test_what_is_in_a_branch_is_left_alone(tmp_path: Path) -> None:
    """No edit reaches a layer inside an If: nothing is proposed there, and the rest is mended."""
    path, out = tmp_path / "model.onnx", tmp_path / "out.onnx"
    onnx.save(branching("auto_pad", "SAME_UPPER"), path)
    found = strideinspect.fix(path, out, unsafe_fixes=True)
    assert not {node for fix in found.fixes for node in fix.nodes} & {"inside_then", "inside_else"}
    onnx.save(branching("auto_pad", "SAME_UPPER", outside="SAME_UPPER"), path)
    found = strideinspect.fix(path, out, input_values={"flag": True})
    assert [(fix.name, fix.nodes) for fix in found.fixes] == [("explicit-padding", ("a",))]
    assert found.comparison.status == "equal"


def test_a_layer_inside_is_padded(tmp_path: Path) -> None:
    """A pool of 2 drops the last of 21 rows, whose pixels other rows depend on, too: the map is padded."""
    body = "a = Conv <pads = [1, 1, 1, 1]> (x, w) y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (a)"
    path, out = saved(body, tmp_path, (1, 1, 21, 22)), tmp_path / "out.onnx"
    found = strideinspect.fix(path, out, unsafe_fixes=True)
    assert names(found) == (["pad-layer"], [])
    assert (found.after.dropped, run(out)[0].shape) == ((), (1, 4, 11, 11))


def test_a_fix_that_breaks_the_head_is_not_proposed(tmp_path: Path) -> None:
    """With one row more the Reshape would not fit; the crop does not touch it."""
    body = "a = Conv <strides = [2, 2]> (x, w) y = Reshape (a, to)"
    model = model_of(body, {"x": (1, 1, 22, 22)}, constants={**W, "to": [1, 400]})
    onnx.save(model, tmp_path / "model.onnx")
    assert names(strideinspect.fix(tmp_path / "model.onnx")) == (["crop-unseen"], [])


def test_open_sizes_are_left_alone(tmp_path: Path) -> None:
    """A crop for one size would be wrong at another."""
    model = model_of(LOSES, {"x": (1, 1, 22, 24)}, constants=W)
    for axis in (2, 3):
        model.graph.input[0].type.tensor_type.shape.dim[axis].dim_param = "n"
    onnx.save(model, tmp_path / "model.onnx")
    found = strideinspect.fix(tmp_path / "model.onnx", tmp_path / "out.onnx")
    assert names(found) == ([], [])


def test_with_nothing_to_fix_the_model_is_copied(tmp_path: Path) -> None:
    """Byte for byte, with its weights: a script goes on with the output file whether or not there was something to fix.

    The weights are in a file of their own, which is copied beside the model.
    """
    model = model_of("y = Conv <pads = [1, 1, 1, 1]> (x, w)", {"x": (1, 1, 8, 8)}, constants={"w": (1, 1, 3, 3)})
    path, other = tmp_path / "model.onnx", tmp_path / "other"
    other.mkdir()
    onnx.save(model, path, save_as_external_data=True, location="weights.bin", size_threshold=0)
    found = strideinspect.fix(path, other / "out.onnx")
    assert (names(found), found.output) == (([], []), str(other / "out.onnx"))
    assert (found.comparison.status, found.comparison.reason) == ("not-compared", "there is nothing to fix")
    assert (other / "out.onnx").read_bytes() == path.read_bytes()
    assert (other / "weights.bin").read_bytes() == (tmp_path / "weights.bin").read_bytes()


def test_what_needs_training_is_described(tmp_path: Path) -> None:
    """A 1×1 convolution with stride 2 skips three of four places of its map: no edit brings them back."""
    body = "a = Conv <pads = [1, 1, 1, 1]> (x, w) y = Conv <strides = [2, 2]> (a, p)"
    onnx.save(model_of(body, {"x": (1, 1, 21, 21)}, constants={**W, "p": (2, 4, 1, 1)}), tmp_path / "m.onnx")
    found = strideinspect.fix(tmp_path / "m.onnx")
    assert names(found) == ([], [])
    assert [one.rule for one in found.left] == ["stride-gap"]


def test_without_a_file_nothing_is_written(tmp_path: Path) -> None:
    """The edits are shown as text: what goes and what comes."""
    path = saved(LOSES, tmp_path)
    found = strideinspect.fix(path)
    assert [*tmp_path.iterdir()] == [path]
    assert found.comparison.reason == "nothing was written"
    assert found.diff[0] == "@@ Conv a"
    assert [line[:2] for line in found.diff].count("- ") == 1
    assert any(line.startswith("+ x_cropped = Slice") for line in found.diff)


def test_the_model_itself_is_never_written(tmp_path: Path) -> None:
    """Not even by another path."""
    path = saved(LOSES, tmp_path)
    with pytest.raises(UsageError, match="is the model itself"):
        strideinspect.fix(path, tmp_path / ".." / tmp_path.name / "model.onnx")
    with pytest.raises(UsageError, match="cannot write"):
        strideinspect.fix(path, tmp_path / "no" / "out.onnx")
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("graph", [LOSES, "y = Conv (x, w)"], ids=["with a fix", "with nothing to fix"])
def test_a_pipe_stays_a_pipe(graph: str, tmp_path: Path) -> None:
    """Nothing takes its place, as it would the place of a device such as /dev/null."""
    path = saved(graph, tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="is a device or a pipe"):
        strideinspect.fix(path, tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()


def test_missing_weights_are_said(tmp_path: Path) -> None:
    """Without them nothing can be compared; the model is written all the same, and the report says so."""
    model = onnx.load(saved(LOSES, tmp_path))
    onnx.save(model, tmp_path / "e.onnx", save_as_external_data=True, location="e.bin", size_threshold=0)
    (tmp_path / "e.bin").unlink()
    comparison = strideinspect.fix(tmp_path / "e.onnx", tmp_path / "out.onnx").comparison
    assert comparison.status == "not-compared"
    assert "weights are missing" in (comparison.reason or "")
