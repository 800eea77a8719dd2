"""Sizes judged axis by axis are judged as by an analysis at each of them, and only where an axis decides."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from unittest import mock

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strideinspect.analysis import Analysis
from strideinspect.errors import StrideinspectError
from strideinspect.model.geometry import Window
from strideinspect.settings import Settings
from strideinspect.studies import sizes_by_axis
from strideinspect.studies.axis_network import AxisLink, AxisNetwork
from strideinspect.studies.lossless_sizes import SizeSearch
from strideinspect.studies.model_sizes import running
from strideinspect.studies.opening import analysed
from tests.graph_families import CLOSED, DIGITS
from tests.graphs import Graph, chains, diamonds
from tests.oracle_models import Constant, model_of
from tests.thorough import bounded


def judged_by_axis(analysis: Analysis, lengths: Iterable[int]) -> int:
    """How many questions are answered axis by axis, after a check that every answer is that of analyses alone."""
    answered = 0
    by_axis = sizes_by_axis.SizesByAxis(analysis)
    searches = [SizeSearch(analysis, apart=True) for _ in range(2)]
    asked = [(name, axis, n) for name, axes in analysis.spatial_axes.items() for axis in axes for n in lengths]
    for name, axis, n in asked:
        with mock.patch.object(sizes_by_axis, "network_along", return_value=None):
            expected = judged(searches[0], name, axis, n)
        assert judged(searches[1], name, axis, n) == expected, (name, axis, n)
        runs = by_axis.runs(name, {axis: n})
        further = (by_axis.sees_everything, by_axis.drops_nothing) if runs else ()
        answered += sum(answer is not None for answer in (runs, *(ask(name, {axis: n}) for ask in further)))
    return answered


def judged(search: SizeSearch, name: str, axis: int, n: int) -> tuple[bool, bool, bool]:
    """Whether a network runs at a size of an axis, sees every pixel and drops none."""
    unseen, dropped = (search.is_lossless(name, axis, n, aim) for aim in ("unseen", "dropped"))
    return search.runs(name, axis, n), unseen, dropped


CONV3 = "Conv <kernel_shape = [3], strides = [2], pads = [1, 1]>"
BLOCK = f"a = {CONV3} (x, w) b = Relu (a)"
CONSTANTS: dict[str, Constant] = {
    "w": (1, 1, 3),
    "v": (1, 1, 1),
    "c": (1, 1, 16),
    "scale": (1,),
    "long": (16,),
    "tail": [0, 0, 0, 0, 0, 1],
    "ends": [0, 0, 1, 0, 0, 1],
    "flat": [1, 16],
    "twice": [1.0, 1.0, 2.0],
    "from": [1],
    "to": [30],
    "axis": [2],
}
FOLLOWED = {
    "windows": f"{BLOCK} y = MaxPool <kernel_shape = [3], strides = [2]> (b)",
    "a map that a window does not fit": "y = Conv <kernel_shape = [3], dilations = [9]> (x, w)",
    "rounded up": "y = MaxPool <kernel_shape = [3], strides = [2], ceil_mode = 1> (x)",
    "padding by size": f'{BLOCK} y = Conv <auto_pad = "SAME_UPPER", strides = [2]> (b, w)',
    "a residual block": f"{BLOCK} c1 = Conv (x, v) s = MaxPool <kernel_shape = [1], strides = [2]> (c1) y = Add (b, s)",
    "branches that do not always fit": (
        "a = Conv <kernel_shape = [3], strides = [2]> (x, w) b = MaxPool <kernel_shape = [2], strides = [2]> (x)"
        " y = Concat <axis = 1> (a, b)"
    ),
    "a product of many indices and one": (
        "a = Conv <kernel_shape = [3], strides = [9]> (x, w) b = MaxPool <kernel_shape = [2], strides = [2]> (x)"
        " d = GlobalAveragePool (a) y = Mul (b, d)"
    ),
    "a gate": f"{BLOCK} g = ReduceMean <axes = [2]> (b) s = Sigmoid (g) y = Mul (b, s)",
    "a padding node and its window": "p = Pad (x, tail) y = Conv <kernel_shape = [3], strides = [2]> (p, w)",
    "padding at both ends": "p = Pad (x, ends) r = Relu (p) y = MaxPool <kernel_shape = [2], strides = [2]> (r)",
    "up again": f"{BLOCK} u = ConvTranspose <kernel_shape = [3], strides = [2]> (b, w) y = Relu (u)",
    "up to a skip": (
        f"{BLOCK} u = ConvTranspose <kernel_shape = [3], strides = [2], pads = [1, 1], output_padding = [1]> (b, w)"
        " y = Concat <axis = 1> (u, x)"
    ),
    "normalised over the axis": f"{BLOCK} y = InstanceNormalization (b, scale, scale)",
    "channels last": (
        f"{BLOCK} t = Transpose <perm = [0, 2, 1]> (b) r = Relu (t) s = Transpose <perm = [0, 2, 1]> (r)"
        " y = MaxPool <kernel_shape = [2], strides = [2]> (s)"
    ),
    "a branch that no output needs": f"{BLOCK} y = Conv <strides = [3]> (x, w) z = MaxPool <kernel_shape = [5]> (x)",
    "windows in padding alone": "y = Conv <kernel_shape = [1], strides = [2], pads = [1, 1]> (x, v)",
}
REFUSED = {
    "a head for one size": f"{BLOCK} y = Reshape (b, flat)",
    "a constant for one size": f"{BLOCK} y = Add (b, c)",
    "resized": f'{BLOCK} y = Resize <mode = "nearest"> (b, , twice)',
    "mirrored": f'p = Pad <mode = "reflect"> (x, ends) y = {CONV3} (p, w)',
    "cut": f"s = Slice (x, from, to, axis) y = {CONV3} (s, w)",
    "joined along the axis": f"{BLOCK} y = Concat <axis = 2> (b, b)",
    "a product of matrices": f"{BLOCK} t = Transpose <perm = [0, 2, 1]> (b) y = MatMul (b, t)",
    "sizes computed in the graph": f"{BLOCK} n = Shape (x) f = Cast <to = 1> (n) m = ReduceMax (f) y = Mul (b, m)",
    "a number per index": f"{BLOCK} t = Transpose <perm = [0, 2, 1]> (b) y = InstanceNormalization (t, long, long)",
}


def model(body: str) -> onnx.ModelProto:
    """One signal of 32 samples, and the constants that the nodes use."""
    words = set(body.replace("(", " ").replace(")", " ").replace(",", " ").split())
    used = {name: value for name, value in CONSTANTS.items() if name in words}
    return model_of(body, {"x": (1, 1, 32)}, opset=17, constants=used)


def opened(proto: onnx.ModelProto, folder: Path) -> Analysis:
    """The analysis at the size of the file."""
    onnx.save(proto, folder / "m.onnx")
    return running(analysed(folder / "m.onnx", Settings()))


@pytest.mark.parametrize("body", FOLLOWED.values(), ids=FOLLOWED)
def test_as_by_an_analysis(body: str, tmp_path: Path) -> None:
    """Windows, padding and joins along one axis decide, from the smallest lengths on."""
    assert judged_by_axis(opened(model(body), tmp_path), range(1, 80)) >= 79


@pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED)
def test_what_an_axis_does_not_decide(body: str, tmp_path: Path) -> None:
    """Nodes that may do something else at another length."""
    assert judged_by_axis(opened(model(body), tmp_path), range(1, 80)) == 0


def test_one_index_may_stand_for_many() -> None:
    """Windows of 3 by 9 and of 2 by 2 give 1 and 1 indices of 3, 1 and 2 of 4, and 5 and 20 of 40."""
    links = [
        AxisLink((0,), lambda n: Window(3, 9, 1, 0, 0, n, (n - 3) // 9 + 1), spare=0),
        AxisLink((0,), lambda n: Window(2, 2, 1, 0, 0, n, n // 2), spare=0),
        AxisLink((1, 2), broadcasts=True),
    ]
    network = AxisNetwork(links, frozenset({3}), longest=100)
    assert [None if found is None else found.runs for found in map(network.at, (3, 4, 40))] == [True, None, False]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where generated models go, one after the other."""
    return tmp_path_factory.mktemp("models")


@pytest.mark.slow
@bounded(60)
@given(
    graph=st.one_of(
        chains(most=2),
        chains(1, CLOSED, most=4),
        diamonds(most=1),
        diamonds(2, CLOSED, most=2),
        chains(1, DIGITS, most=2),
    )
)
def test_generated_graphs(graph: Graph, folder: Path) -> None:
    """Of every family, at thirty sizes."""
    try:
        analysis = opened(graph.build(), folder)
    except StrideinspectError:
        return
    judged_by_axis(analysis, range(1, 31))
