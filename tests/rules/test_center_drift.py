"""center-drift: output maps whose indices do not lie where half-pixel centers put them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracle_models import Constant, model_of
from tests.published import networks
from tests.rules.inspecting import inspected, of_rule

WEIGHTS: dict[str, Constant] = {
    "one": (1, 1, 1, 1), "two": (1, 1, 2, 2), "three": (1, 1, 3, 3), "four": (1, 1, 4, 4),
    "double": [1.0, 1.0, 2.0, 2.0], "from3": [3], "to9": [9], "row": [2],
}  # fmt: skip
HALVED = "d = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)"


def same(source: str, output: str) -> str:
    """A 3×3 convolution of stride 2 with TensorFlow's padding: at even sizes, index i is centered on 2i + 1."""
    return f'{output} = Conv <auto_pad = "SAME_UPPER", strides = [2, 2]> ({source}, three)'


def padded(source: str, output: str) -> str:
    """A 3×3 convolution of stride 2 with padding 1: index i is centered on 2i."""
    return f"{output} = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> ({source}, three)"


DECODE = "decode positions, and lay anchors, at this center instead"
SHIFT = "shift the map by this distance before laying it over the input"
# Per finding: its axes, and what it says.
DRIFTS = {
    # Index i sees i − 2 to i.
    "all padding in front": (
        (8, 8), "y = Conv <pads = [2, 2, 0, 0]> (x, three)",
        [((2, 3), "index i of y is centered at i − 1 along axes 2 and 3 of x, 1 pixel before i")],
    ),
    # The columns see i to i + 2, the rows i − 1 to i + 1.
    "all padding behind the columns": (
        (8, 8), "y = Conv <pads = [1, 0, 1, 2]> (x, three)",
        [((3,), "index i of y is centered at i + 1 along axis 3 of x, 1 pixel after i")],
    ),
    # The rows alone see the past, as an axis of time may.
    "causal rows": ((8, 8), "y = Conv <pads = [2, 1, 0, 1]> (x, three)", []),
    # Half a pixel is less than one.
    "even kernel": ((8, 8), 'y = Conv <auto_pad = "SAME_UPPER"> (x, four)', []),
    # 2i beside 2i + ½.
    "3×3/2": ((8, 8), padded("x", "y"), []),
    # 8i beside 8i + 3.5, at even and at odd sizes.
    "three of them": (
        (32, 33), f"{padded('x', 'a')} {padded('a', 'b')} {padded('b', 'y')}",
        [((2, 3), "index i of y is centered at 8·i along axes 2 and 3 of x, 3.5 pixels before (i + ½)·8 − ½")],
    ),
    # 1 + 2 + 4 = 7: 8i + 7.
    "three with SAME": (
        (32, 32), f"{same('x', 'a')} {same('a', 'b')} {same('b', 'y')}",
        [((2, 3), "index i of y is centered at 8·i + 7 along axes 2 and 3 of x, 3.5 pixels after (i + ½)·8 − ½")],
    ),
    # At 33 rows the first pads (1, 1), and so do those behind it, on 17 and 9.
    "SAME at two sizes": (
        (32, 33), f"{same('x', 'a')} {same('a', 'b')} {same('b', 'y')}",
        [((2,), "centered at 8·i + 7 along axis 2"), ((3,), "centered at 8·i along axis 3")],
    ),
    # Rows 0 to 2 of 9 are cut away.
    "cropped": (
        (9, 9), "c = Slice (x, from3, to9, row) y = Conv (c, one)",
        [((2,), "index i of y is centered at i + 3 along axis 2 of x, 3 pixels after i")],
    ),
    # Two 3×3 without padding: index i lies at i + 2, in the middle of a crop.
    "no padding": ((9, 9), "a = Conv (x, three) y = Conv (a, three)", []),
    # 4i to 4i + 3, whether rows are left over or not.
    "dropped rows": ((11, 11), f"{HALVED} y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (d)", []),
    "down and up": ((8, 8), f"{HALVED} y = ConvTranspose <strides = [2, 2]> (d, two)", []),
    "pooled": ((8, 8), "a = Conv <pads = [2, 2, 0, 0]> (x, three) y = GlobalAveragePool (a)", []),
    # Branches at 8i and 8i + 3.5: the merge is where it is said.
    "branches apart": (
        (32, 32),
        (f"{padded('x', 'a')} {padded('a', 'b')} {padded('b', 'c')} "
        "p = AveragePool <kernel_shape = [8, 8], strides = [8, 8]> (x) y = Add (c, p)"),
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("size", "body", "drifts"), DRIFTS.values(), ids=DRIFTS)
def test_drift(size: tuple[int, int], body: str, drifts: list[tuple[tuple[int, ...], str]], tmp_path: Path) -> None:
    """Where index i lies, and how far from half-pixel centers, where that is a quarter of an index and one pixel."""
    found = of_rule(inspected(model_of(body, {"x": (1, 1, *size)}, constants=WEIGHTS), tmp_path), "center-drift")
    assert [(finding.severity.value, finding.axes) for finding in found] == [("note", axes) for axes, _ in drifts]
    for finding, (_, words) in zip(found, drifts, strict=True):
        assert words in finding.message
        # Anchors are laid on a coarser grid; a map as fine as the image is laid over it.
        assert finding.help == (DECODE if "8·i" in finding.message else SHIFT)


@pytest.mark.parametrize("pads", [(8, 0), (0, 8)], ids=["past", "future"])
def test_a_causal_signal_is_no_drift(pads: tuple[int, int], tmp_path: Path) -> None:
    """Nine samples up to the own one are seen on purpose; nine samples from it on are not."""
    body = f"y = Conv <pads = [{pads[0]}, {pads[1]}]> (x, nine)"
    report = inspected(model_of(body, {"x": (1, 1, 100)}, constants={"nine": (1, 1, 9)}), tmp_path)
    assert len(of_rule(report, "center-drift")) == (0 if pads[0] else 1)


def test_one_index_or_pixel_is_no_map(tmp_path: Path) -> None:
    """A valid convolution that leaves one index, and a generator that makes an image from one pixel of noise."""
    head = model_of("y = Conv (x, four)", {"x": (1, 1, 4, 4)}, constants=WEIGHTS)
    generator = model_of(f"u = ConvTranspose (x, four) {same('u', 'y')}", {"x": (1, 1, 1, 1)}, constants=WEIGHTS)
    for model in (head, generator):
        assert not of_rule(inspected(model, tmp_path), "center-drift")


def test_classifiers_have_no_position(tmp_path: Path) -> None:
    """ResNet-50 with its pooling is 15.5 pixels off at stride 32 before it, which nobody decodes."""
    net = networks.Net(224)
    x = net.conv(net.conv(net.conv("x", 3, 2, pads=1), 3, 2, pads=1), 3, 2, pads=1)
    model = net.model(net.builder.add("GlobalAveragePool", [x]))
    assert not of_rule(inspected(model, tmp_path), "center-drift")
