"""Window arithmetic against onnxruntime's own operators: the size of the output, and every index that is read."""

from __future__ import annotations

import random

import onnx
import onnx.parser
import pytest

from strideinspect.model.geometry import Geometry, Kind
from strideinspect.model.node import Node, PlacedNode
from strideinspect.model.window import MisfitError, geometry
from tests.graph_builder import REFUSED
from tests.model.identity_batch import Attribute, Case, reads_of
from tests.oracle_runtime import random_feeds, session_of

OPERATORS = ["Conv", "MaxPool", "AveragePool", "LpPool", "ConvTranspose"]
DILATED_FROM = {"Conv": 1, "ConvTranspose": 1, "MaxPool": 10, "AveragePool": 19, "LpPool": 18}
ROUNDED_FROM = {"MaxPool": 10, "AveragePool": 10, "LpPool": 18}
NEVER = 99


def drawn(op: str, opset: int, draw: random.Random) -> Case:
    """Any combination of attributes that this version of the operator has, along an axis of 1 to 14 indices."""
    attributes: dict[str, Attribute] = {"strides": [draw.randint(1, 4)]}
    kernel = draw.randint(1, 5)
    if opset >= DILATED_FROM[op]:
        attributes["dilations"] = [draw.choice([1, 1, 2, 3])]
    padding = draw.choice(["pads", "pads", "SAME_UPPER", "SAME_LOWER", "VALID"])
    if padding == "pads":
        most = 3 if op in ("Conv", "ConvTranspose") else min(3, kernel - 1)  # pools refuse pads as large as the kernel
        attributes["pads"] = [draw.randint(0, most), draw.randint(0, most)]
    else:
        attributes["auto_pad"] = padding
    if opset >= ROUNDED_FROM.get(op, NEVER):
        attributes["ceil_mode"] = draw.randint(0, 1)
    if op == "AveragePool":
        attributes["count_include_pad"] = draw.randint(0, 1)
    if op == "ConvTranspose" and draw.random() < 0.4:
        attributes["output_padding"] = [draw.randint(0, 3)]
    if op == "ConvTranspose" and draw.random() < 0.3:
        attributes["output_shape"] = [draw.randint(1, 40)]
    return Case(op, opset, draw.randint(1, 14), kernel, attributes)


def agrees(case: Case) -> bool:
    """Whether onnxruntime ran it; an AssertionError where it ran otherwise than we say.

    What we say cannot run, onnxruntime refuses or runs to an empty map.
    """
    ran = case.ran()
    try:
        window = case.window()
    except MisfitError:
        assert not ran, f"{case} runs in onnxruntime: {ran}"
        return False
    if ran is None:
        return False
    assert window.size == len(ran), f"{case} gives {len(ran)} indices in onnxruntime, {window.size} here"
    assert reads_of(window) == ran, f"{case}: {window}"
    return True


def cut_short(case: Case) -> bool:
    """The one kind left out: a dilated AveragePool whose SAME padding is negative reads less than its window spans.

    What it does read is in reads/pooling, and swept with all other reads.
    """
    wide = case.attributes.get("dilations") not in (None, [1])
    return case.op == "AveragePool" and wide and str(case.attributes.get("auto_pad", "")).startswith("SAME")


@pytest.mark.slow
@pytest.mark.parametrize("opset", range(8, 23))
@pytest.mark.parametrize("op", OPERATORS)
def test_sweep(op: str, opset: int) -> None:
    """Forty combinations of attributes for every operator and operator set."""
    draw = random.Random(f"{op}-{opset}")  # noqa: S311  # reproducible, not secret
    cases = [drawn(op, opset, draw) for _ in range(40)]
    ran = sum(agrees(case) for case in cases if not cut_short(case))
    assert ran >= 20


@pytest.mark.slow
@pytest.mark.parametrize("opset", [8, 12, 22])
@pytest.mark.parametrize("op", OPERATORS)
def test_every_size_of_some_windows(op: str, opset: int) -> None:
    """The windows that networks have, over every length from 1 to 16."""
    windows = [(1, 2), (2, 2), (3, 1), (3, 2), (3, 3), (5, 2), (7, 2)]
    same: list[dict[str, Attribute]] = [{"auto_pad": "SAME_UPPER"}, {"auto_pad": "SAME_LOWER"}]
    for kernel, stride in windows:
        half = (kernel - 1) // 2
        given: list[dict[str, Attribute]] = [{"pads": [0, 0]}, {"pads": [half, half]}, {"pads": [0, half]}]
        for padding in same + given:
            for length in range(1, 17, 1 if opset == 22 else 3):
                agrees(Case(op, opset, length, kernel, {"strides": [stride], **padding}))


