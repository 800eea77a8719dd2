"""Exact tiles: published halos, and tiles against the whole run by onnxruntime."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strideinspect.errors import UsageError
from strideinspect.results.tile_parts import TiledAxis
from strideinspect.studies.tile_layout import Tiles, tiles
from tests.graphs import Graph, chains, diamonds
from tests.oracle_models import Constant, model_of
from tests.rules.inspecting import analysed
from tests.studies.tiled_runs import reached, tile_and_whole
from tests.studies.u_nets import CONV3, one_convolution_unet, unet
from tests.thorough import bounded


def found(model: onnx.ModelProto, tmp_path: Path, *tile: int) -> Tiles:
    """The study of a model."""
    return tiles(analysed(model, tmp_path), tile)


# CSBDeep's own table of overlaps has 22 for (depth 2, kernel 3, pool 2) and 46 for (3, 3, 2), with tiles on the pooling
# grid; parts of the image with any ends need 23 and 51.
@pytest.mark.parametrize(("depth", "step", "halo", "anywhere"), [(2, 4, 22, 23), (3, 8, 46, 51)])
def test_published_halos_of_u_nets(depth: int, step: int, halo: int, anywhere: int, tmp_path: Path) -> None:
    """Step and halo on the grid, and the reach of any cell."""
    for axis in found(unet(depth, 128), tmp_path).outputs[0].axes:
        assert (axis.step, axis.halo, (axis.lookback, axis.lookahead)) == (step, (halo, halo), (anywhere, anywhere))


def test_a_halo_by_hand(tmp_path: Path) -> None:
    """The arithmetic is beside the network."""
    for axis in found(one_convolution_unet(3, 224), tmp_path).outputs[0].axes:
        assert (axis.step, axis.halo, axis.crop) == (8, (23, 23), (23, 23))


@pytest.mark.parametrize("depth", [2, 3])
def test_the_halo_is_enough_and_one_less_is_not(depth: int, tmp_path: Path) -> None:
    """Other pixels outside the halo move no bit of a part on the grid; the outermost pixels of the halo move some."""
    model, shape = unet(depth, 160), (1, 1, 160, 160)
    axis = found(model, tmp_path).outputs[0].axes[0]
    begin, end = 64, 96  # multiples of 8
    before, after = begin - axis.halo[0], end + axis.halo[1]

    def moves(changed: range) -> bool:
        runs = (reached(model, "y", shape, 2, changed, seed) for seed in range(4))
        return any(moved[begin:end].any() for run in runs for moved in run)

    assert not moves(range(before))
    assert not moves(range(after, 160))
    assert moves(range(before, before + 1))
    assert moves(range(after - 1, after))


MODELS: Mapping[str, onnx.ModelProto] = {
    "u-net": unet(2, 64),
    "u-net, channels last": unet(2, 64, channels_last=True),
    "pixel shuffle": model_of(
        f"a = {CONV3} (x, w) y = DepthToSpace <blocksize = 2> (a)", {"x": (1, 1, 12, 12)}, constants={"w": (4, 1, 3, 3)}
    ),
    "linear upsampling": model_of(
        f'a = {CONV3} (x, w) y = Resize <mode = "linear"> (a, , s)',
        {"x": (1, 1, 12, 12)},
        constants={"w": (1, 1, 3, 3), "s": [1.0, 1.0, 2.0, 2.0]},
    ),
    "dilated": model_of(
        f"a = {CONV3} (x, w) y = Conv <kernel_shape = [3, 3], dilations = [4, 4], pads = [4, 4, 4, 4]> (a, w)",
        {"x": (1, 1, 32, 32)},
        constants={"w": (1, 1, 3, 3)},
    ),
    "even kernels": model_of(
        "a = Conv <kernel_shape = [4, 4], strides = [2, 2], pads = [1, 1, 1, 1]> (x, w) "
        "y = AveragePool <kernel_shape = [2, 2], strides = [1, 1], pads = [1, 1, 0, 0]> (a)",
        {"x": (1, 1, 32, 32)},
        constants={"w": (1, 1, 4, 4)},
    ),
    "strides and odd sizes": model_of(
        "a = Conv <kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]> (x, w) "
        "y = MaxPool <kernel_shape = [3, 3], strides = [2, 2], ceil_mode = 1> (a)",
        {"x": (1, 1, 45, 47)},
        constants={"w": (1, 1, 3, 3)},
    ),
    "same padding of an odd size": model_of(
        'a = Conv <kernel_shape = [3, 3], strides = [2, 2], auto_pad = "SAME_UPPER"> (x, w) '
        'y = Conv <kernel_shape = [5, 5], strides = [2, 2], auto_pad = "SAME_UPPER"> (a, v)',
        {"x": (1, 1, 43, 42)},
        constants={"w": (1, 1, 3, 3), "v": (1, 1, 5, 5)},
    ),
    "transposed": model_of(
        "a = Conv <kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]> (x, w) "
        "b = ConvTranspose <kernel_shape = [4, 4], strides = [2, 2], pads = [1, 1, 1, 1]> (a, v) "
        f"y = {CONV3} (b, w)",
        {"x": (1, 1, 32, 32)},
        constants={"w": (1, 1, 3, 3), "v": (1, 1, 4, 4)},
    ),
    "padded after a crop": model_of(
        f"a = Slice (x, start, end, axes) y = {CONV3} (a, w)",
        {"x": (1, 1, 32, 32)},
        constants={"start": [3, 0], "end": [1000, -2], "axes": [2, 3], "w": (1, 1, 3, 3)},
    ),
    "mirrored": model_of(
        'a = Pad <mode = "reflect"> (x, p) y = Conv <kernel_shape = [3, 3]> (a, w)',
        {"x": (1, 1, 32, 32)},
        constants={"p": [0, 0, 5, 1, 0, 0, 5, 1], "w": (1, 1, 3, 3)},
    ),
    "causal": model_of(
        "a = Pad (x, p) b = Conv <kernel_shape = [2], dilations = [8]> (a, w) "
        "c = Pad (b, q) y = Conv <kernel_shape = [2], dilations = [16]> (c, w)",
        {"x": (1, 1, 200)},
        constants={"p": [0, 0, 8, 0, 0, 0], "q": [0, 0, 16, 0, 0, 0], "w": (1, 1, 2)},
    ),
}  # fmt: skip


def cut_axes(study: Tiles) -> list[tuple[str, TiledAxis, int, int]]:
    """Every axis that can be cut, with its output and the size and the distance of the tiles of the example."""
    example = {(plan.input, plan.axis): plan for plan in study.example}
    return [
        (output.output, axis, example[axis.input, axis.axis].size, example[axis.input, axis.axis].advance)
        for output in study.outputs
        for axis in output.axes
    ]


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_tiles_give_what_the_whole_gives(model: onnx.ModelProto, tmp_path: Path) -> None:
    """The cells that are kept are equal to rounding; on some random input those beside them are not."""
    study = found(model, tmp_path)
    axes = cut_axes(study)
    assert len(axes) == len(study.outputs[0].axes) > 0
    for output, axis, size, advance in axes:
        runs = [tile_and_whole(model, output, axis, study.shapes[axis.input], size, advance, seed) for seed in range(3)]
        assert max(run.kept for run in runs) < 1e-6
        assert max(run.before for run in runs) > 1e-6 or not axis.crop[0]
        assert max(run.after for run in runs) > 1e-6 or not axis.crop[1]


def test_a_causal_network_looks_back_only(tmp_path: Path) -> None:
    """By hand: kernels of size 2 with dilation 8 and 16 reach 24 samples back."""
    (axis,) = found(MODELS["causal"], tmp_path).outputs[0].axes
    assert (axis.lookback, axis.lookahead, axis.step, axis.smallest_tile) == (24, 0, 1, 25)


def test_a_change_in_the_future_moves_no_bit(tmp_path: Path) -> None:
    """Of a causal network, run by onnxruntime: where samples from 100 on change, outputs before 100 do not."""
    model = MODELS["causal"]
    (axis,) = found(model, tmp_path).outputs[0].axes
    (moved,) = reached(model, "y", (1, 1, 200), 2, range(100, 200), seed=0)
    assert axis.lookahead == 0
    assert not moved[:100].any()
    assert moved[100]


IMPOSSIBLE = {
    "group normalisation": (
        f"a = {CONV3} (x, w) y = InstanceNormalization (a, one, zero)", "InstanceNormalization '' depends on all"
    ),
    "squeeze and excite": (
        f"a = {CONV3} (x, w) g = GlobalAveragePool (a) y = Mul (a, g)", "GlobalAveragePool '' depends on all"
    ),
    "circular padding": (
        'a = Pad <mode = "wrap"> (x, p) y = Conv <kernel_shape = [3, 3]> (a, w)', "as circular padding does"
    ),
    "a fixed size": (
        f'a = {CONV3} (x, w) b = Resize <mode = "nearest"> (a, , , sizes) y = Add (b, a)', "does not run at 1×1×"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "reason"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_spreads_over_the_map_is_named(body: str, reason: str, tmp_path: Path) -> None:
    """There are no exact tiles, and the reason names the node."""
    constants: dict[str, Constant] = {
        "w": (1, 1, 3, 3), "one": [1.0], "zero": [0.0], "p": [0, 0, 1, 1, 0, 0, 1, 1], "sizes": [1, 1, 32, 32]
    }  # fmt: skip
    used = {name: value for name, value in constants.items() if f" {name}" in body.replace("(", " ")}
    model = model_of(body, {"x": (1, 1, 32, 32)}, opset=19, constants=used)
    (output,) = found(model, tmp_path).outputs
    assert not output.exact
    assert reason.replace("''", f"'{model.graph.node[1].output[0]}'") in str(output.reason)


def test_an_output_of_unknown_shape_is_no_model_without_windows(tmp_path: Path) -> None:
    """How many indices NonZero finds depends on the data, so that nothing can be said of what it makes."""
    body = "a = Conv (x, w) y = NonZero (a)"
    (output,) = found(model_of(body, {"x": (1, 1, 9, 9)}, constants={"w": (1, 1, 3, 3)}), tmp_path).outputs
    assert (output.axes, output.whole) == ((), ())
    assert output.reason == "NonZero 'y': its output shape depends on the data"


def test_a_map_of_a_fixed_size_is_named(tmp_path: Path) -> None:
    """A decoder that was exported for one size resizes to it whatever the input is; the node is that of the file."""
    body = (
        "a = Conv <strides = [8, 8], pads = [1, 1, 1, 1]> (x, w) "
        'y = Resize <mode = "linear", coordinate_transformation_mode = "half_pixel"> (a, "", "", sizes)'
    )
    constants: dict[str, Constant] = {"w": (1, 1, 3, 3), "sizes": [1, 1, 64, 64]}
    (output,) = found(model_of(body, {"x": (1, 1, 64, 64)}, constants=constants), tmp_path).outputs
    assert output.reason == "Resize 'y' makes 1×1×64×64 at any input size: it was exported for one size"


def test_an_axis_that_cannot_be_cut_leaves_the_other(tmp_path: Path) -> None:
    """A Softmax over the rows needs all of them, and one column only."""
    model = model_of(f"a = {CONV3} (x, w) y = Softmax <axis = 2> (a)", {"x": (1, 1, 32, 32)}, 19, {"w": (1, 1, 3, 3)})
    (output,) = found(model, tmp_path).outputs
    assert ([axis.axis for axis in output.axes], [axis.axis for axis in output.whole]) == ([3], [2])


def test_a_tile_that_cannot_be_is_refused(tmp_path: Path) -> None:
    """Too small, longer than an input may be, or not fit for a U-Net's skips: 61 is no multiple of 4."""
    with pytest.raises(UsageError, match="too small"):
        found(unet(2, 64), tmp_path, 44)
    with pytest.raises(UsageError, match="does not run on tiles of 61×61"):
        found(unet(2, 64), tmp_path, 61)
    with pytest.raises(UsageError, match="--tile 8000000000000 is too large; give at most 1000000"):
        found(unet(2, 64), tmp_path, 8 * 10**12)


