"""dilation-holes, unproductive-layer and checkerboard."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.oracle_models import Constant, model_of
from tests.oracle_runtime import influence, run
from tests.published import networks
from tests.rules.inspecting import inspected, of_rule

WEIGHTS: dict[str, Constant] = {"one": (1, 1, 1, 1), "three": (1, 1, 3, 3)}


def dilated(source: str, output: str, dilation: int) -> str:
    """A 3×3 convolution that keeps the size."""
    pads = [dilation] * 4
    return f"{output} = Conv <dilations = {[dilation] * 2}, pads = {pads}> ({source}, three)"


Spans = tuple[tuple[int, int], ...]
HOLES: dict[str, tuple[int, str, Spans]] = {
    # Index 16 of 32: taps at 14, 16, 18, then two more: even rows 12 to 20.
    "2 and 2": (32, f"{dilated('x', 'a', 2)} {dilated('a', 'y', 2)}", ((13, 13), (15, 15), (17, 17), (19, 19))),
    # ±3 and ±3: 10, 13, 16, 19, 22.
    "3 and 3": (32, f"{dilated('x', 'a', 3)} {dilated('a', 'y', 3)}", ((11, 12), (14, 15), (17, 18), (20, 21))),
    # ±1 around ±4: 11–13, 15–17, 19–21.
    "1 and 4": (32, f"{dilated('x', 'a', 1)} {dilated('a', 'y', 4)}", ((14, 14), (18, 18))),
    # ±1, ±2: 13–19 without a gap; hybrid dilation 1, 2, 5 leaves none either.
    "1 and 2": (32, f"{dilated('x', 'a', 1)} {dilated('a', 'y', 2)}", ()),
    "1, 2 and 5": (32, f"{dilated('x', 'a', 1)} {dilated('a', 'b', 2)} {dilated('b', 'y', 5)}", ()),
    # 1×1/2 keeps the even rows, a 3×3 on them sees 14, 16, 18 from index 8.
    "stepped over": (
        32, "a = Conv <strides = [2, 2]> (x, one) y = Conv <pads = [1, 1, 1, 1]> (a, three)", ((15, 15), (17, 17)),
    ),
    # A branch beside it fills the holes.
    "filled by a branch": (
        32, f"{dilated('x', 'a', 2)} {dilated('x', 'b', 1)} c = Add (a, b) {dilated('c', 'y', 1)}", (),
    ),
    # In full the gate sees everything; what has a position has the holes.
    "gate": (
        32, f"{dilated('x', 'a', 2)} {dilated('a', 'b', 2)} g = GlobalAveragePool (b) y = Mul (b, g)",
        ((13, 13), (15, 15), (17, 17), (19, 19)),
    ),
    "plain": (32, f"{dilated('x', 'a', 1)} {dilated('a', 'y', 1)}", ()),
}  # fmt: skip


@pytest.mark.parametrize(("size", "body", "holes"), HOLES.values(), ids=HOLES)
def test_holes(size: int, body: str, holes: Spans, tmp_path: Path) -> None:
    """The rows between the first and the last that the middle index sees, which it does not see."""
    report = inspected(model_of(body, {"x": (1, 1, size, size)}, constants=WEIGHTS), tmp_path)
    found = of_rule(report, "dilation-holes")
    assert [(finding.axes, finding.ranges) for finding in found] == ([((2,), holes), ((3,), holes)] if holes else [])
    for finding in found:
        assert (finding.severity, finding.output, finding.input) == ("warning", "y", "x")
        assert finding.pixels == sum(last - first + 1 for first, last in holes)


UNPRODUCTIVE: dict[str, tuple[tuple[int, int], str, list[str]]] = {
    # Fields before the layers: 1, 3, 5 of 5 rows.
    "the third": ((5, 5), f"{dilated('x', 'a', 1)} {dilated('a', 'b', 1)} {dilated('b', 'y', 1)}", ["y"]),
    # A field of 5 over 3 rows of padding and all counts as covering.
    "from the second on": ((3, 3), f"{dilated('x', 'a', 1)} {dilated('a', 'b', 1)} {dilated('b', 'y', 1)}", ["b", "y"]),
    "none": ((6, 6), f"{dilated('x', 'a', 1)} {dilated('a', 'b', 1)} {dilated('b', 'y', 1)}", []),
    # Columns are not covered.
    "rows alone": ((3, 9), f"{dilated('x', 'a', 1)} {dilated('a', 'y', 1)}", []),
    # Neither a pool nor a 1×1 is meant to add context by weights.
    "not learned": ((3, 3), f"{dilated('x', 'a', 1)} y = MaxPool <kernel_shape = [2, 2]> (a)", []),
    "1×1": ((3, 3), f"{dilated('x', 'a', 1)} y = Conv (a, one)", []),
}  # fmt: skip


@pytest.mark.parametrize(("size", "body", "outputs"), UNPRODUCTIVE.values(), ids=UNPRODUCTIVE)
def test_unproductive_layers(size: tuple[int, int], body: str, outputs: list[str], tmp_path: Path) -> None:
    """Learned windows before which the field already spans the whole image."""
    found = of_rule(inspected(model_of(body, {"x": (1, 1, *size)}, constants=WEIGHTS), tmp_path), "unproductive-layer")
    assert [(finding.output, finding.severity.value) for finding in found] == [(name, "note") for name in outputs]


@pytest.mark.parametrize(("size", "seventh_on"), [(32, True), (224, False)])
def test_border_layer_of_vgg16(size: int, seventh_on: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """By its published fields conv3_2 sees 32 pixels (conv3_1: 24): conv3_3 is the first layer that has seen all of 32.

    At 224 even the last convolution starts from less: 164 + 2 · 16 = 196 behind it.
    """
    report = inspected(networks.vgg16(size)["pool5"], tmp_path)
    found = [finding.output for finding in of_rule(report, "unproductive-layer")]
    convolutions = [node.output for node in report.nodes if node.op == "Conv"]
    # conv1_1, 1_2, 2_1, 2_2, 3_1, 3_2, then 3_3 and all six behind it.
    assert found == (convolutions[6:] if seventh_on else [])


CHECKERBOARDS = {
    "3×3/2": ([3, 3], [2, 2], (2, 3), "4×4"),
    "5×5/2": ([5, 5], [2, 2], (2, 3), "6×6"),
    "4×4/3": ([4, 4], [3, 3], (2, 3), "6×6"),
    "3×4/2": ([3, 4], [2, 2], (2,), "4×4"),
    # Every other output is made from nothing at all.
    "1×1/2": ([1, 1], [2, 2], (2, 3), "2×2"),
    "4×4/2": ([4, 4], [2, 2], (), ""),
    "2×2/2": ([2, 2], [2, 2], (), ""),
    "3×3/1": ([3, 3], [1, 1], (), ""),
}


@pytest.mark.parametrize(("kernel", "stride", "axes", "better"), CHECKERBOARDS.values(), ids=CHECKERBOARDS)
def test_checkerboards(
    kernel: list[int], stride: list[int], axes: tuple[int, ...], better: str, tmp_path: Path
) -> None:
    """Kernels that are no multiple of their stride, along which axes, and the next kernel that is."""
    model = model_of(
        f"y = ConvTranspose <strides = {stride}> (x, w)", {"x": (1, 1, 8, 8)}, constants={"w": (1, 1, *kernel)}
    )
    found = of_rule(inspected(model, tmp_path), "checkerboard")
    assert [(finding.axes, finding.severity.value) for finding in found] == ([(axes, "warning")] if axes else [])
    for finding in found:
        assert f"use a {better} kernel" in finding.help


TAPS = {
    # Taps at 0 and 2: with stride 2 both are even, and odd outputs are made by none: 1 to 9 of 11, with pads of 1.
    "2, dilation 2": (2, 2, 2, 1, "0 or 2 taps per axis; 5 of 9 samples of its output depend on nothing but the bias"),
    # 0, 2 and 4: three for the even ones.
    "3, dilation 2": (3, 2, 2, 0, "0 or 3 taps per axis; 6 of 13 samples of its output depend on nothing but the bias"),
    "4, dilation 2": (4, 2, 2, 0, "0 or 4 taps per axis; 7 of 15 samples of its output depend on nothing but the bias"),
    # 0, 3: one even, one odd.
    "2, dilation 3": (2, 2, 3, 0, ""),
    # 0, 3, 6 with stride 2: two even, one odd.
    "3, dilation 3": (3, 2, 3, 0, "1 or 2 taps per axis"),
    # 0, 2, 4 with stride 4: two for multiples of 4, one between, none for odd ones.
    "3, stride 4, dilation 2": (3, 4, 2, 0, "0 or 2 taps per axis; 10 of 21 samples of its output depend on nothing"),
}


@pytest.mark.parametrize(("kernel", "stride", "dilation", "pad", "text"), TAPS.values(), ids=TAPS)
def test_taps_of_a_dilated_kernel(kernel: int, stride: int, dilation: int, pad: int, text: str, tmp_path: Path) -> None:
    """How many taps make an output, by arithmetic; run with ones, the outputs are just these numbers of taps."""
    body = f"y = ConvTranspose <strides = [{stride}], dilations = [{dilation}], pads = [{pad}, {pad}]> (x, w)"
    ones = np.ones((1, 1, kernel), dtype=np.float32)
    model = model_of(body, {"x": (1, 1, 5)}, constants={"w": ones})
    found = of_rule(inspected(model, tmp_path), "checkerboard")
    made = run(model, {"x": np.ones((1, 1, 5), dtype=np.float32)}).values["y"].reshape(-1)
    assert [text in finding.message for finding in found] == ([True] if text else [])
    if "nothing" in text:
        assert f"{(made == 0).sum()} of {len(made)} samples" in text
    else:
        assert made[3:-3].min() > 0  # away from the borders


def test_no_kernel_helps_a_dilation_that_shares_a_factor(tmp_path: Path) -> None:
    """Every tap of a kernel with dilation 2 is even: with stride 2 the advice is to leave the dilation out."""
    body = "y = ConvTranspose <strides = [2], dilations = [2]> (x, w)"
    (finding,) = of_rule(
        inspected(model_of(body, {"x": (1, 1, 5)}, constants={"w": (1, 1, 3)}), tmp_path), "checkerboard"
    )
    assert finding.help == (
        "use a kernel of size 4 without dilation, or resize and then convolve; with this dilation every kernel "
        "overlaps unevenly"
    )


def test_a_skip_connection_keeps_layers_productive(tmp_path: Path) -> None:
    """Around the first two layers the field of the third layer's input is 1 pixel; without that path it is 5 of 5."""
    chain = f"{dilated('x', 'a', 1)} {dilated('a', 'b', 1)}"
    for skip, outputs in (
        (f"{chain} {dilated('b', 'y', 1)}", ["y"]),
        (f"{chain} c = Add (b, x) {dilated('c', 'y', 1)}", []),
    ):
        report = inspected(model_of(skip, {"x": (1, 1, 5, 5)}, constants=WEIGHTS), tmp_path)
        assert [finding.output for finding in of_rule(report, "unproductive-layer")] == outputs


def test_a_large_field_is_not_the_whole_image(tmp_path: Path) -> None:
    """17 pixels around each of 16 rows: row 7 sees −1 to 15, row 8 sees 0 to 16, and no other sees all rows."""
    body = f"a = Conv <pads = [8, 8, 8, 8]> (x, w) {dilated('a', 'y', 1)}"
    model = model_of(body, {"x": (1, 1, 16, 16)}, constants={**WEIGHTS, "w": (1, 1, 17, 17)})
    (finding,) = of_rule(inspected(model, tmp_path), "unproductive-layer")
    assert "2 of 16 rows and columns of its input depend on the whole image" in finding.message
    seen = influence(run(model), "x", 2, ["a"])["a"].any(axis=(0, 1, 3))
    assert list(np.flatnonzero(np.all(seen, axis=1))) == [7, 8]
