"""Recurrent layers and signal transforms."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from tests.reads.running import Array, Case, around, integers

_GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def cases() -> Iterator[Case]:
    """Every case."""
    for op, direction, layout in itertools.product(_GATES, ("forward", "reverse", "bidirectional"), (0, 1)):
        yield from _recurrent(op, direction, layout)
    for onesided, frame, step in itertools.product((0, 1), (4, 5), (1, 2, 3)):
        window = np.random.default_rng(0).uniform(0.5, 1, frame).astype(np.float32)
        constants = {**integers(step=step), "w": window, **integers(n=frame)}
        yield Case("STFT", around(x=(2, 9, 1)), constants, {"onesided": onesided}, 17, within=True)

    for axis, onesided in itertools.product((0, 1), (0, 1)):
        yield Case("DFT", around(x=(2, 4, 1)), {}, {"axis": axis, "onesided": onesided}, 17, within=True)
    yield Case("DFT", around(x=(2, 4, 2)), integers(a=1), {"inverse": 1}, 20, order=("x", "", "a"), within=True)
    yield Case("AffineGrid", around(t=(2, 2, 3)), integers(n=[2, 3, 3, 4]), opset=20, within=True)
    yield Case("AffineGrid", around(t=(1, 3, 4)), integers(n=[1, 3, 2, 3, 4]), opset=20, within=True)
    for interleaved, turned in itertools.product((0, 1), (0, 2)):
        attributes = {"interleaved": interleaved, "rotary_embedding_dim": turned}
        half = (turned or 4) // 2
        caches = {"c": np.full((1, 3, half), 0.6, np.float32), "s": np.full((1, 3, half), 0.8, np.float32)}
        yield Case("RotaryEmbedding", around(x=(1, 2, 3, 4)), caches, attributes, 23)
        yield Case("RotaryEmbedding", around(x=(1, 3, 8)), caches, {**attributes, "num_heads": 2}, 23)
        if not turned:
            flat = {**integers(p=[[0, 1, 2]]), "c": caches["c"][0], "s": caches["s"][0]}
            yield Case(
                "RotaryEmbedding", around(x=(1, 3, 8)), flat, {"interleaved": interleaved}, domain="com.microsoft"
            )
    yield from _quantised_recurrent()
    yield from _attention()
    for size, step in ((2, 1), (2, 2), (3, 2)):
        yield Case(
            "UnfoldTensor", around(x=(2, 7)), {}, {"dim": -1, "size": size, "step": step}, domain="com.microsoft"
        )
    yield Case("UnfoldTensor", around(x=(5, 2)), {}, {"dim": 0, "size": 2, "step": 2}, domain="com.microsoft")


def _quantised_recurrent() -> Iterator[Case]:
    """8-bit weights, and an input that is quantised by its own range: changing any element may change every step."""
    random = np.random.default_rng(2)
    for direction in ("forward", "reverse", "bidirectional"):
        ways = 2 if direction == "bidirectional" else 1
        ones, zeros = np.full(ways, 0.02, np.float32), np.zeros(ways, np.int8)
        constants: dict[str, Array] = {
            "w": random.integers(20, 60, (ways, 3, 8)).astype(np.int8),
            "r": random.integers(20, 60, (ways, 2, 8)).astype(np.int8),
            "ws": ones,
            "wz": zeros,
            "rs": ones,
            "rz": zeros,
        }
        attributes = {"hidden_size": 2, "direction": direction}
        order = ("x", "w", "r", "", "", "", "", "", "ws", "wz", "rs", "rz")
        yield Case(
            "DynamicQuantizeLSTM", around(x=(4, 1, 3)), constants, attributes, order=order, outputs=3,
            watched=(0, 1, 2), domain="com.microsoft", tries=8, jump=1, within=True,
        )  # fmt: skip


def _attention() -> Iterator[Case]:
    """Queries of three steps, keys of four; some heads share their keys."""
    for opset, (heads, own) in itertools.product((23, 24), ((2, 2), (2, 1), (4, 2))):
        apart = around(q=(2, heads, 3, 2), k=(2, own, 4, 2), v=(2, own, 4, 3))
        yield Case("Attention", apart, opset=opset)
        joined = around(q=(1, 3, heads * 2), k=(1, 4, own * 2), v=(1, 4, own * 3))
        yield Case("Attention", joined, {}, {"q_num_heads": heads, "kv_num_heads": own}, opset)
    inputs = around(q=(1, 3, 4), k=(1, 4, 4), v=(1, 4, 4))
    yield Case("MultiHeadAttention", inputs, {}, {"num_heads": 2}, domain="com.microsoft")
    weight = {"w": np.random.default_rng(4).uniform(0.2, 1, (3, 12)).astype(np.float32), "b": np.zeros(12, np.float32)}
    yield Case("Attention", around(x=(2, 3, 3)), weight, {"num_heads": 2}, domain="com.microsoft")


def _recurrent(op: str, direction: str, layout: int) -> Iterator[Case]:
    random = np.random.default_rng(3)
    ways, gates, hidden, size = 2 if direction == "bidirectional" else 1, _GATES[op], 2, 2
    weights = {
        "w": random.uniform(0.2, 0.5, (ways, gates * hidden, size)).astype(np.float32),
        "r": random.uniform(0.2, 0.5, (ways, gates * hidden, hidden)).astype(np.float32),
    }
    outputs = 3 if op == "LSTM" else 2
    shape = (2, 4, size) if layout else (4, 2, size)
    x = {"x": (around(x=shape)["x"] - 1) * 0.4}
    attributes: dict[str, object] = {"hidden_size": hidden, "direction": direction, "layout": layout}
    watched = tuple(range(outputs))
    yield Case(op, x, weights, attributes, outputs=outputs, watched=watched, jump=0.8)