def test_half_of_a_tile_is_kept_where_the_size_is_free(tmp_path: Path) -> None:
    """A model of 32 pixels whose tiles lose 22 at both sides: 32 is too small, and 66 and less keep less than half."""
    free = unet(2, 32)
    for dim in free.graph.input[0].type.tensor_type.shape.dim[2:]:
        dim.dim_param = "n"
    for plan in tiles(analysed(free, tmp_path).at({"x": (1, 1, 32, 32)})).plan:
        assert (plan.size, plan.advance) == (88, 44)


def test_ratios_give_each_tool_the_intended_pixels(tmp_path: Path) -> None:
    """MONAI advances by int(size·(1 − overlap)), SAHI overlaps by int(ratio·size); nnU-Net spreads tiles evenly."""
    for plan in found(unet(3, 224), tmp_path).plan:
        assert int(plan.size * (1 - plan.ratios.monai)) == plan.advance
        assert int(plan.ratios.sahi * plan.size) == plan.overlap
        assert plan.advance <= plan.size * plan.ratios.nnunet < plan.advance + 1


@pytest.mark.slow
@bounded(60)
@given(st.one_of(chains(), diamonds(), chains(2, most=4), diamonds(2, most=2)))
def test_tiles_of_generated_graphs(graph: Graph) -> None:
    """Whatever is said to be exact is equal to rounding."""
    model = graph.build()
    with tempfile.TemporaryDirectory() as folder:
        study = tiles(analysed(model, Path(folder)))
    for output, axis, size, advance in cut_axes(study):
        assert tile_and_whole(model, output, axis, study.shapes["x"], size, advance).kept < 1e-5
