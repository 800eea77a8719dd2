"""Normalising operators, softmax and reductions: what is read through statistics counts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from tests.reads.running import Array, Case, around, integers

MS = "com.microsoft"


def cases() -> Iterator[Case]:
    """Every case."""
    yield from _softmax()
    yield from _normalisations()
    yield from _microsoft()
    yield from _reductions()
    yield from _ranks()


def _softmax() -> Iterator[Case]:
    for op, opset in itertools.product(("Softmax", "LogSoftmax"), (11, 13)):
        for axis in (0, 1, 2, -1, -2):
            yield Case(op, around(x=(2, 2, 3)), {}, {"axis": axis}, opset, jump=1)
        yield Case(op, around(x=(2, 2, 3)), opset=opset, jump=1)
    for opset, axis in itertools.product((11, 13), (1, -1)):
        yield Case("Hardmax", around(x=(2, 2, 3)), {}, {"axis": axis}, opset, tries=60, scatter=2)
    for axis, p in itertools.product((0, -1), (1, 2)):
        yield Case("LpNormalization", around(x=(2, 3)), {}, {"axis": axis, "p": p}, jump=0.5)


def _normalisations() -> Iterator[Case]:
    for axis in (-1, 1, 2, 0):
        shape = (2, 2, 3)[axis:]
        yield Case(
            "LayerNormalization", around(x=(2, 2, 3), s=shape, b=shape), {}, {"axis": axis},
            outputs=3, watched=(0, 1, 2), tries=3, jump=1,
        )  # fmt: skip
    yield Case("RMSNormalization", around(x=(2, 2, 3), s=(3,)), opset=23, jump=1)
    yield Case("InstanceNormalization", around(x=(2, 2, 2, 3), s=(2,), b=(2,)), jump=1)
    yield Case("GroupNormalization", around(x=(1, 4, 2, 2), s=(4,), b=(4,)), {}, {"num_groups": 2}, 21, jump=1)
    yield Case("GroupNormalization", around(x=(1, 4, 2, 2), s=(2,), b=(2,)), {}, {"num_groups": 2}, 18, jump=1)
    yield Case("MeanVarianceNormalization", around(x=(2, 2, 2, 2)), jump=1)
    yield Case("MeanVarianceNormalization", around(x=(2, 2, 2, 2)), {}, {"axes": [2, 3]}, jump=1)
    yield Case("BatchNormalization", around(x=(2, 2, 3), s=(2,), b=(2,), m=(2,), v=(2,)), jump=0.3)
    for size, channels in itertools.product((1, 3, 5), (1, 5)):
        yield Case(
            "LRN", around(x=(1, channels, 1, 2)), {}, {"size": size, "alpha": 1.0, "beta": 0.5}, jump=1, noise=1e-5
        )
    yield Case("DynamicQuantizeLinear", around(x=(2, 3)), outputs=3, watched=(0, 1, 2), tries=40, jump=6)


def _microsoft() -> Iterator[Case]:
    x, vector = (2, 2, 4), (4,)
    inputs = around(x=x, k=x, g=vector, b=vector, c=vector)
    yield Case("SkipLayerNormalization", inputs, domain=MS, jump=1, tries=3)
    inputs = around(x=x, k=x, g=vector)
    yield Case("SkipSimplifiedLayerNormalization", inputs, domain=MS, jump=1, tries=3)
    scale, zero = np.array(0.02, np.float32), np.array(0, np.uint8)
    grain: dict[str, Array] = {"s": scale, "z": zero, "ys": np.array(1 / 256, np.float32), "yz": zero}
    yield Case("QLinearSoftmax", {"x": np.full((2, 3), 100, np.uint8)}, grain, {"axis": -1, "opset": 13}, domain=MS)


def _reductions() -> Iterator[Case]:
    ops = ("ReduceSum", "ReduceMean", "ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceSumSquare", "ReduceProd")
    for op, axes, keeps in itertools.product(ops, ([0], [1, -1], [2, 0], None), (0, 1)):
        attributes: dict[str, object] = {"keepdims": keeps}
        yield Case(op, around(x=(2, 3, 2)), {} if axes is None else integers(a=axes), attributes, 18)
        if axes is not None and op != "ReduceSum":
            yield Case(op, around(x=(2, 3, 2)), {}, {**attributes, "axes": axes}, 13)
    yield Case("ReduceSum", around(x=(2, 3)), integers(a=[]), {"noop_with_empty_axes": 1}, 18)
    yield Case("ReduceMax", around(x=(2, 3)), integers(a=[1]), opset=18, tries=4)
    yield Case("ReduceMin", around(x=(2, 3)), {}, {"axes": [0]}, 13, tries=4)


def _ranks() -> Iterator[Case]:
    for op, axis, keeps in itertools.product(("ArgMax", "ArgMin"), (0, 1, -1), (0, 1)):
        yield Case(op, around(x=(2, 3, 2)), {}, {"axis": axis, "keepdims": keeps}, tries=16)
    for axis, k, largest in itertools.product((0, -1), (1, 2), (0, 1)):
        yield Case(
            "TopK", around(x=(3, 4)), integers(k=[k]), {"axis": axis, "largest": largest},
            outputs=2, watched=(0, 1), tries=24,
        )  # fmt: skip
