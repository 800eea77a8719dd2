"""Changed strides, dilations, padding and kernels: what is said of them is what onnxruntime makes of the saved file."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

import strideinspect
from strideinspect.errors import UnsupportedModelError, UsageError
from strideinspect.report import whatif_text
from strideinspect.results.whatif_result import WhatIf
from tests.edit.branching import branching, calling
from tests.oracle_models import Constant, model_of, weights

SAMPLES = Path(__file__).parents[2] / "sample_models"
SIZE = (1, 1, 40, 36)
W: dict[str, Constant] = {"w": (4, 1, 3, 3), "v": (4, 4, 3, 3), "p": (4, 4, 1, 1)}
CHAIN = (
    "a = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, w) r = Relu (a) "
    "b = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (r) c = Conv <pads = [1, 1, 1, 1]> (b, v) "
    "y = Conv <strides = [2, 2], pads = [0, 0, 1, 1]> (c, v)"
)
RESIDUAL = (
    "a = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, w) r = Relu (a) "
    "b = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (r, v) c = Conv <strides = [2, 2]> (r, p) "
    "s = Add (b, c) t = Relu (s) y = Conv <pads = [1, 1, 1, 1]> (t, v)"
)


def saved(body: str, folder: Path, constants: dict[str, Constant] | None = None) -> Path:
    """A model whose inner shapes and output are declared, as exporters do."""
    model = onnx.shape_inference.infer_shapes(
        model_of(body, {"x": SIZE}, constants=W if constants is None else constants)
    )
    path = folder / "model.onnx"
    onnx.save(model, path)
    return path


def run(path: Path | str) -> np.ndarray:
    """The output for noise; a session that warns of declared shapes fails."""
    feed = {"x": np.random.default_rng(0).random(SIZE, np.float32)}
    (made,) = onnxruntime.InferenceSession(path).run(None, feed)
    return np.asarray(made)


def bytes_of_weights(path: Path | str) -> dict[str, bytes]:
    """Every initializer as it is stored."""
    return {tensor.name: tensor.SerializeToString() for tensor in onnx.load(path).graph.initializer}


CHANGES = {
    "stride": (CHAIN, "a:stride=1"),
    "stride per axis": (CHAIN, "a:stride=1x3"),
    "dilation": (CHAIN, "c:dilation=2"),
    "padding": (CHAIN, "a:padding=2"),
    "padding before and after, per axis": (CHAIN, "a:padding=0/2x1/0"),
    "the kernel of a pool": (CHAIN, "b:kernel=3,stride=3"),
    "ceil_mode": (CHAIN, "b:ceil_mode=1,kernel=3"),
    "both branches of a block": (RESIDUAL, "[bc]:stride=1"),
    "instead of auto_pad": (CHAIN.replace("pads = [0, 0, 1, 1]", 'auto_pad = "SAME_UPPER"'), "y:padding=1/0"),
}


@pytest.mark.parametrize(("body", "change"), CHANGES.values(), ids=CHANGES)
def test_sizes_and_weights_of_the_saved_model(body: str, change: str, tmp_path: Path) -> None:
    """Onnxruntime makes the shape that was foretold, the weights are the same bytes, and inspecting says the same."""
    path, out = saved(body, tmp_path), tmp_path / "out.onnx"
    before = path.read_bytes()
    found = strideinspect.whatif(path, change, save=out)
    assert run(out).shape == found.after.outputs[0].shape
    assert (found.broken, found.refused) == ((), None)
    assert path.read_bytes() == before
    assert bytes_of_weights(out) == bytes_of_weights(path)
    onnx.checker.check_model(onnx.load(out), full_check=True)
    report = strideinspect.inspect(out, verify="none")
    assert (report.totals, report.outputs) == (found.after.totals, found.after.outputs)
    assert not [finding for finding in report.findings if finding.rule == "declared-shape-conflict"]


def test_a_stride_changes_no_parameter() -> None:
    """Parameters are those of the file; multiply-adds grow with the map."""
    model = SAMPLES / "resnet18-torchscript.onnx"
    found = strideinspect.whatif(model, ["layer4.0.conv1:stride=1", "layer4.0.downsample*:stride=1"])
    assert (
        found.before.totals.parameters
        == found.after.totals.parameters
        == strideinspect.inspect(model, verify="none").totals.parameters
    )
    assert (found.after.totals.macs or 0) > (found.before.totals.macs or 0)
    assert [(c.layer, c.attribute, c.before, c.after) for c in found.changes] == [
        ("layer4.0.conv1", "stride", (2, 2), (1, 1)), ("layer4.0.downsample.0", "stride", (2, 2), (1, 1)),
    ]  # fmt: skip


def sizes(found: WhatIf) -> list[tuple[int | None, int | None]]:
    """Fields of the outputs before and after."""
    pairs = zip(found.before.outputs, found.after.outputs, strict=True)
    return [(a.size, b.size) for left, right in pairs for a, b in zip(left.fields, right.fields, strict=True)]


@pytest.mark.parametrize(
    ("body", "change", "factor"),
    [(CHAIN, "a:stride=1", 2), (CHAIN, "[ab]:stride=1", 4), (RESIDUAL, "[bc]:stride=1", 2), (CHAIN, "y:stride=1", 2)],
)
def test_the_dilated_twin_computes_the_same_on_a_denser_map(
    body: str, change: str, factor: int, tmp_path: Path
) -> None:
    """Every second index of the twin's output is the output before: onnxruntime computes it with the same weights.

    Where the windows of the twin end beside the border, it has more indices behind.
    """
    path, out = saved(body, tmp_path), tmp_path / "out.onnx"
    found = strideinspect.whatif(path, change, keep_field=True, save=out)
    assert all(before == after is not None for before, after in sizes(found))
    before, after = run(path), run(out)[..., ::factor, ::factor]
    rows, columns = before.shape[2:]
    np.testing.assert_allclose(after[..., :rows, :columns], before, rtol=1e-5)
    assert bytes_of_weights(out) == bytes_of_weights(path)


def test_without_keep_field_the_field_shrinks(tmp_path: Path) -> None:
    """By hand: 3/2, pool 2/2, 3, 3/2 see 3 + 1·2 + 2·4 + 2·4 = 21 pixels; with a first stride of 1, 12."""
    assert sizes(strideinspect.whatif(saved(CHAIN, tmp_path), "a:stride=1")) == [(21, 12)] * 2


def test_a_signal_drops_samples(tmp_path: Path) -> None:
    """Keras convolves a signal as an image of one column: what a window drops of its 20 samples is no row.

    A kernel of 3 with stride 2 leaves the last of 20 samples out.
    """
    body = "a = Unsqueeze (x, three) y = Conv (a, w)"
    constants: dict[str, Constant] = {"three": [3], "w": (1, 1, 3, 1)}
    onnx.save(model_of(body, {"x": (1, 1, 20)}, constants=constants), tmp_path / "model.onnx")
    section = whatif_text.answer(strideinspect.whatif(tmp_path / "model.onnx", "y:stride=2x1")).sections[-1]
    assert ("samples dropped", "none", "y: 1 sample") in section.rows


def test_a_broken_merge_is_named(tmp_path: Path) -> None:
    """One branch keeps its stride: the sum does not fit. By hand 40 → 20 → 20 and 10; onnxruntime refuses it, too."""
    out = tmp_path / "out.onnx"
    found = strideinspect.whatif(saved(RESIDUAL, tmp_path), "b:stride=1", save=out)
    (broken,) = found.broken
    assert (broken.node, broken.op) == ("s", "Add")
    assert broken.reason == "1×4×20×18 and 1×4×10×9 do not fit together"
    assert found.refused is not None
    assert dict(found.after.findings)["incompatible-merge"] == 1


def test_a_broken_head_is_named(tmp_path: Path) -> None:
    """A Gemm for 4·10·9 values gets four times as many where the first stride is gone."""
    body = "a = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, w) f = Flatten (a) y = Gemm (f, g)"
    path = saved(body, tmp_path, {**W, "g": (4 * 20 * 18, 3)})
    (broken,) = strideinspect.whatif(path, "a:stride=1").broken
    assert (broken.node, broken.op) == ("y", "Gemm")


def test_a_kernel_changes_parameters_and_cannot_be_saved(tmp_path: Path) -> None:
    """From 4·4·9 to 4·4·25 weights of c, which y shares; there are none of that size in the file."""
    path = saved("c = Conv <pads = [1, 1, 1, 1]> (x, w) y = Relu (c)", tmp_path)
    found = strideinspect.whatif(path, "c:kernel=5,padding=2")
    assert (found.before.totals.parameters, found.after.totals.parameters) == (4 * 9, 4 * 25)
    assert found.before.outputs[0].shape == found.after.outputs[0].shape
    with pytest.raises(UnsupportedModelError, match="another kernel cannot be saved"):
        strideinspect.whatif(path, "c:kernel=5", save=tmp_path / "out.onnx")
    assert not (tmp_path / "out.onnx").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("a", "not a layer and what to set"),
        ("a:stride", "not a layer and what to set"),
        ("a:strid=1", "'strid' cannot be set; set stride"),
        ("a:stride=0", "at least 1"),
        ("a:stride=2,stride=1", "stride is given twice; give it once"),
        ("a:stride=x", "is not a stride"),
        ("a:stride=1/2", "is not a stride"),
        ("a:stride=1x2x3", "3 values of stride for 2 axes"),
        ("a:ceil_mode=2", "0 or 1"),
        ("a:ceil_mode=1", "has no ceil_mode"),
        ("z:stride=1", "no layer that slides a window is called 'z'"),
    ],
)
def test_wrong_changes_say_what_to_write(change: str, message: str, tmp_path: Path) -> None:
    """What is wrong, and what to write."""
    with pytest.raises(UsageError, match=message):
        strideinspect.whatif(saved(CHAIN, tmp_path), change)


def test_a_twin_that_does_not_exist(tmp_path: Path) -> None:
    """A larger stride would need half a dilation; a transposed convolution cannot be dilated."""
    with pytest.raises(UsageError, match="a fraction of its dilation"):
        strideinspect.whatif(saved(CHAIN, tmp_path), "a:stride=4", keep_field=True)
    body = "a = Conv <strides = [2, 2]> (x, w) y = ConvTranspose <strides = [2, 2]> (a, u)"
    with pytest.raises(UsageError, match="transposed convolution behind the change"):
        strideinspect.whatif(saved(body, tmp_path, W | {"u": (4, 1, 2, 2)}), "a:stride=1", keep_field=True)
    body = "a = Conv <strides = [2, 2]> (x, w) y = AveragePool <kernel_shape = [2, 2]> (a)"
    with pytest.raises(UsageError, match="has no dilation before ONNX operator set 19"):
        strideinspect.whatif(saved(body, tmp_path), "a:stride=1", keep_field=True)


def external(folder: Path) -> Path:
    """A model whose weights are in a file of their own, below its folder."""
    folder.mkdir(exist_ok=True)
    model = model_of("y = Conv <strides = [2, 2]> (x, w)", {"x": SIZE})
    model.graph.initializer.append(numpy_helper.from_array(weights((64, 1, 3, 3)), "w"))
    onnx.save(model, folder / "model.onnx", save_as_external_data=True, location="model.weights", size_threshold=0)
    return folder / "model.onnx"


def test_external_weights_are_kept_by_name(tmp_path: Path) -> None:
    """In the same folder the file is shared; in another one it is copied, and never written over."""
    path = external(tmp_path / "a")
    strideinspect.whatif(path, "y:stride=1", save=path.with_name("beside.onnx"))
    assert run(path.with_name("beside.onnx")).shape == (1, 64, 38, 34)
    (tmp_path / "b").mkdir()
    elsewhere = tmp_path / "b" / "out.onnx"
    strideinspect.whatif(path, "y:stride=1", save=elsewhere)
    assert run(elsewhere).shape == (1, 64, 38, 34)
    assert (tmp_path / "b" / "model.weights").read_bytes() == path.with_name("model.weights").read_bytes()
    with pytest.raises(UsageError, match="exists, and the weights have to be copied"):
        strideinspect.whatif(path, "y:stride=1", save=tmp_path / "b" / "again.onnx")


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    """Not over the model or a pipe, into a folder that is not there, or onto a folder; no temporary file stays."""
    path = saved(CHAIN, tmp_path)
    os.mkfifo(tmp_path / "pipe")
    before = path.read_bytes()
    for target, message in (
        ("model.onnx", "is the model itself"),
        ("no/out.onnx", "there is no folder .*no; create it"),
        (".", "is a folder"),
        ("pipe", "is a device or a pipe"),
    ):
        with pytest.raises(UsageError, match=message):
            strideinspect.whatif(path, "a:stride=1", save=tmp_path / target)
    assert ({*tmp_path.iterdir()}, path.read_bytes()) == ({path, tmp_path / "pipe"}, before)
    assert (tmp_path / "pipe").is_fifo()


def test_a_local_function_is_refused(tmp_path: Path) -> None:
    """An edit in it would reach every place that uses it."""
    onnx.save(calling(), tmp_path / "model.onnx")
    found = strideinspect.whatif(tmp_path / "model.onnx", "*:stride=1")
    assert found.after.outputs[0].shape == (1, 4, 38, 34)
    with pytest.raises(UnsupportedModelError, match=r"Conv .*inside.* is in a local function of the file"):
        strideinspect.whatif(tmp_path / "model.onnx", "*:stride=1", save=tmp_path / "out.onnx")


@pytest.mark.parametrize("keep_field", [False, True])
def test_a_layer_in_a_branch_is_refused(tmp_path: Path, *, keep_field: bool) -> None:
    """No edit reaches it, so that "after" would be the model as it is; nor may the dilated twin pass it over."""
    path = tmp_path / "model.onnx"
    onnx.save(branching("auto_pad", "NOTSET"), path)
    change = "a:stride=1" if keep_field else "*:stride=1"
    with pytest.raises(UsageError, match="Conv inside_then is inside an If or a Loop, where nothing can be changed"):
        strideinspect.whatif(path, change, keep_field=keep_field)
    assert strideinspect.whatif(path, "a:stride=1").changes


def test_all_other_bytes_stay(tmp_path: Path) -> None:
    """What the file holds before and behind the graph, unknown fields included, is in the new one, too."""
    path, out = saved(CHAIN, tmp_path), tmp_path / "out.onnx"
    extra = b"\xfa\xff\x7f\x03abc"  # a field that ONNX does not know
    path.write_bytes(extra + path.read_bytes() + extra)
    strideinspect.whatif(path, "a:stride=1", save=out)
    assert out.read_bytes().startswith(extra)
    assert out.read_bytes().endswith(extra)
    assert run(out).shape == strideinspect.inspect(out, verify="none").outputs[0].shape


def test_the_later_of_two_changes_counts(tmp_path: Path) -> None:
    """A pattern for all layers, and then another number for one of them; the other way round the pattern counts."""
    path = saved(CHAIN, tmp_path)
    one, all_of_them = strideinspect.whatif(path, "a:stride=3"), strideinspect.whatif(path, "*:stride=1")
    first = strideinspect.whatif(path, ["*:stride=1", "a:stride=3"])
    assert one.changes[0] in first.changes
    assert strideinspect.whatif(path, ["a:stride=3", "*:stride=1"]).changes == all_of_them.changes
