"""Windows: those of the standard, and the quantised and channels-last forms that only onnxruntime has."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from tests.reads.running import Array, Case, around

MS = "com.microsoft"
_WINDOWS: tuple[dict[str, object], ...] = (
    {"pads": [1, 0, 0, 1], "strides": [2, 1]},
    {"dilations": [1, 2], "strides": [1, 2]},
    {"auto_pad": "SAME_UPPER", "strides": [2, 2]},
)


def cases() -> Iterator[Case]:
    """Every case."""
    random = np.random.default_rng(5)
    for attributes in _WINDOWS:
        x, w = around(x=(1, 2, 5, 6)), random.uniform(0.5, 1, (4, 1, 2, 2)).astype(np.float32)
        grouped = {**attributes, "group": 2}
        yield Case("Conv", x, {"w": w}, grouped)
        yield Case("Conv", {**x, "w": w[:2]}, {}, grouped | {"group": 2}, within=True)
        yield Case(
            "FusedConv", x, {"w": w}, {**grouped, "activation": "LeakyRelu", "activation_params": [0.5]}, domain=MS
        )
        pool: dict[str, object] = {**attributes, "kernel_shape": [2, 2]}
        yield Case("MaxPool", x, {}, pool, tries=8, scatter=1)
        # Of a window over one pixel alone the index is always the same: it reads less than we say.
        yield Case("MaxPool", x, {}, pool, outputs=2, watched=(1,), tries=8, scatter=1, within=True)
        yield from _quantised(attributes)
    transposed: tuple[dict[str, object], ...] = (
        {}, {"pads": [1, 0, 1, 1]}, {"strides": [2, 3]}, {"output_padding": [1, 0], "strides": [2, 2]},
    )  # fmt: skip
    for attributes in transposed:
        w = random.uniform(0.5, 1, (2, 1, 2, 3)).astype(np.float32)
        yield Case("ConvTranspose", around(x=(1, 2, 3, 3)), {"w": w}, {**attributes, "group": 2})
    for op, mode in itertools.product(("AveragePool", "LpPool"), (0, 1)):
        pool = {"kernel_shape": [2, 3], "strides": [2, 2], "pads": [0, 1, 1, 0], "ceil_mode": mode}
        yield Case(op, around(x=(1, 1, 5, 6)), {}, pool, 19)
    for op in ("GlobalAveragePool", "GlobalLpPool"):
        yield Case(op, around(x=(1, 2, 2, 3)))
    yield Case("GlobalMaxPool", around(x=(1, 2, 2, 3)), tries=10, scatter=1)


def _quantised(attributes: dict[str, object]) -> Iterator[Case]:
    """uint8 data with a fine output scale, so that no change is lost in rounding."""
    zero, one, fine = np.array(0, np.uint8), np.array(1, np.float32), np.array(8, np.float32)
    names = ("x", "xs", "xz", "w", "ws", "wz", "ys", "yz")
    grain: dict[str, Array] = {"xs": one, "xz": zero, "ws": one, "wz": zero, "ys": fine, "yz": zero}
    weight = {"w": np.full((2, 2, 2, 2), 2, np.uint8)}
    for last in (0, 1):
        x = {"x": np.full((1, 5, 6, 2) if last else (1, 2, 5, 6), 60, np.uint8)}
        given = {**attributes, "channels_last": last}
        yield Case("QLinearConv", x, {**weight, **grain}, given, domain=MS, order=names)
        pool = {name: grain[name] for name in ("xs", "xz")} | {"ys": np.array(0.2, np.float32), "yz": zero}
        if "dilations" not in attributes:
            yield Case("QLinearAveragePool", x, pool, {**given, "kernel_shape": [2, 2]}, domain=MS)
        low = {"x": x["x"] // 2}
        yield Case("QLinearGlobalAveragePool", low, pool, {"channels_last": last}, domain=MS, jump=25)
    yield Case("QLinearConv", {"x": np.full((1, 2, 5, 6), 60, np.uint8)}, {**weight, **grain}, attributes, order=names)
    yield Case("ConvInteger", {"x": np.full((1, 2, 5, 6), 60, np.uint8)}, weight, attributes)
    x = {"x": np.random.default_rng(2).integers(90, 110, (1, 5, 6, 2)).astype(np.uint8)}
    yield Case("NhwcMaxPool", x, {}, {**attributes, "kernel_shape": [2, 2]}, domain=MS, tries=1)
