"""What is kept from size to size of a network gives what a size alone gives."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from strideinspect.model.inference import infer
from strideinspect.model.inputs import choose
from strideinspect.model.load import load
from strideinspect.model.network import prepare
from strideinspect.model.shapes import Shapes
from strideinspect.model.stretches import ShapesMemo

SAMPLES = Path(__file__).parents[2] / "sample_models"

BRANCHES = """<ir_version: 8, opset_import: ["": 17]>
g (float[1, 1, 16] x, bool c) => (float[] y)
<int64 four = {4}, float[1, 1, 3] w = {1, 1, 1}, int64[1] last = {-1}>
{
  shape = Shape (x)
  n = Gather <axis = 0> (shape, two)
  even = Mod (n, four)
  long = Cast <to = 9> (even)
  a = If (long) <
    then_branch = t () => (float[] r) { p = Conv (x, w) r = Relu (p) },
    else_branch = e () => (float[] s) { s = MaxPool <kernel_shape = [2], strides = [2]> (x) }
  >
  y = If (c) <
    then_branch = t2 () => (float[] u) { u = Conv <kernel_shape = [3], strides = [2]> (a, w) },
    else_branch = e2 () => (float[] v) { v = Reshape (a, target) }
  >
}"""
"""One If that the length decides, one that is not decided, of which a branch runs at some lengths alone."""


def known(shapes: Shapes) -> dict[str, object]:
    """All that later passes take from shapes; constants by their values."""
    values = {name: shapes.constants.known(name) for name in shapes.size_dependent}
    return {
        "nodes": [(node.op, node.key, node.inputs) for node in shapes.nodes],
        "shapes": shapes.shapes,
        "types": shapes.dtypes,
        "problems": [(problem.node.key, problem.text) for problem in shapes.problems],
        "unknown": shapes.unknown.keys(),
        "windows": shapes.geometries,
        "values": {name: None if value is None else value.tolist() for name, value in values.items()},
        "joined": shapes.joined,
        "branches": shapes.branches,
        "unfit": shapes.unfit.keys(),
    }


@pytest.mark.parametrize(
    "name", ["", "crnn-dynamic-torchscript", "unet-dynamic-torchscript", "spatial-transformer-torchscript"]
)
def test_as_a_size_alone(name: str, tmp_path: Path) -> None:
    """Every length twice, one after the other, with values computed from shapes and branches that they decide."""
    path = SAMPLES / f"{name}.onnx"
    if not name:
        path = tmp_path / "branches.onnx"
        model = onnx.parser.parse_model(BRANCHES)
        model.graph.initializer.append(onnx.helper.make_tensor("two", 7, [], [2]))
        model.graph.initializer.append(onnx.helper.make_tensor("target", 7, [2], [2, 7]))
        onnx.save(model, path)
    network = prepare(load(path))
    sizes = choose(network, {}).shapes
    (first, shape) = next(iter(sizes.items()))
    memo = ShapesMemo.of(network)
    for more in (0, 1, 2, 3, 4, 8, 0, 1, 2, 3, 4, 8):
        given = {**sizes, first: (*shape[:-1], shape[-1] + more)}
        assert known(infer(network, given, memo=memo)) == known(infer(network, given))
