"""Max unpooling reads no further than the pool that gave the indices, as ONNX and as PyTorch's exporter spell it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from strideinspect.results.verdict import Verdict
from tests.oracle_models import Constant, model_of
from tests.oracle_runtime import run
from tests.rules.inspecting import inspected, of_rule
from tests.some_slow import some_slow

WINDOW = "kernel_shape = [2, 2], strides = [2, 2]"
CONSTANTS: dict[str, Constant] = {
    "w": (4, 4, 3, 3), "n0": [0, 0], "n1": [1, 1], "spatial": [2, 3], "last": [1], "flat": [-1],
}  # fmt: skip


def _pooled(window: str) -> str:
    return f"p, i = MaxPool <{window}> (c)"


EACH = "own, o = MaxPool <kernel_shape = [1, 1]> (c) first = Slice (o, n0, n1, spatial) each = Sub (i, first)"
"""Indices that count in each plane: PyTorch takes the first index of each plane away."""


def _as_exported(height: int, width: int, window: str = WINDOW) -> tuple[str, dict[str, Constant]]:
    """MaxUnpool2d: the first index of each plane is added again, and all planes are one list."""
    body = (
        f"{_pooled(window)} {EACH} "
        "all = Add (each, planes) list = Reshape (all, flat) index = Unsqueeze (list, last) "
        "zeros = ConstantOfShape (map) empty = Reshape (zeros, flat) values = Reshape (p, flat) "
        "filled = ScatterND (empty, index, values) u = Reshape (filled, map)"
    )
    planes = np.arange(4, dtype=np.int64).reshape(1, 4, 1, 1) * height * width
    return body, {**CONSTANTS, "planes": planes, "map": [1, 4, height, width]}


def _in_planes(shape: Sequence[int], axis: int) -> tuple[str, dict[str, Constant]]:
    """By hand: `zeros(shape).scatter(axis, indices, values)`, where the last axis of the shape is a flat plane."""
    body = (
        f"{_pooled(WINDOW)} {EACH} "
        "index = Reshape (each, rows) values = Reshape (p, rows) zeros = ConstantOfShape (all) "
        f"filled = ScatterElements <axis = {axis}> (zeros, index, values) u = Reshape (filled, map)"
    )
    side = math.isqrt(shape[-1])
    return body, {**CONSTANTS, "all": list(shape), "rows": [*shape[:-1], -1], "map": [-1, 4, side, side]}


def _autoencoder(unpool: str) -> str:
    return f"c = Conv <pads = [1, 1, 1, 1]> (x, w) {unpool} y = Conv <pads = [1, 1, 1, 1]> (u, w)"


SPELLINGS: dict[str, Callable[[int], tuple[str, dict[str, Constant]]]] = {
    "MaxUnpool": lambda n: (f"{_pooled(WINDOW)} u = MaxUnpool <{WINDOW}> (p, i, map)", _as_exported(n, n)[1]),
    "ScatterND": lambda n: _as_exported(n, n),
    "a scatter of channels": lambda n: _in_planes([1, 4, n * n], -1),
    "a scatter of planes": lambda n: _in_planes([4, n * n], 1),
}


@pytest.mark.parametrize("size", some_slow([12, 13], {12}))
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_down_and_up_again(spelling: str, size: int, tmp_path: Path) -> None:
    """A place of the map reads its window of 2, each 3 wide, so 4 pixels; the 3×3 behind adds a window: 6 at most."""
    unpool, constants = SPELLINGS[spelling](size)
    model = model_of(_autoencoder(unpool), {"x": (1, 4, size, size)}, constants=constants)
    report = inspected(model, tmp_path, verify="run")
    whole = size // 2 * 2  # the last row of 13 is in no window, and the last one of the unpooled map reads nothing
    for field in report.outputs[0].fields:
        assert (field.size, field.stride, field.node_axis) == (6, Fraction(1), field.axis)
        # Row r sees rows r − 1 to r + 1 of the map; each of them sees its window 2k to 2k + 1 and one row beside it.
        seen = [[m for m in (r - 1, r, r + 1) if 0 <= m < whole] for r in range(size)]
        assert field.positions.first == tuple(max(0, rows[0] // 2 * 2 - 1) for rows in seen)
        assert field.positions.last == tuple(min(size - 1, rows[-1] // 2 * 2 + 2) for rows in seen)
    assert report.verification.status is Verdict.AGREED
    assert report.verification.fields.not_checked == 0


@pytest.mark.parametrize(("kernel", "stride", "pad"), some_slow([(2, 2, 0), (3, 2, 1), (2, 3, 0)], {2}))
def test_what_moves_when_run(kernel: int, stride: int, pad: int, tmp_path: Path) -> None:
    """Onnxruntime on random maps: the rows that change a row of the unpooled map are just those of its windows."""
    window = f"kernel_shape = [{kernel}, {kernel}], strides = [{stride}, {stride}], pads = [{pad}, {pad}, {pad}, {pad}]"
    body = f"p, i = MaxPool <{window}> (x) u = MaxUnpool <{window}> (p, i, map) y = MaxPool <kernel_shape = [1, 1]> (u)"
    model = model_of(body, {"x": (1, 1, 9, 3)}, constants={"map": [1, 1, 9, 3]})
    ran, moved = run(model), np.zeros((9, 9), dtype=bool)
    for seed in range(120):
        x = np.random.default_rng(seed).random((1, 1, 9, 3), dtype=np.float32)
        before = ran.again({"x": x})["u"]
        for row in range(9):
            raised = x.copy()
            raised[:, :, row] += 5
            moved[:, row] |= (ran.again({"x": raised})["u"] != before)[0, 0].any(axis=1)
    rows = [np.flatnonzero(row) for row in moved]
    field = inspected(model, tmp_path, verify="run").outputs[0].fields[0]
    assert field.positions.first == tuple(int(row[0]) if row.size else None for row in rows)
    assert field.positions.last == tuple(int(row[-1]) if row.size else None for row in rows)


_WHOLE_IN_PLANES = (
    "index = Reshape (i, rows) values = Reshape (p, rows) "
    "filled = ScatterElements <axis = 2> (wide, index, values) u = Reshape (filled, tall)"
)
OTHERS = {
    "another size": (f"{_pooled(WINDOW)} u = MaxUnpool <{WINDOW}> (p, i, larger)", "unpools to another size"),
    "of a plane": (f"{_pooled(WINDOW)} {EACH} u = MaxUnpool <{WINDOW}> (p, each, map)", "count within each plane"),
    "of the tensor": (f"{_pooled(WINDOW)} {_WHOLE_IN_PLANES}", "computed from the data"),
    "changed": (f"{_pooled(WINDOW)} j = Mul (i, once) u = MaxUnpool <{WINDOW}> (p, j, map)", "computed from the data"),
}


@pytest.mark.parametrize(("unpool", "reason"), OTHERS.values(), ids=OTHERS)
def test_indices_of_something_else(unpool: str, reason: str, tmp_path: Path) -> None:
    """Indices that were changed on the way, or that count in a map of another size, may point anywhere: it says so."""
    constants: dict[str, Constant] = {
        **_as_exported(12, 12)[1], "larger": [1, 4, 14, 14], "once": [1], "rows": [1, 4, 36], "wide": (1, 4, 4 * 144),
        "tall": [1, 4, 48, 12],
    }  # fmt: skip
    model = model_of(_autoencoder(unpool), {"x": (1, 4, 12, 12)}, constants=constants)
    report = inspected(model, tmp_path, verify="run")
    (finding,) = of_rule(report, "unknown-operator")
    assert reason in finding.message
    assert report.verification.status is not Verdict.CONTRADICTED


def test_many_channels_and_images(tmp_path: Path) -> None:
    """Two images of 600 channels: the first indices of 1,200 planes are more than a small constant holds."""
    body, constants = _as_exported(4, 4)
    planes = np.arange(1200, dtype=np.int64).reshape(2, 600, 1, 1) * 16
    wide: dict[str, Constant] = {**constants, "planes": planes, "map": [2, 600, 4, 4]}
    model = model_of(
        f"c = Relu (x) {body} y = MaxPool <kernel_shape = [1, 1]> (u)",
        {"x": (2, 600, 4, 4)}, constants=wide,
    )  # fmt: skip
    report = inspected(model, tmp_path, verify="run")
    assert [(field.size, field.stride) for field in report.outputs[0].fields] == [(2, Fraction(1))] * 2
    assert report.verification.status is Verdict.AGREED
