"""Matrix products with transposes, vectors and broadcast batches; Einsum; Gemm."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from tests.reads.running import Case, around


def cases() -> Iterator[Case]:
    """Every case."""
    for a, b in (
        ((2, 3), (3, 4)), ((3,), (3, 4)), ((2, 3), (3,)), ((3,), (3,)), ((2, 2, 3), (3, 2)), ((2, 3), (2, 3, 2)),
        ((2, 1, 2, 3), (1, 2, 3, 2)), ((1, 2, 3), (2, 3, 2)), ((3,), (2, 3, 2)), ((2, 2, 3), (3,)),
        ((2, 2, 3), (2, 3, 1)),
        ((1, 3), (3, 2)), ((2, 1, 2, 3), (2, 3, 2)),
    ):  # fmt: skip
        yield Case("MatMul", around(a=a, b=b))
    for ta, tb, c in itertools.product((0, 1), (0, 1), ((2, 4), (4,), (2, 1), (1,), None)):
        inputs = around(a=(3, 2) if ta else (2, 3), b=(4, 3) if tb else (3, 4), **({} if c is None else {"c": c}))
        yield Case("Gemm", inputs, {}, {"transA": ta, "transB": tb})
        yield Case(
            "FusedGemm",
            inputs,
            {},
            {"transA": ta, "transB": tb, "alpha": 1.0, "activation": "LeakyRelu", "activation_alpha": 0.5},
            domain=MS,
        )
    for ta, tb in itertools.product((0, 1), (0, 1)):
        inputs = around(a=(2, 3, 2) if ta else (2, 2, 3), b=(4, 3) if tb else (3, 4))
        yield Case("FusedMatMul", inputs, {}, {"transA": ta, "transB": tb}, domain=MS)
    yield Case("FusedMatMul", around(a=(2, 3, 4), b=(4, 3, 5)), {}, {"transBatchA": 1, "transBatchB": 1}, domain=MS)
    yield Case("FusedMatMul", around(a=(2, 3, 2), b=(3, 2, 2)), {}, {"transBatchA": 1}, domain=MS)
    yield Case("FusedMatMul", around(a=(2, 2, 3), b=(2, 3, 2)), {}, {"transBatchB": 1, "transB": 1}, domain=MS)
    for equation, *shapes in (
        ("ij,jk->ik", (2, 3), (3, 4)), ("bij,bjk->bik", (2, 2, 3), (2, 3, 2)), ("ij->ji", (2, 3)), ("ij->i", (2, 3)),
        ("i,j->ij", (2,), (3,)), ("bhqd,bhkd->bhqk", (1, 2, 2, 3), (1, 2, 2, 3)),
        ("...ij,...jk->...ik", (2, 2, 3), (3, 2)),
        ("ij,jk", (2, 3), (3, 2)), ("bij,bij->b", (2, 2, 2), (2, 2, 2)), ("ij,ij->", (2, 2), (2, 2)),
        ("bchw,bkc->bkhw", (1, 2, 2, 3), (1, 2, 2)), ("i j -> j i", (2, 3)),
        ("...i->...", (2, 3)), ("ab,bc,cd->ad", (2, 2), (2, 2), (2, 2)), ("bi,bj->bij", (1, 2), (2, 3)),
    ):  # fmt: skip
        yield Case("Einsum", around(**{f"x{i}": shape for i, shape in enumerate(shapes)}), {}, {"equation": equation})
    bytes_ = {"a": np.full((2, 3), 100, np.uint8), "b": np.full((3, 4), 90, np.uint8)}
    yield Case("MatMulInteger", bytes_)
    scale, zero = np.array(0.5, np.float32), np.array(20, np.uint8)
    fine = np.array(40, np.float32)
    yield Case(
        "QLinearMatMul", bytes_, {"as": scale, "az": zero, "bs": scale, "bz": zero, "ys": fine, "yz": zero},
        order=("a", "as", "az", "b", "bs", "bz", "ys", "yz"),
    )  # fmt: skip
    yield Case(
        "QGemm", bytes_, {"as": scale, "az": zero, "bs": scale, "bz": zero, "ys": fine, "yz": zero},
        order=("a", "as", "az", "b", "bs", "bz", "", "ys", "yz"), domain=MS,
    )  # fmt: skip
    yield Case("MatMulIntegerToFloat", bytes_, {"as": scale, "bs": scale}, domain=MS)
    yield Case("MatMulInteger16", {"a": np.full((2, 3), 100, np.int16), "b": np.full((3, 4), 90, np.int16)}, domain=MS)
    packed = np.random.default_rng(0).integers(0, 7, (4, 2, 8), dtype=np.uint8) * np.uint8(17)
    scales = np.ones((4, 2), np.float32)
    shape = {"K": 32, "N": 4, "bits": 4, "block_size": 16}
    yield Case("MatMulNBits", around(a=(2, 32)), {"b": packed, "s": scales}, shape, domain=MS)
    yield Case("Det", around(x=(2, 3, 3)))
    yield Case("Inverse", {"x": around(x=(2, 3, 3))["x"] + 3 * np.eye(3, dtype=np.float32)}, domain=MS)
    yield Case("CDist", around(a=(3, 2), b=(4, 2)), {}, {"metric": "sqeuclidean"}, domain=MS)


MS = "com.microsoft"
