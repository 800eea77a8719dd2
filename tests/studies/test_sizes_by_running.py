"""What is said of sizes, proven by onnxruntime: what runs, which pixels matter, and which of a map are dropped."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, InvalidArgument, RuntimeException

import strideinspect
from strideinspect.results.size_rules import SizeRow
from tests.oracle_models import Constant, model_of
from tests.some_slow import some_slow
from tests.studies.tiled_runs import session
from tests.studies.u_nets import one_convolution_unet

REFUSED = (Fail, InvalidArgument, RuntimeException)


def chain(*windows: tuple[str, int, int, int], size: int = 224) -> onnx.ModelProto:
    """Windows along one axis, each (operator, kernel, stride, padding), with positive weights."""
    constants: dict[str, Constant] = {}
    nodes = []
    for number, (op, kernel, stride, pad) in enumerate(windows):
        last = number == len(windows) - 1
        source, target = f"m{number}" if number else "x", "y" if last else f"m{number + 1}"
        weight = f", w{number}" if op == "Conv" else ""
        if weight:
            constants[f"w{number}"] = (1, 1, kernel)
        attributes = f"kernel_shape = [{kernel}], strides = [{stride}], pads = [{pad}, {pad}]"
        nodes.append(f"{target} = {op} <{attributes}> ({source}{weight})")
    return model_of(" ".join(nodes), {"x": (1, 1, size)}, constants=constants)


# One axis of AlexNet up to its second pooling (the windows are the same along both), and wav2vec 2.0's front end.
ALEXNET = chain(("Conv", 11, 4, 0), ("MaxPool", 3, 2, 0), ("Conv", 5, 1, 2), ("MaxPool", 3, 2, 0))
SPEECH = chain(*(("Conv", k, s, 0) for k, s in ((10, 5), (3, 2), (3, 2), (3, 2), (3, 2), (2, 2), (2, 2))), size=16000)
UNET = one_convolution_unet(4, 352)
CASES = {
    "AlexNet": (ALEXNET, (205, 245)),
    "AlexNet, small": (ALEXNET, (60, 80)),
    "wav2vec": (SPEECH, (399, 405)),
    "wav2vec, one second": (SPEECH, (16075, 16085)),
    "a U-Net of 16": (UNET, (30, 50)),
}


def listed(model: onnx.ModelProto, within: tuple[int, int], folder: Path) -> tuple[SizeRow, ...]:
    """What is said of each size of the first axis."""
    onnx.save(model, folder / "m.onnx")
    return strideinspect.sizes(folder / "m.onnx", range=within).axes[0].listed


def fed(model: onnx.ModelProto, size: int) -> np.ndarray:
    """Random positive values, with another size along the first spatial axis."""
    shape = [dim.dim_value for dim in model.graph.input[0].type.tensor_type.shape.dim]
    shape[2] = size
    return np.random.default_rng(size).uniform(1, 2, shape).astype(np.float32)


@pytest.mark.parametrize("case", some_slow(CASES, {"wav2vec, one second"}))
def test_what_runs_and_what_is_seen(case: str, tmp_path: Path) -> None:
    """A size runs if onnxruntime runs it; everything is seen if overwriting any of its last pixels moves some bit."""
    model, within = CASES[case]
    run = session(model)
    for row in listed(model, within, tmp_path):
        x = fed(model, row.size)
        try:
            (whole,) = run.run(None, {"x": x})
        except REFUSED:
            assert not row.runs
            continue
        assert row.runs
        # All that these networks lose is at the end; a window is smaller than 20 pixels.
        moved = []
        for index in range(max(0, row.size - 20), row.size):
            other = x.copy()
            other[:, :, index] = 1e4
            moved.append(bool((run.run(None, {"x": other})[0] != whole).any()))
        assert row.sees_everything == all(moved)


@pytest.mark.parametrize("case", some_slow(["AlexNet", "wav2vec"], {"wav2vec"}))
def test_what_windows_drop(case: str, tmp_path: Path) -> None:
    """Nothing is dropped if the last index of every map moves some bit of what its window makes of it."""
    model, within = CASES[case]
    exposed = onnx.ModelProto()
    exposed.CopyFrom(model)
    maps = [node.input[0] for node in model.graph.node[1:]]
    exposed.graph.output.extend(onnx.helper.make_tensor_value_info(name, 1, None) for name in maps)
    whole = session(exposed)
    windows = [session(alone(node, model)) for node in model.graph.node]
    for row in listed(model, within, tmp_path):
        if not row.runs:
            continue
        x = fed(model, row.size)
        _, *values = whole.run(None, {"x": x})
        used = []
        for window, given in zip(windows, [x, *values], strict=True):
            other = given.copy()
            other[..., -1] = 1e4
            used.append(bool((window.run(None, {"x": other})[0] != window.run(None, {"x": given})[0]).any()))
        assert row.drops_nothing == all(used)


def alone(node: onnx.NodeProto, model: onnx.ModelProto) -> onnx.ModelProto:
    """A model of one node."""
    single = onnx.NodeProto()
    single.CopyFrom(node)
    single.input[0], single.output[0] = "x", "y"
    graph = onnx.helper.make_graph(
        [single],
        "one",
        [onnx.helper.make_tensor_value_info("x", 1, [1, 1, 1])],
        [onnx.helper.make_tensor_value_info("y", 1, None)],
        [tensor for tensor in model.graph.initializer if tensor.name in node.input],
    )
    return onnx.helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)


def test_alexnet_near_224(tmp_path: Path) -> None:
    """By hand: 227 → 55 → 27 → 13 without a rest, and 16 pixels more or less are one index of the last map.

    At 219 the second pooling drops an index of its map of 26, whose pixels are seen through the index beside it.
    """
    onnx.save(ALEXNET, tmp_path / "m.onnx")
    (axis,) = strideinspect.sizes(tmp_path / "m.onnx", near=224).axes
    drops, sees = axis.drops_nothing, axis.sees_everything
    assert (drops.text, drops.below, drops.above, axis.pad_end) == ("16·k + 3", 211, 227, 3)
    assert (sees.below, sees.above) == (219, 227)
