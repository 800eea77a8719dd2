"""From a cell to its pixels and from a pixel to its cells, by running onnxruntime and by brute force."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

import strideinspect
from strideinspect.errors import UsageError
from strideinspect.results.boxes import BoxAxis, CellsAxis
from strideinspect.results.field import Span
from strideinspect.results.where_result import Where
from tests.oracle_models import Constant, model_of
from tests.oracle_runtime import random_feeds, session_of

W: dict[str, Constant] = {"w": (2, 1, 3, 3), "v": (2, 2, 3, 3)}
MODELS: dict[str, tuple[str, dict[str, Constant]]] = {
    "strides and padding": (
        ("a = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, w) "
         "y = Conv <strides = [2, 1], pads = [1, 0, 0, 2]> (a, v)"),
        W,
    ),
    "dilation": ("a = Conv (x, w) y = Conv <dilations = [4, 5], pads = [4, 5, 4, 5]> (a, v)", W),
    "pool": (
        "a = MaxPool <kernel_shape = [3, 2], strides = [2, 2]> (x) y = AveragePool <kernel_shape = [2, 3]> (a)", {},
    ),
    "decoder": (
        ("a = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, w) b = ConvTranspose <strides = [2, 2]> (a, u) "
         "y = Concat <axis = 1> (x, b)"),
        {**W, "u": (2, 1, 2, 2)},
    ),
    "transposed with holes": ("y = ConvTranspose <strides = [3, 3]> (x, u)", {"u": (1, 1, 2, 2)}),
    "resized": (
        ('y = Resize <mode = "nearest", coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"> '
         "(x, roi, scales)"),
        {"roi": np.zeros(0, np.float32), "scales": [1.0, 1.0, 2.0, 3.0]},
    ),
    "shortcut past a strided convolution": (
        "a = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, w) b = Conv <strides = [2, 2]> (x, u) y = Add (a, b)",
        {**W, "u": (2, 1, 1, 1)},
    ),
    "channels last": ("t = Transpose <perm = [0, 1, 3, 2]> (x) y = Conv <strides = [2, 1]> (t, w)", W),
    "between slices": (
        "a = Slice (x, starts, ends, axes) y = Conv (a, w)", {**W, "starts": [3], "ends": [12], "axes": [2]},
    ),
}  # fmt: skip
SHAPE = (1, 1, 14, 12)
CELLS = [(0, 0), (1, 2), (2, 3)]
PIXELS = [(0, 0), (5, 7), (13, 11), (6, 4)]


@pytest.fixture(params=[*MODELS.values()], ids=[*MODELS])
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A model of one of these kinds, saved."""
    body, constants = request.param
    path = tmp_path / "model.onnx"
    onnx.save(model_of(body, {"x": SHAPE}, constants=constants), path)
    return path


def indices(side: BoxAxis | CellsAxis) -> set[int]:
    """The indices from first to last without the holes."""
    assert side.first is not None
    assert side.last is not None
    return set(range(side.first, side.last + 1)) - {i for a, b in side.holes for i in range(a, b + 1)}


def changes(path: Path) -> NDArray[np.bool_]:
    """What onnxruntime shows: whether an output cell changes with a pixel, by cell row, cell column, row, column."""
    model = onnx.load(path)
    session, feeds = session_of(model), random_feeds(model)
    (before,) = session.run(None, feeds)
    moved = np.zeros((*before.shape[2:], *SHAPE[2:]), dtype=bool)
    for row in range(SHAPE[2]):
        for column in range(SHAPE[3]):
            bumped = feeds["x"].copy()
            bumped[0, 0, row, column] += 64  # large, so that a maximum moves too
            (after,) = session.run(None, {"x": bumped})
            moved[:, :, row, column] = (before != after).any(axis=(0, 1))
    return moved


def test_a_pixel_changes_the_cells_named_and_no_other(model: Path) -> None:
    """One pixel is changed, and onnxruntime's output changes in exactly these cells."""
    moved = changes(model)
    for row, column in PIXELS:
        (cells,) = strideinspect.where(model, pixel=f"{row},{column}").cells
        changed = {(int(i), int(k)) for i, k in np.argwhere(moved[:, :, row, column])}
        named = {(i, k) for i in indices(cells.axes[0]) for k in indices(cells.axes[1])} if cells.axes else set()
        assert named == changed, (row, column)


