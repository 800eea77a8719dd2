"""The oracle against onnxruntime: what it says an element depends on is what changes it, operator by operator."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from tests.oracle import Oracle, hull, hulls
from tests.oracle_models import Constant, model_of
from tests.oracle_runtime import influence
from tests.properties.oracle_cases import CASES, Case


def model(case: Case) -> onnx.ModelProto:
    """The model of a case."""
    opset, shape, body, constants = case
    return model_of(body, {"x": shape}, opset, constants)


@pytest.mark.slow  # what the program says is held to the oracle in every run, and the oracle to onnxruntime here
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_dependency_sets_are_what_changes_the_output(case: Case) -> None:
    """Along every axis, an element changes with exactly the rows that the oracle says it depends on."""
    oracle = Oracle.of(model(case))
    for axis in range(len(case[1])):
        sees = oracle.sees("x", axis)
        names = [name for name in oracle.reads if oracle.values[name].dtype == np.float32]
        for name, changed in influence(oracle.ran, "x", axis, names).items():
            np.testing.assert_array_equal(sees[name].full, changed, f"{name} along axis {axis} of x")


def test_lrn_reads_its_neighbouring_channels() -> None:
    """Of five channels, size 3 reads one on either side; onnxruntime's running sums leave traces in the others."""
    sees = Oracle.of(model_of("y = LRN<size=3>(x)", {"x": (1, 5, 2, 1)})).sees("x", 1)
    assert hulls(sees["y"].full, 1) == ((0, 0, 1, 2, 3), (1, 2, 3, 4, 4))


LOCAL: dict[str, tuple[str, dict[str, Constant], tuple[int | None, ...], tuple[int | None, ...]]] = {
    # x has one batch, two channels and six positions; expected: first and last position seen by each index of y.
    "gate": ("g = GlobalAveragePool(x) y = Mul(x, g)", {}, (0, 1, 2, 3, 4, 5), (0, 1, 2, 3, 4, 5)),
    "gate-through-gemm": (
        "g = GlobalAveragePool(x) f = Flatten(g) h = Gemm(f, m) u = Unsqueeze(h, a) y = Mul(x, u)",
        {"m": (2, 2), "a": [2]},
        (0, 1, 2, 3, 4, 5),
        (0, 1, 2, 3, 4, 5),
    ),
    "gate-through-reshape": (
        "g = ReduceMean<keepdims=0>(x, a) h = Reshape(g, s) y = Mul(x, h)",
        {"a": [2], "s": [1, 2, 1]},
        (0, 1, 2, 3, 4, 5),
        (0, 1, 2, 3, 4, 5),
    ),
    "pooled-context": (
        "g = GlobalAveragePool(x) h = Expand(g, s) y = Concat<axis=1>(x, h)",
        {"s": [1, 2, 6]},
        (0, 1, 2, 3, 4, 5),
        (0, 1, 2, 3, 4, 5),
    ),
    "nothing-but-context": ("g = GlobalAveragePool(x) y = Expand(g, s)", {"s": [1, 2, 3]}, (None,) * 3, (None,) * 3),
    "pool-over-all": (
        "g = AveragePool<kernel_shape=[6]>(x) y = Tile(g, r)",
        {"r": [1, 1, 2]},
        (None,) * 2,
        (None,) * 2,
    ),
    # A 5-wide pool leaves one index out, so the axis still has its position.
    "pool-over-nearly-all": (
        "g = AveragePool<kernel_shape=[5], strides=[5]>(x) y = Tile(g, r)",
        {"r": [1, 1, 2]},
        (0, 0),
        (4, 4),
    ),
    "convolution-over-all": ("g = Conv(x, w) y = Tile(g, r)", {"w": (2, 2, 6), "r": [1, 1, 2]}, (0, 0), (5, 5)),
    "collapsed-and-kept": ("y = GlobalAveragePool(x)", {}, (0,), (5,)),
    "channel-mean": ("m = ReduceMean(x, a) y = Sub(x, m)", {"a": [1]}, (0, 1, 2, 3, 4, 5), (0, 1, 2, 3, 4, 5)),
    "softmax-along": ("y = Softmax<axis=2>(x)", {}, (0, 1, 2, 3, 4, 5), (0, 1, 2, 3, 4, 5)),
    "softmax-spelled": (
        "e = Exp(x) s = ReduceSum(e, a) y = Div(e, s)",
        {"a": [2]},
        (0, 1, 2, 3, 4, 5),
        (0, 1, 2, 3, 4, 5),
    ),
    "attention": ("t = Transpose<perm=[0,2,1]>(x) s = MatMul(t, x) y = MatMul(x, s)", {}, (0,) * 6, (5,) * 6),
    "beside-a-placed-path": (
        "c = Conv(x, w) g = GlobalAveragePool(x) a = Add(c, g) y = Tile(a, r)",
        {"w": (2, 2, 6), "r": [1, 1, 2]},
        (0, 0),
        (5, 5),
    ),
}


@pytest.mark.parametrize("case", LOCAL.values(), ids=LOCAL)
def test_local_dependence_by_hand(
    case: tuple[str, dict[str, Constant], tuple[int | None, ...], tuple[int | None, ...]],
) -> None:
    """Local dependence leaves out what a collapsed axis spreads again, and the statistics of normalisation."""
    body, constants, first, last = case
    sees = Oracle.of(model_of(body, {"x": (1, 2, 6)}, 18, constants)).sees("x", 2)["y"]
    assert hulls(sees.local, 2) == (first, last)
    unread = 1 if case is LOCAL["pool-over-nearly-all"] else 0
    assert hull(sees.full) == (0, 5 - unread)