SAME_UP: dict[str, Attribute] = {"auto_pad": "SAME_UPPER"}
KNOWN: dict[str, tuple[Case, int | None, list[set[int]]]] = {
    # A map smaller than the window by less than the stride: pools divide toward zero, Conv refuses.
    "0 pool 3/2 on 2": (Case("MaxPool", 12, 2, 3, {"strides": [2]}), 1, [{0, 1}]),
    "0 average 3/2 on 2": (Case("AveragePool", 22, 2, 3, {"strides": [2]}), 1, [{0, 1}]),
    "0 conv 3/2 on 2": (Case("Conv", 12, 2, 3, {"strides": [2]}), None, []),
    "0 pool 4/2 on 2": (Case("MaxPool", 12, 2, 4, {"strides": [2]}), None, []),
    # ceil((5 − 2) / 2) + 1 = 3, whose last window begins at 4 < 5.
    "1 ceil": (Case("MaxPool", 12, 5, 2, {"strides": [2], "ceil_mode": 1}), 3, [{0, 1}, {2, 3}, {4}]),
    # ceil((3 + 2 − 2) / 3) + 1 = 2 windows at −1 and 2.
    "1 ceil that fits": (Case("MaxPool", 12, 3, 2, {"strides": [3], "pads": [1, 1], "ceil_mode": 1}), 2, [{0}, {2}]),
    # ceil((3 + 2 − 1 − 1) / 2) + 1 = 3, whose last would begin at 4 = 3 + 1, behind the pixels, and is taken off.
    "1 ceil and clip at 12": (
        Case("MaxPool", 12, 3, 2, {"strides": [2], "pads": [1, 1], "ceil_mode": 1}), 2, [{0}, {1, 2}],
    ),
    "1 ceil and clip at 22": (
        Case("MaxPool", 22, 3, 2, {"strides": [2], "pads": [1, 1], "ceil_mode": 1}), 2, [{0}, {1, 2}],
    ),
    # VALID, extent 1 < stride 3 on 5: ceil(4 / 3) + 1 = 3 windows at 0, 3, 6; the last begins behind the map.
    "2 valid and ceil": (
        Case("MaxPool", 12, 5, 1, {"strides": [3], "auto_pad": "VALID", "ceil_mode": 1}), 2, [{0}, {3}],
    ),
    # Pools leave the dilation out of SAME padding: total 1 instead of 2, so that 4 indices come out.
    "3 same and dilation": (
        Case("MaxPool", 12, 5, 2, {"dilations": [2], **SAME_UP}), 4, [{0, 2}, {1, 3}, {2, 4}, {3}],
    ),
    "3 conv, same and dilation": (Case("Conv", 12, 5, 2, {"dilations": [2], **SAME_UP}), 5, []),
    # Kernel 1, stride 4 on 4: one window too little by 3, of which Conv crops ⌊(3 − 1) / 2⌋ = 1 in front.
    "4 conv 1/4 on 4": (Case("Conv", 12, 4, 1, {"strides": [4], **SAME_UP}), 1, [{1}]),
    "4 conv 1/4 on 4, lower": (Case("Conv", 12, 4, 1, {"strides": [4], "auto_pad": "SAME_LOWER"}), 1, [{0}]),
    # Pools crop ⌊3 / 2⌋ = 1, in the lower form ⌊2 / 2⌋ = 1.
    "4 average 1/4 on 4": (Case("AveragePool", 19, 4, 1, {"strides": [4], **SAME_UP}), 1, [{1}]),
    # Total padding 1 on 8 with 3/2: at the end (UPPER), or in front (LOWER).
    "5 upper": (Case("Conv", 12, 4, 3, {"strides": [2], **SAME_UP}), 2, [{0, 1, 2}, {2, 3}]),
    "5 lower": (Case("Conv", 12, 4, 3, {"strides": [2], "auto_pad": "SAME_LOWER"}), 2, [{0, 1}, {1, 2, 3}]),
    # (3 − 1) · 2 + 3 = 7: even outputs from i and i − 1, odd ones from one.
    "6 transposed": (
        Case("ConvTranspose", 12, 3, 3, {"strides": [2]}), 7, [{0}, {0}, {0, 1}, {1}, {1, 2}, {2}, {2}],
    ),
    # Kernel 1, stride 2: every other output is a hole.
    "6 holes": (Case("ConvTranspose", 12, 3, 1, {"strides": [2]}), 5, [{0}, set(), {1}, set(), {2}]),
    "6 same and output padding": (
        Case("ConvTranspose", 12, 3, 3, {"strides": [2], "output_padding": [1], **SAME_UP}), 6, [],
    ),
    "6 output padding": (
        Case("ConvTranspose", 12, 3, 3, {"strides": [2], "output_padding": [1], "pads": [1, 1]}), 6, [],
    ),
    # Of 7 indices 5 are asked for: 2 over, 1 at each end.
    "6 output shape": (
        Case("ConvTranspose", 12, 3, 3, {"strides": [2], "output_shape": [5]}), 5, [{0}, {0, 1}, {1}, {1, 2}, {2}],
    ),
    # 1 over: in front, unless SAME_UPPER puts it at the end.
    "6 output shape, odd": (
        Case("ConvTranspose", 12, 3, 3, {"strides": [2], "output_shape": [6]}), 6,
        [{0}, {0, 1}, {1}, {1, 2}, {2}, {2}],
    ),
    "6 output shape, odd, upper": (
        Case("ConvTranspose", 12, 3, 3, {"strides": [2], "output_shape": [6], **SAME_UP}), 6,
        [{0}, {0}, {0, 1}, {1}, {1, 2}, {2}],
    ),
    # 7 + 3 would take an output padding of 3, more than the stride.
    "6 output shape too large": (Case("ConvTranspose", 12, 3, 3, {"strides": [2], "output_shape": [10]}), None, []),
}  # fmt: skip