def test_a_cell_changes_with_the_pixels_of_its_box_and_no_other(model: Path) -> None:
    """Every pixel is changed in turn, and the cell changes with exactly those in its box."""
    moved = changes(model)
    for row, column in CELLS:
        changed = moved[row, column]
        (box,) = strideinspect.where(model, at=f"y:{row},{column}").boxes
        if not changed.any():
            assert {side.first for side in box.axes} & {None}, (row, column)
            continue
        rows, columns = (indices(side) for side in box.axes)
        assert {(int(i), int(k)) for i, k in np.argwhere(changed)} == {(i, k) for i in rows for k in columns}


def axis(found: Where, number: int = 0) -> BoxAxis:
    """One side of the only box."""
    return found.boxes[0].axes[number]


# By hand: 3×3/2 with padding 1, then 3×3/2 with padding 1: a cell i sees 4·i − 3 … 4·i + 3, its center is 4·i.
@pytest.mark.parametrize(("at", "first", "last", "center", "padding"), [
    (0, 0, 3, 0, (3, 0)), (1, 1, 7, 4, (0, 0)), (3, 9, 14, 12, (0, 1)),
])  # fmt: skip
def test_center_and_padding(at: int, first: int, last: int, center: int, padding: Span, tmp_path: Path) -> None:
    """The box is what exists, the center that of the theoretical field, and padding what is missing on each side."""
    path = tmp_path / "model.onnx"
    body = "a = Conv <strides = [2], pads = [1, 1]> (x, w) y = Conv <strides = [2], pads = [1, 1]> (a, w)"
    onnx.save(model_of(body, {"x": (1, 1, 15)}, constants={"w": (1, 1, 3)}), path)
    side = axis(strideinspect.where(path, at=str(at)))
    assert (side.first, side.last, side.center, side.padding) == (first, last, Fraction(center), padding)


def test_between_two_tensors(tmp_path: Path) -> None:
    """Index 2 of y is computed from 3 … 5 of a with stride 2 and padding 1; 4 of a is used by 2 of y alone."""
    path = tmp_path / "model.onnx"
    body = "a = Conv (x, w) b = Relu (a) y = Conv <strides = [2], pads = [1, 1]> (b, w)"
    onnx.save(model_of(body, {"x": (1, 1, 12)}, constants={"w": (1, 1, 3)}), path)
    side = axis(strideinspect.where(path, at="y:2", source="a"))
    assert (side.first, side.last) == (3, 5)
    found = strideinspect.where(path, pixel="a:4", to="y")
    assert [(side.first, side.last) for cells in found.cells for side in cells.axes] == [(2, 2)]


def test_a_gate_makes_everything_depend_on_every_pixel(tmp_path: Path) -> None:
    """The local field stays narrow, and the gate of pooled values is named beside it."""
    path = tmp_path / "model.onnx"
    body = "a = Conv <pads = [1, 1, 1, 1]> (x, w) g = GlobalAveragePool (a) y = Mul (a, g)"
    onnx.save(model_of(body, {"x": (1, 1, 9, 9)}, constants={"w": (1, 1, 3, 3)}), path)
    side = axis(strideinspect.where(path, at="4,4"))
    assert (side.first, side.last) == (3, 5)
    assert side.full is not None
    assert (side.full.collapsed_at, side.full.first, side.full.last) == ("g", 0, 8)
    (cells,) = strideinspect.where(path, pixel="0,0").cells
    assert [(side.first, side.last) for side in cells.axes] == [(0, 1), (0, 1)]
    assert cells.full == "through g"


def test_an_output_without_a_position_depends_as_a_whole(tmp_path: Path) -> None:
    """Squeeze removes the only map index, which sees all 5 samples: the output depends on each, and it is said why."""
    path = tmp_path / "model.onnx"
    body = "a = Conv (x, w) b = Squeeze (a, axes) y = MatMul (b, v)"
    onnx.save(model_of(body, {"x": (1, 1, 5)}, constants={"w": (3, 1, 5), "axes": [2], "v": (3, 2)}), path)
    (cells,) = strideinspect.where(path, pixel="4").cells
    assert (cells.axes, cells.full) == ((), "Squeeze b removes the axis")


