"""The axes for a bioimage.io description, checked by the validator of bioimage.io itself.

It is no dependency, not even for development, because of its own dependencies: `pip install bioimageio.spec` in another
environment runs these tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import onnx
import pytest

import strideinspect
from tests.oracle_models import model_of
from tests.studies.tiled_runs import random_input, session
from tests.studies.u_nets import CONV3, one_convolution_unet

STRIDED = "Conv <kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]>"
MODELS: Mapping[str, onnx.ModelProto] = {
    "a U-Net": one_convolution_unet(3, 224),
    "an encoder": model_of(
        f"a = {STRIDED} (x, w) y = {STRIDED} (a, w)", {"x": (1, 1, 64, 96)}, constants={"w": (1, 1, 3, 3)}
    ),
    "super-resolution": model_of(
        f"a = {CONV3} (x, w) y = DepthToSpace <blocksize = 2> (a)", {"x": (1, 1, 12, 12)}, constants={"w": (4, 1, 3, 3)}
    ),
    "a halo of 0": model_of(
        "y = Conv <kernel_shape = [2, 2], strides = [2, 2]> (x, w)", {"x": (1, 1, 8, 8)}, constants={"w": (5, 1, 2, 2)}
    ),
    "no padding": model_of(
        "y = Conv <kernel_shape = [3, 3]> (x, w)", {"x": (1, 1, 8, 8)}, constants={"w": (1, 1, 3, 3)}
    ),
    "a volume": model_of(
        "y = Conv <kernel_shape = [3, 3, 3], pads = [1, 1, 1, 1, 1, 1]> (x, w)",
        {"x": (1, 1, 8, 8, 8)},
        constants={"w": (1, 1, 3, 3, 3)},
    ),
    "a signal": model_of(
        "y = Conv <kernel_shape = [3], pads = [1, 1]> (x, w)", {"x": (1, 1, 32)}, constants={"w": (1, 1, 3)}
    ),
}  # fmt: skip


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_bioimageio_accepts_the_axes(model: onnx.ModelProto, tmp_path: Path) -> None:
    """Of an input of the smallest size and one step more, and what onnxruntime makes of it."""
    spec = pytest.importorskip("bioimageio.spec.model.v0_5", reason="bioimageio.spec is not installed")
    for entry in model.graph.input[0].type.tensor_type.shape.dim[2:]:
        entry.dim_param = f"size{entry.dim_value}"
    onnx.save(model, tmp_path / "m.onnx")
    described = strideinspect.tiles(tmp_path / "m.onnx").bioimageio
    assert described is not None
    inputs = [spec.InputTensorDescr.model_validate(tensor) for tensor in described["inputs"]]
    outputs = [spec.OutputTensorDescr.model_validate(tensor) for tensor in described["outputs"]]
    shape = [_size(axis) for axis in described["inputs"][0]["axes"]]
    for more in (0, 1):
        x = random_input(tuple(size + more * step for size, step in shape), 0)
        (y,) = session(model).run(None, {"x": x})
        tensors = {descr.id: (descr, array) for descr, array in zip([*inputs, *outputs], [x, y], strict=True)}
        spec.validate_tensors(tensors, pad_inputs="allow", crop_outputs="allow")


def _size(axis: Mapping[str, Any]) -> tuple[int, int]:
    """The smallest size of an axis, and the step."""
    size = axis.get("size", len(axis.get("channel_names", "1")))
    return (size["min"], size["step"]) if isinstance(size, dict) else (size, 0)


def test_a_size_that_the_file_fixes_is_a_number(tmp_path: Path) -> None:
    """The model does not run at another one, so that a smallest size and a step would be wrong."""
    onnx.save(one_convolution_unet(3, 224), tmp_path / "m.onnx")
    described = strideinspect.tiles(tmp_path / "m.onnx").bioimageio
    assert described is not None
    assert [axis["size"] for axis in described["inputs"][0]["axes"][2:]] == [224, 224]


def test_ids_are_identifiers(tmp_path: Path) -> None:
    """Of tensors called `serving default:0` and `74`; an id is a lower-case identifier of at most 32 characters."""
    model = one_convolution_unet(1, 64)
    for node in model.graph.node:
        node.input[:] = ["serving default:0" if name == "x" else name for name in node.input]
        node.output[:] = ["74" if name == "y" else name for name in node.output]
    model.graph.input[0].name, model.graph.output[0].name = "serving default:0", "74"
    onnx.save(model, tmp_path / "m.onnx")
    described = strideinspect.tiles(tmp_path / "m.onnx").bioimageio
    assert described is not None
    assert [tensor["id"] for tensor in (*described["inputs"], *described["outputs"])] == [
        "serving_default_0",
        "tensor1_74",
    ]
    assert described["outputs"][0]["axes"][2]["size"]["tensor_id"] == "serving_default_0"
