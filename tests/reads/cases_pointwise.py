"""Elementwise operators with broadcasting, and the fused and quantised ones of com.microsoft."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tests.reads.running import Array, Case, around

MS = "com.microsoft"


def cases() -> Iterator[Case]:
    """Every case."""
    for a, b in (((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 3), (1,)), ((2, 1), (1, 3)), ((3,), (2, 2, 3)), ((2, 3), ())):
        yield Case("Add", around(a=a, b=b))
        yield Case("Mul", around(a=a, b=b))
        yield Case("Pow", {"a": around(a=a)["a"] + 3, "b": around(b=b)["b"]}, jump=1)
        yield Case("Max", around(a=a, b=b), tries=6)
    # The type of the second input is taken, and nothing else: it may be larger.
    yield Case("CastLike", around(a=(3,), b=(2, 3)))
    yield Case("Sum", around(a=(2, 3), b=(3,), c=(2, 1)))
    yield Case("Where", {"c": np.array([[True, False, True]]), **around(a=(2, 3), b=(2, 1))}, tries=12)
    yield Case("Where", {"c": np.array([[False], [True]]), **around(a=(1,), b=(2, 3))}, tries=12)
    for chosen in ([[True, False, True]], [[True], [False]], [[True, False, False], [False, True, False]]):
        choice = {"c": np.array(chosen)}
        yield Case("Where", around(a=(2, 3), b=(2, 1)), choice, order=("c", "a", "b"), tries=12, pairs=True)
    yield Case("PRelu", {"a": around(a=(2, 2, 3))["a"] - 1, **around(s=(2, 1))}, tries=16, scatter=1)
    for op in ("Relu", "Sigmoid", "Tanh", "Gelu", "Elu", "HardSwish", "Mish", "Softplus", "Erf", "Exp", "Abs"):
        yield Case(op, around(x=(2, 3)), opset=22, jump=1)
    yield Case("Clip", around(x=(2, 3)), {"a": np.array(-9, np.float32), "b": np.array(9, np.float32)})
    yield Case("BiasGelu", around(x=(2, 2, 3), b=(3,)), domain=MS, jump=1)
    yield Case("FastGelu", around(x=(2, 2, 3), b=(3,)), domain=MS, jump=1)
    yield Case("QuickGelu", around(x=(2, 3)), domain=MS, jump=1)
    scale, zero = np.array(0.5, np.float32), np.array(20, np.uint8)
    grain: dict[str, Array] = {"as": scale, "az": zero, "bs": scale, "bz": zero, "ys": scale, "yz": zero}
    for op, y in (("QLinearAdd", 1.0), ("QLinearMul", 30.0)):
        bytes_ = {"a": np.full((2, 3), 100, np.uint8), "b": np.full((1, 3), 90, np.uint8)}
        constants: dict[str, Array] = {**grain, "ys": np.array(y, np.float32)}
        yield Case(op, bytes_, constants, order=("a", "as", "az", "b", "bs", "bz", "ys", "yz"), domain=MS)
    x = {"x": np.full((2, 3), 60, np.uint8)}
    for op in ("QLinearLeakyRelu", "QLinearSigmoid"):
        fine: dict[str, Array] = {
            "s": np.array(0.05, np.float32),
            "z": zero,
            "ys": np.array(0.02, np.float32),
            "yz": zero,
        }
        yield Case(op, x, fine, {"alpha": 0.1} if op == "QLinearLeakyRelu" else {}, domain=MS)
    for axis in (0, 1):
        vector = np.full(3 if axis else 2, 0.5, np.float32)
        yield Case("QuantizeLinear", around(x=(2, 3)), {"s": vector}, {"axis": axis}, jump=5)
        yield Case("DequantizeLinear", x, {"s": vector}, {"axis": axis})
    joined = {"a": np.full((1, 2, 2), 100, np.uint8), "b": np.full((1, 1, 2), 90, np.uint8)}
    yield Case(
        "QLinearConcat", joined, {"ys": scale, "yz": zero, "as": scale, "az": zero, "bs": scale, "bz": zero},
        {"axis": 1}, order=("ys", "yz", "a", "as", "az", "b", "bs", "bz"), domain=MS,
    )  # fmt: skip
    yield Case("ScaledSiLU", around(x=(2, 3)), domain=MS, jump=1)
    yield Case("GatedAdd", around(x=(2, 3), y=(2, 3), g=(2, 1)), domain=MS, jump=1)