@pytest.mark.parametrize(("case", "size", "reads"), KNOWN.values(), ids=KNOWN)
def test_known_differences(case: Case, size: int | None, reads: list[set[int]]) -> None:
    """Where the standard, the ONNX library and onnxruntime part, the numbers are those that onnxruntime runs."""
    if size is None:
        with pytest.raises(MisfitError):
            case.window()
        assert case.ran() is None or case.ran() == []
        return
    window = case.window()
    assert window.size == size
    if reads:
        assert reads_of(window) == reads
    if (ran := case.ran()) is not None:
        assert reads_of(window) == ran
    assert (ran is None) == (case.op == "Conv" and "dilations" in case.attributes)  # it alone refuses SAME there


def placed(text: str, opset: int = 18) -> tuple[Geometry, onnx.ModelProto]:
    """The geometry of the only node of a model, weights declared among its inputs."""
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["": {opset}, "com.microsoft": 1]> {text}')
    shapes = {v.name: tuple(d.dim_value for d in v.type.tensor_type.shape.dim) for v in model.graph.input}
    opsets = {"": opset, "com.microsoft": 1}
    return geometry(PlacedNode(Node.of(model.graph.node[0], opsets), shapes, {})), model


SHAPES = {
    "groups": "g (float[2,4,9,8] x, float[6,2,3,2] w) => (float[] y) { y = Conv <group = 2> (x, w) }",
    "depthwise": (
        "g (float[1,4,9,8] x, float[4,1,3,3] w) => (float[] y) { y = Conv <group = 4, strides = [2, 1]> (x, w) }"
    ),
    "transposed with groups": (
        "g (float[2,4,5,6] x, float[4,3,2,3] w) => (float[] y) "
        "{ y = ConvTranspose <group = 2, strides = [2, 3]> (x, w) }"
    ),
    "asymmetric": (
        "g (float[1,1,9,8] x, float[1,1,3,2] w) => (float[] y) "
        "{ y = Conv <pads = [0, 1, 2, 0], strides = [2, 3], dilations = [1, 2]> (x, w) }"
    ),
    "three axes": (
        "g (float[1,2,5,6,7] x) => (float[] y) "
        "{ y = MaxPool <kernel_shape = [1, 2, 3], strides = [1, 2, 2], pads = [0, 0, 1, 0, 1, 1]> (x) }"
    ),
    "global": "g (float[2,3,5,6] x) => (float[] y) { y = GlobalLpPool (x) }",
    "output shape of two axes": (
        "g (float[1,2,4,4] x, float[2,2,3,3] w) => (float[] y) "
        "{ y = ConvTranspose <strides = [2, 2], output_shape = [8, 9]> (x, w) }"
    ),
    "channels last": (
        "g (uint8[2,9,8,3] x) => (uint8[] y) "
        "{ y = com.microsoft.NhwcMaxPool <kernel_shape = [3, 2], strides = [2, 2], pads = [1, 0, 0, 1]> (x) }"
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", SHAPES.values(), ids=SHAPES)
def test_shapes_of_several_axes(text: str) -> None:
    """Axes, channels and groups: the whole output shape is the one that onnxruntime runs."""
    found, model = placed(text)
    feeds = random_feeds(model)
    (ran,) = session_of(model).run(None, feeds)
    assert found.output_shape(feeds["x"].shape[0]) == ran.shape


def test_axes_of_channels_last() -> None:
    """A channels-last pool slides along axes 1 and 2, and its channels are the last axis."""
    found, _ = placed(SHAPES["channels last"])
    assert (found.kind, found.axes, found.channel_axis, found.output_channels) == (Kind.POOL, (1, 2), 3, 3)
    assert [(w.kernel, w.begin, w.end, w.length) for w in found.windows] == [(3, 1, 0, 9), (2, 0, 1, 8)]


def test_global_pool_is_a_window_over_everything() -> None:
    """A global pooling has one window per axis, as large as the axis."""
    found, _ = placed(SHAPES["global"])
    assert found.kind is Kind.GLOBAL
    assert [(w.kernel, w.stride, w.size) for w in found.windows] == [(5, 1, 1), (6, 1, 1)]


MISFITS = {
    "no spatial axis": ("g (float[2,3] x) => (float[] y) { y = GlobalMaxPool (x) }", "at least 3 axes"),
    "channels": ("g (float[1,3,8,8] x, float[4,2,3,3] w) => (float[] y) { y = Conv (x, w) }", "needs 2 channels"),
    "groups": (
        "g (float[1,3,8,8] x, float[4,2,3,3] w) => (float[] y) { y = Conv <group = 2> (x, w) }", "needs 4 channels",
    ),
    "weight of another rank": ("g (float[1,3,8,8] x, float[4,3,3] w) => (float[] y) { y = Conv (x, w) }", "3 axes"),
    "kernel_shape": (
        "g (float[1,3,8,8] x, float[4,3,3,3] w) => (float[] y) { y = Conv <kernel_shape = [5, 5]> (x, w) }",
        "kernel_shape is 5×5, its weight is 3×3",
    ),
    "strides": (
        "g (float[1,3,8,8] x) => (float[] y) { y = MaxPool <kernel_shape = [3, 3], strides = [2]> (x) }",
        "strides has 1 numbers for 2 spatial axes",
    ),
    "pads": (
        "g (float[1,3,8,8] x) => (float[] y) { y = MaxPool <kernel_shape = [3, 3], pads = [1, 1]> (x) }",
        "pads has 2 numbers, but needs 4",
    ),
    "stride 0": (
        "g (float[1,3,8,8] x) => (float[] y) { y = MaxPool <kernel_shape = [3, 3], strides = [0, 1]> (x) }",
        "at least 1",
    ),
    "auto_pad": (
        'g (float[1,3,8,8] x) => (float[] y) { y = MaxPool <kernel_shape = [3, 3], auto_pad = "FULL"> (x) }',
        "auto_pad is 'FULL'",
    ),
    "no kernel": ("g (float[1,3,8,8] x) => (float[] y) { y = MaxPool (x) }", "no kernel_shape"),
    "window too large": (
        "g (float[1,3,4,8] x, float[4,3,7,3] w) => (float[] y) { y = Conv <pads = [1, 0, 1, 0]> (x, w) }",
        "its window spans 7×3 indices, the padded map has only 6×8",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "said"), MISFITS.values(), ids=MISFITS)
def test_misfits(text: str, said: str) -> None:
    """What cannot run is said in the node's own numbers, and onnxruntime refuses it too."""
    with pytest.raises(MisfitError, match=said):
        placed(text)
    model = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["": 18]> {text}')
    with pytest.raises(REFUSED):
        session_of(model).run(None, random_feeds(model))


@pytest.mark.parametrize(("op", "length", "size"), [("Conv", 56, 28), ("Conv", 57, 29), ("AveragePool", 56, 28)])
def test_same_padding_of_a_kernel_of_one(op: str, length: int, size: int) -> None:
    """TensorFlow's SAME pads a 1×1/2 by nothing: max((⌈L/2⌉ − 1)·2 + 1 − L, 0) = 0; the row left over is skipped."""
    case = Case(op, 19, length, 1, {"strides": [2], **SAME_UP})
    window = case.window()
    assert (window.begin, window.end, window.size) == (0, 0, size)
    ran = case.ran()
    assert ran is not None
    assert ran == [{2 * index} for index in range(size)]