def test_a_number_alone_is_an_index(tmp_path: Path) -> None:
    """Even if a node is called 3, as the older exporter names layers of a Sequential."""
    model = model_of("y = Conv (x, w)", {"x": (1, 1, 8)}, constants={"w": (1, 1, 3)})
    model.graph.node[0].name = "3"
    path = tmp_path / "model.onnx"
    onnx.save(model, path)
    assert strideinspect.where(path, at="3").at.indices == (3,)


def test_an_index_is_proposed_for_the_axes_of_each_output(tmp_path: Path) -> None:
    """Of two outputs, the flattened map of 7·6 indices takes one number where the other takes two."""
    path = tmp_path / "model.onnx"
    body = "a = Conv (x, w) b = Relu (a) y = Reshape (a, flat)"
    constants: dict[str, Constant] = {"w": (1, 1, 3, 3), "flat": [1, 1, 42]}
    onnx.save(model_of(body, {"x": (1, 1, 9, 8)}, outputs=["b", "y"], constants=constants), path)
    with pytest.raises(strideinspect.UsageError) as refused:
        strideinspect.where(path, at="3,3")
    assert str(refused.value.help) == "name one of them: b:3,3 or y:21"


def test_without_a_position_a_map_inside_is_proposed(tmp_path: Path) -> None:
    """The last one, at its middle."""
    path = tmp_path / "model.onnx"
    body = "a = Conv (x, w) b = Relu (a) y = GlobalAveragePool (b)"
    onnx.save(model_of(body, {"x": (1, 1, 9, 8)}, constants={"w": (1, 1, 3, 3)}), path)
    with pytest.raises(strideinspect.UsageError) as refused:
        strideinspect.where(path, at="3,3")
    assert str(refused.value.help) == "name a tensor inside the model: --at a:3,3"


WRONG = {
    "no such tensor": ({"at": "z:3,3"}, "no tensor, node or layer is called 'z'; name y"),
    "too few numbers": (
        {"at": "y:3"}, "--at y:3: y is 1×2×12×10, and its position runs along axes 2 and 3; write --at y:6,5",
    ),
    "outside": (
        {"at": "y:3,10"}, "--at y:3,10: y is 1×2×12×10, so that it has no index 10 along axis 3; give one from 0 to 9",
    ),
    "before the first": (
        {"pixel": "-1,2"},
        "--pixel -1,2: x is 1×1×14×12, so that it has no index -1 along axis 2; give one from 0 to 13",
    ),
    "a fraction": (
        {"pixel": "1.5,2"}, "--pixel 1.5,2: not an index; write whole numbers, one per axis: --pixel 100,60",
    ),
    "a size": ({"at": "y:7x7"}, "--at y:7x7: not an index; write whole numbers, one per axis: --at 100,60"),
    "a weight": ({"pixel": "w:1,1"}, "'w' is a constant: it depends on no input; name x"),
    "neither": ({}, "give either an index of an output or a pixel of an input; --at OUTPUT:7,7 or --pixel 100,60"),
    "both": (
        {"at": "1,1", "pixel": "1,1"},
        "give either an index of an output or a pixel of an input; --at OUTPUT:7,7 or --pixel 100,60",
    ),
    "from with pixel": (
        {"pixel": "1,1", "source": "x"}, "--from only works with --at; with --pixel, name the other tensor with --to",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "message"), WRONG.values(), ids=WRONG)
def test_wrong_questions(asked: dict[str, str], message: str, tmp_path: Path) -> None:
    """What cannot be answered says what to write instead."""
    path = tmp_path / "model.onnx"
    onnx.save(model_of("y = Conv (x, w)", {"x": SHAPE}, constants={"w": (2, 1, 3, 3)}), path)
    with pytest.raises(UsageError) as raised:
        strideinspect.where(path, **asked)  # type: ignore[arg-type]
    assert str(raised.value) == message
