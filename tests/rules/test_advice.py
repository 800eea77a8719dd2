"""Advised sizes: nothing is lost there, and nowhere nearer; told by inspecting every size in between."""

from __future__ import annotations

from pathlib import Path

import onnx
import onnx.parser
import pytest

from strideinspect import inspect
from strideinspect.results.report import Report, Severity
from tests.oracle_models import model_of
from tests.published import networks
from tests.rules.inspecting import of_rule
from tests.some_slow import some_slow

FARTHEST = 64  # the help names no size that is further away


def pool(source: str, output: str, kernel: int, stride: int, dims: int = 2, extra: str = "") -> str:
    """A MaxPool."""
    return f"{output} = MaxPool <kernel_shape = {[kernel] * dims}, strides = {[stride] * dims}{extra}> ({source})"


MODELS: dict[str, onnx.ModelProto] = {
    "one pool": model_of(pool("x", "y", 3, 2), {"x": (1, 1, 10, 10)}),
    "one axis": model_of(pool("x", "y", 5, 4, 1), {"x": (1, 1, 32)}),
    "rows alone": model_of(pool("x", "y", 3, 2), {"x": (1, 1, 10, 11)}),
    "rows and columns apart": model_of(pool("x", "y", 3, 3), {"x": (1, 1, 10, 11)}),
    "three pools": model_of(
        f"{pool('x', 'a', 2, 2)} {pool('a', 'b', 2, 2)} {pool('b', 'y', 2, 2)}", {"x": (1, 1, 29, 29)}
    ),
    "overlap behind": model_of(
        f"a = Conv <pads = [1, 1, 1, 1]> (x, w) {pool('a', 'y', 3, 3)}",
        {"x": (1, 1, 14, 14)}, constants={"w": (1, 1, 3, 3)},
    ),
    "padding": model_of(pool("x", "y", 3, 3, extra=", pads = [1, 1, 1, 1]"), {"x": (1, 1, 12, 12)}),
    "pad node": model_of(
        f"p = Pad (x, ones) {pool('p', 'y', 4, 4)}",
        {"x": (1, 1, 8, 8)}, constants={"ones": [0, 0, 1, 1, 0, 0, 1, 1]},
    ),
    # What a window drops of a mirrored map is there once more; behind it the search goes on.
    "mirrored": model_of(
        f"p = Pad <mode = \"reflect\"> (x, ones) {pool('p', 'a', 5, 4)} {pool('a', 'y', 2, 2)}",
        {"x": (1, 1, 17, 17)}, constants={"ones": [0, 0, 1, 1, 0, 0, 1, 1]},
    ),
    "two branches": model_of(
        f"{pool('x', 'a', 3, 3)} {pool('x', 'b', 4, 4)} g = GlobalMaxPool (a) h = GlobalMaxPool (b) y = Add (g, h)",
        {"x": (1, 1, 23, 23)},
    ),
    "branches of one size": model_of(
        f"a = Conv <strides = [2, 2]> (x, w) {pool('x', 'b', 3, 2)} c = Concat <axis = 1> (a, b) "
        + pool("c", "y", 3, 2),
        {"x": (1, 1, 22, 22)}, constants={"w": (1, 1, 3, 3)},
    ),
    "channels last": model_of(
        f"t = Transpose <perm = [0, 3, 1, 2]> (x) {pool('t', 'y', 5, 3)}", {"x": (1, 21, 21, 2)}
    ),
    "alexnet": networks.alexnet_caffe(224),
    "squeezenet 1.1": networks.squeezenet_1_1(224),
}  # fmt: skip
CASES = [(name, rule) for name in MODELS for rule in ("unseen-input", "floor-truncation")]


def loses(report: Report, rule: str, axes: tuple[int, ...]) -> bool:
    """Whether these axes of the image, or of any map, still lose a pixel, or nothing runs at this size."""
    found = [finding for finding in of_rule(report, rule) if set(finding.axes) & set(axes)]
    return bool(found) or any(report.at_least(Severity.ERROR))


@pytest.mark.parametrize(("name", "rule"), some_slow(CASES, {"alexnet", "squeezenet 1.1"}))
def test_advised_sizes_are_the_nearest(name: str, rule: str, tmp_path: Path) -> None:
    """The sizes given are the nearest below and above at which the rule has nothing to say.

    What the rule says of a square image moves all its axes; else of those axes alone.
    """
    path = tmp_path / "model.onnx"
    onnx.save(MODELS[name], path)
    report = inspect(path, verify="none")
    (given,) = report.inputs

    def at(step: int, axes: tuple[int, ...]) -> bool:
        shape = [size + step * (axis in axes) for axis, size in enumerate(given.shape)]
        return min(shape) > 0 and not loses(inspect(path, input_shapes=shape, verify="none"), rule, axes)

    for finding in of_rule(report, rule):
        square = len({given.shape[axis] for axis in given.spatial_axes}) == 1
        axes = given.spatial_axes if square else finding.axes
        size = given.shape[axes[0]]
        nearest = [
            next((size + way * far for far in range(1, FARTHEST + 1) if at(way * far, axes)), None) for way in (-1, 1)
        ]
        assert finding.sizes == tuple(found for found in nearest if found is not None)
        for found in finding.sizes:
            assert str(found) in finding.help


def test_axes_are_named_where_they_differ(tmp_path: Path) -> None:
    """Of 10 rows and 11 columns 3×3/3 leaves one and two over: each axis is told its own sizes by name."""
    path = tmp_path / "model.onnx"
    onnx.save(MODELS["rows and columns apart"], path)
    for rule in ("unseen-input", "floor-truncation"):
        rows, columns = of_rule(inspect(path, verify="none"), rule)
        assert (rows.sizes, columns.sizes) == ((9, 12), (9, 12))
        assert rows.help.startswith("9 rows and 12 rows ")
        assert columns.help.startswith("9 columns and 12 columns ")


def test_no_size_turns_one_image_into_two(tmp_path: Path) -> None:
    """A Reshape to (-1, 4) would take the 8 indices that 17 pixels leave for two images of 4: that is no advice.

    Of 10 pixels 3/2 leaves the last over, of 9 none, and both make 4 indices.
    """
    path = tmp_path / "model.onnx"
    body = f"{pool('x', 'a', 3, 2, 1)} y = Reshape (a, flat)"
    onnx.save(model_of(body, {"x": (1, 1, 10)}, constants={"flat": [-1, 4]}), path)
    (finding,) = inspect(path, verify="none").findings
    assert finding.sizes == (9,)


def test_no_size_at_which_nothing_is_known_of_an_output(tmp_path: Path) -> None:
    """What an operator of an unknown domain makes is declared at one size only: no other size can be advised."""
    path = tmp_path / "model.onnx"
    text = """<ir_version: 8, opset_import: ["": 18, "mine": 1]>
    g (float[1,1,10] x) => (float[1,1,4] y) {
      a = MaxPool <kernel_shape = [3], strides = [2]> (x)
      y = mine.Own (a)
    }"""
    onnx.save(onnx.parser.parse_model(text), path)
    (finding,) = of_rule(inspect(path, verify="none"), "floor-truncation")
    assert finding.sizes == ()


def test_every_case_has_something_to_advise(tmp_path: Path) -> None:
    """All of the models lose something, so that the comparison above compares."""
    path = tmp_path / "model.onnx"
    for name, model in MODELS.items():
        onnx.save(model, path)
        report = inspect(path, verify="none")
        assert of_rule(report, "unseen-input") + of_rule(report, "floor-truncation"), name
