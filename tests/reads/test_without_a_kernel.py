"""Operators that onnxruntime's CPU package cannot run: reads against their written definition, element by element."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.reads.running import Array, Case, around, integers, said

MS = "com.microsoft"
Place = tuple[int, ...]
Definition = Callable[[Place, Place], bool]


def _same_row_and_group(out: Place, into: Place) -> bool:
    """Groups of two channels: normalised over height, width and the channels of the group, sample by sample."""
    return out[0] == into[0] and out[3] // 2 == into[3] // 2


def _bytes(*shape: int) -> Array:
    return np.full(shape, 9, np.uint8)


NHWC = around(x=(2, 2, 2, 4), g=(4,), b=(4,))
STATE = around(x=(1, 2, 5), w=(2, 1, 3), b=(2,), p=(1, 2, 2))
RECURRENT = around(w=(2, 8, 3), r=(2, 8, 2))
BATCH_FIRST = {"layout": 1, "direction": "bidirectional", "hidden_size": 2}

CASES: list[tuple[Case, str, int, Definition]] = [
    (Case("GroupNorm", NHWC, {}, {"groups": 2}, domain=MS), "x", 0, _same_row_and_group),
    (Case("GroupNorm", NHWC, {}, {"groups": 2}, domain=MS), "g", 0, lambda o, i: o[3] == i[0]),
    (
        Case("GroupNorm", around(x=(2, 4, 2, 2), g=(4,), b=(4,)), {}, {"groups": 2, "channels_last": 0}, domain=MS),
        "x",
        0,
        lambda o, i: o[0] == i[0] and o[1] // 2 == i[1] // 2,
    ),
    (
        Case("SkipGroupNorm", around(x=(2, 2, 2, 4), g=(4,), b=(4,), s=(2, 4)), {}, {"groups": 2}, domain=MS),
        "s",
        0,
        lambda o, i: o[0] == i[0] and o[3] // 2 == i[1] // 2,
    ),
    # the left half is multiplied by the GELU of the right half
    (
        Case("BiasSplitGelu", around(x=(1, 2, 6), b=(6,)), domain=MS),
        "x",
        0,
        lambda o, i: o[:2] == i[:2] and i[2] % 3 == o[2],
    ),
    (Case("BiasSplitGelu", around(x=(1, 2, 6), b=(6,)), domain=MS), "b", 0, lambda o, i: i[0] % 3 == o[2]),
    (Case("BiasAdd", around(x=(1, 2, 3), b=(3,), s=(1, 2, 3)), domain=MS), "b", 0, lambda o, i: o[2] == i[0]),
    (
        Case("BiasSoftmax", around(x=(2, 2, 3), b=(1, 2, 3)), {}, {"axis": 2, "is_inner_broadcast": 0}, domain=MS),
        "b",
        0,
        lambda o, i: o[1] == i[1],
    ),
    (
        Case(
            "QLinearReduceMean",
            {"x": _bytes(1, 2, 2, 3)},
            {"s": np.array(1, np.float32), "z": _bytes(), "t": np.array(1, np.float32), "u": _bytes()},
            {"axes": [2, 3], "keepdims": 0},
            domain=MS,
        ),
        "x",
        0,
        lambda o, i: o == i[:2],
    ),
    (Case("ReduceSumInteger", {"x": _bytes(2, 3)}, {}, {"axes": [1]}, domain=MS), "x", 0, lambda o, i: o[0] == i[0]),
    (
        Case("MulInteger", {"a": _bytes(2, 3), "b": _bytes(3)}, {"z": _bytes()}, order=("a", "z", "b", "z"), domain=MS),
        "b",
        0,
        lambda o, i: o[1] == i[0],
    ),
    (Case("Rfft", around(x=(2, 4)), {}, {"signal_ndim": 1}, domain=MS), "x", 0, lambda o, i: o[0] == i[0]),
    (Case("Irfft", around(x=(2, 3, 2)), {}, {"signal_ndim": 1}, domain=MS), "x", 0, lambda o, i: o[0] == i[0]),
    (
        Case("Crop", around(x=(1, 1, 4, 5)), {}, {"border": [1, 2, 0, 1]}),
        "x",
        0,
        lambda o, i: (o[2] + 2, o[3] + 1) == i[2:],
    ),
    (
        Case("ExpandDims", around(x=(2, 3)), {"a": np.array(1, np.int32)}, domain=MS),
        "x",
        0,
        lambda o, i: (o[0], o[2]) == i,
    ),
    # a window of 2×1 with stride 2 over height, the two channels of the group last
    (
        Case("NhwcConv", around(x=(1, 4, 2, 4), w=(2, 2, 2, 1)), {}, {"group": 2, "strides": [2, 1]}, domain=MS),
        "x",
        0,
        lambda o, i: i[1] // 2 == o[1] and i[2] == o[2] and i[3] // 2 == o[3],
    ),
    (Case("SwiGLU", around(a=(2, 3), b=(2, 3)), opset=28), "b", 0, lambda o, i: o == i),
    # causal: index t reads t−2, t−1 and t; what lies before index 0 is the carried state, its last entry at −1
    (
        Case("CausalConvWithState", STATE, opset=27, outputs=2),
        "x",
        0,
        lambda o, i: o[1] == i[1] and o[2] - 2 <= i[2] <= o[2],
    ),
    (
        Case("CausalConvWithState", STATE, opset=27, outputs=2),
        "p",
        0,
        lambda o, i: o[1] == i[1] and o[2] - 2 <= i[2] - 2,
    ),
    (Case("CausalConvWithState", STATE, opset=27, outputs=2), "b", 0, lambda o, i: o[1] == i[0]),
    (Case("CausalConvWithState", STATE, opset=27, outputs=2), "x", 1, lambda o, i: o[1] == i[1] and i[2] == o[2] + 3),
    # batch first: Y is [batch, sequence, directions, hidden], the second direction runs backwards
    (
        Case("LSTM", around(x=(2, 4, 3)), RECURRENT, BATCH_FIRST),
        "x",
        0,
        lambda o, i: o[0] == i[0] and (i[1] <= o[1] if o[2] == 0 else i[1] >= o[1]),
    ),
    (
        Case("LSTM", around(x=(2, 4, 3)), RECURRENT, BATCH_FIRST, outputs=2),
        "x",
        1,
        lambda o, i: o[0] == i[0],
    ),
    (
        Case("GatherND", around(x=(3, 2)), integers(i=[[2], [0]]), domain=MS),
        "x",
        0,
        lambda o, i: i == ((2, 0)[o[0]], o[1]),
    ),
]


@pytest.mark.parametrize(("case", "name", "output", "definition"), CASES)
def test_reads_are_those_of_the_definition(case: Case, name: str, output: int, definition: Definition) -> None:
    """Which input element an output element depends on follows from the operator's written definition."""
    ours = said(case)
    after, before = ours.shapes.shapes[f"y{output}"], case.inputs[name].shape
    expected = [[definition(out, into) for into in np.ndindex(*before)] for out in np.ndindex(*after)]
    assert ours.unknown == ()
    assert np.array_equal(ours.reads[name, output], np.array(expected))
