"""What an index sees along single paths, where branches meet again."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oracle_models import Constant, model_of
from tests.published import networks
from tests.rules.inspecting import inspected
from tests.thorough import bounded

SIZE = 96

DOUBLED = 'u = Resize <mode = "nearest"> (x, , double)'

Window = tuple[int, int]
"""Kernel and dilation of a window with stride 1."""

# Per block: whether it halves the map first, and the windows in series of each branch; none is the identity.
Block = tuple[bool, list[list[Window]]]

WINDOWS = st.lists(st.tuples(st.integers(1, 5), st.integers(1, 3)), max_size=2)
BLOCKS = st.lists(st.tuples(st.booleans(), st.lists(WINDOWS, min_size=1, max_size=3)), min_size=1, max_size=5)


def branching(blocks: list[Block]) -> onnx.ModelProto:
    """Blocks of parallel branches that are added up, on a signal; odd extents are padded by SAME."""
    nodes = []
    at = "x"
    for number, (halves, branches) in enumerate(blocks):
        if halves:
            nodes.append(f"h{number} = MaxPool <kernel_shape = [2], strides = [2]> ({at})")
            at = f"h{number}"
        ends = []
        for side, windows in enumerate(branches):
            end = at
            for depth, (kernel, dilation) in enumerate(windows):
                name = f"w{number}_{side}_{depth}"
                before = dilation * (kernel - 1) // 2
                pads = f"pads = [{before}, {dilation * (kernel - 1) - before}]"
                nodes.append(f"{name} = Conv <{pads}, dilations = [{dilation}]> ({end}, k{kernel})")
                end = name
            ends.append(end)
        nodes.append(f"y{number} = Sum ({', '.join(ends)})")
        at = f"y{number}"
    constants: dict[str, Constant] = {f"k{kernel}": (1, 1, kernel) for kernel in range(1, 6)}
    body = " ".join([*nodes, f"y = MaxPool <kernel_shape = [1]> ({at})"])
    return model_of(body, {"x": (1, 1, SIZE)}, constants=constants)


def sizes_of_paths(blocks: list[Block]) -> set[int]:
    """The field of every path by itself: 1 + Σ dilation·(kernel − 1)·stride before."""
    sizes, stride = {1}, 1
    for halves, branches in blocks:
        if halves:
            sizes = {size + stride for size in sizes}
            stride *= 2
        added = {sum(dilation * (kernel - 1) for kernel, dilation in windows) for windows in branches}
        sizes = {size + more * stride for size in sizes for more in added}
    return sizes


@pytest.mark.slow
@given(BLOCKS)
@bounded(60)
def test_smallest_and_largest_of_all_paths(blocks: list[Block]) -> None:
    """The smallest field is that of one of the paths, listed one by one; the closed form covers the largest of them."""
    with TemporaryDirectory() as folder:
        (field,) = inspected(branching(blocks), Path(folder)).outputs[0].fields
    assert field.smallest == min(sizes_of_paths(blocks))
    assert field.size is not None
    assert field.size >= max(sizes_of_paths(blocks))


# Through the shortcuts nothing is added to the stem: a 7×7 with stride 2 sees 7, a 3×3 pool behind it 7 + 2·2.
# A dense block passes its input on; the 2×2 pools between blocks add their stride: 11 + 4 + 8 + 16.
NETWORKS = {
    "ResNet-50": (networks.resnet50_torchvision(224), 427, 11),
    "DenseNet-121": (networks.densenet121(224), 2071, 39),
    "VGG-16": (networks.vgg16(224)["pool5"], 212, 212),
}


@pytest.mark.parametrize(("model", "size", "smallest"), NETWORKS.values(), ids=NETWORKS)
def test_published_networks(model: onnx.ModelProto, size: int, smallest: int, tmp_path: Path) -> None:
    """The size in papers, and beside it the field along the shortcuts; one and the same where there are none."""
    for field in inspected(model, tmp_path).outputs[0].fields:
        assert (field.size, field.smallest) == (size, smallest)


CHANGED = {
    # Rows 2i and 2i + 1 are row i: three neighbours are two of them.
    "upsampled": (f"{DOUBLED} y = MaxPool <kernel_shape = [3, 1]> (u)", 2, 2),
    # Beside the 5×1, which sees three of the rows.
    "upsampled and merged": (
        (f"{DOUBLED} a = MaxPool <kernel_shape = [3, 1], pads = [1, 0, 1, 0]> (u) "
        "b = MaxPool <kernel_shape = [5, 1], pads = [2, 0, 2, 0]> (u) y = Add (a, b)"), 3, 2,
    ),
    # Every second row: the upsampled ones are those of x again.
    "down again": (f"{DOUBLED} y = MaxPool <kernel_shape = [1, 1], strides = [2, 1]> (u)", 1, 1),
    # Pairs of rows become channels, which a convolution mixes: 2 rows, and 2·2 with a 2×1.
    "reshaped": (
        ("r = Reshape (x, pairs) t = Transpose <perm = [0, 1, 3, 2, 4]> (r) c = Reshape (t, halved) "
        "a = Conv (c, mixing) b = Conv (c, mixing2) e = Slice (a, zero, two, rows) y = Add (e, b)"), 4, 2,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "size", "smallest"), CHANGED.values(), ids=CHANGED)
def test_other_grids(body: str, size: int, smallest: int, tmp_path: Path) -> None:
    """Along the rows, where the map is resized or its rows are regrouped on the way."""
    constants: dict[str, Constant] = {
        "double": [1.0, 1.0, 2.0, 1.0], "pairs": [1, 1, 3, 2, 6], "halved": [1, 2, 3, 6], "mixing": (1, 2, 1, 1),
        "mixing2": (1, 2, 2, 1), "zero": [0], "two": [2], "rows": [2],
    }  # fmt: skip
    field = inspected(model_of(body, {"x": (1, 1, 6, 6)}, constants=constants), tmp_path).outputs[0].fields[0]
    assert (field.size, field.smallest) == (size, smallest)
