"""ambiguous-semantics: where the standard, the ONNX library and onnxruntime part, and only there."""

from __future__ import annotations

import random
from pathlib import Path

import onnx
import onnx.shape_inference
import pytest

from tests.model.identity_batch import Attribute, Case
from tests.model.test_window import OPERATORS, drawn
from tests.oracle_models import model_of
from tests.oracle_runtime import run
from tests.rules.inspecting import inspected, of_rule

SAME: dict[str, Attribute] = {"auto_pad": "SAME_UPPER"}
CLIPPED: dict[str, Attribute] = {"strides": [2], "pads": [1, 1], "ceil_mode": 1}
KNOWN: dict[str, tuple[Case, list[str]]] = {
    # ceil((3 + 2 − 2) / 2) + 1 = 3, of which the last begins behind the map: the library leaves that out up to 21.
    "rounding up at 12": (
        Case("MaxPool", 12, 3, 2, CLIPPED), ["the ONNX library makes 3×1×3", "onnxruntime makes 3×1×2"],
    ),
    "rounding up at 22": (Case("MaxPool", 22, 3, 2, CLIPPED), []),
    "rounding up and fitting": (Case("MaxPool", 12, 5, 2, {"strides": [2], "ceil_mode": 1}), []),
    "valid and rounding up": (
        Case("MaxPool", 12, 5, 1, {"strides": [3], "auto_pad": "VALID", "ceil_mode": 1}), ["onnxruntime makes 5×1×2"],
    ),
    # ⌈(8 − 3 + 1) / 2⌉ = 3 by the standard, with or without ceil_mode; onnxruntime lets a fourth hang over.
    "valid, rounding up and hanging over": (
        Case("MaxPool", 12, 8, 3, {"strides": [2], "auto_pad": "VALID", "ceil_mode": 1}),
        ["the standard makes 8×1×3", "onnxruntime makes 8×1×4"],
    ),
    # ⌈5 / 1⌉ = 5, but onnxruntime's pools forget the dilation where they pad.
    "pool with SAME and dilation": (
        Case("MaxPool", 12, 5, 2, {"dilations": [2], **SAME}), ["the standard makes 5×1×5", "onnxruntime makes 5×1×4"],
    ),
    "convolution with SAME and dilation": (
        Case("Conv", 12, 5, 2, {"dilations": [2], **SAME}),
        ["the standard makes 5×1×5", "onnxruntime refuses to run it"],
    ),
    # The one window needs no padding; onnxruntime begins at index 1.
    "window smaller than its stride": (
        Case("Conv", 12, 4, 1, {"strides": [4], **SAME}), ["onnxruntime crops the front by 1"],
    ),
    "old pool smaller than its stride": (
        Case("MaxPool", 12, 4, 1, {"strides": [4], **SAME}), ["onnxruntime refuses to run it"],
    ),
    # 3 · 2 = 6; the library adds the output padding.
    "transposed, SAME and output padding": (
        Case("ConvTranspose", 12, 3, 3, {"strides": [2], "output_padding": [1], **SAME}),
        ["the ONNX library makes", "onnxruntime makes 3×1×6"],
    ),
    # ⌊(2 − 3) / 2⌋ + 1 = 0; onnxruntime and the library divide toward zero, and one index is left.
    "pool wider than its map": (
        Case("MaxPool", 12, 2, 3, {"strides": [2]}), ["the standard makes 2×1×0", "onnxruntime makes 2×1×1"],
    ),
    "pool wider than its map, rounding up": (Case("MaxPool", 22, 2, 3, {"strides": [2], "ceil_mode": 1}), []),
    "SAME": (Case("Conv", 12, 8, 3, {"strides": [2], **SAME}), []),
    "pads": (Case("Conv", 12, 8, 3, {"strides": [2], "dilations": [2], "pads": [1, 1]}), []),
    "transposed": (Case("ConvTranspose", 12, 8, 3, {"strides": [2], "output_padding": [1], "pads": [1, 1]}), []),
}  # fmt: skip


def told(model: onnx.ModelProto, folder: Path) -> list[str]:
    """The messages of the rule."""
    found = of_rule(inspected(model, folder), "ambiguous-semantics")
    assert {finding.severity.value for finding in found} <= {"error"}
    return [finding.message for finding in found]


@pytest.mark.parametrize(("case", "words"), KNOWN.values(), ids=KNOWN)
def test_known_differences(case: Case, words: list[str], tmp_path: Path) -> None:
    """Who makes what of a window on which they are known to part; onnxruntime's side is what it really runs to."""
    messages = told(case.model(), tmp_path)
    assert len(messages) == bool(words)
    for word in words:
        assert word in messages[0]
    ran = case.ran()
    if words and ran is not None and "makes" in words[-1]:
        assert words[-1].endswith(f"×{len(ran)}")
    assert (ran is None) == any("refuses" in word for word in words)


def inferred_size(model: onnx.ModelProto) -> int | None:
    """The output's size along the axis by the ONNX library, None where it says nothing or another rank."""
    try:
        dims = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph.output[0].type.tensor_type.shape.dim
    except onnx.shape_inference.InferenceError:
        return None
    return dims[2].dim_value if len(dims) == 3 else None


def room(case: Case) -> int:
    """How far a window with plain pads can move in its padded map; below 0 there is no place for it."""
    pads, dilations = (case.attributes.get(name) for name in ("pads", "dilations"))
    padding = sum(pads) if isinstance(pads, list) else 0
    dilation = dilations[0] if isinstance(dilations, list) else 1
    return case.length + padding - dilation * (case.kernel - 1) - 1


@pytest.mark.slow
@pytest.mark.parametrize("op", OPERATORS)
def test_sweep(op: str, tmp_path: Path) -> None:
    """Every window on which the ONNX library and onnxruntime part is told; with plain pads, too small maps."""
    draw = random.Random(op)  # noqa: S311  # reproducible, not secret
    parted = 0
    for _ in range(150):
        case = drawn(op, draw.randint(8, 22), draw)
        ran = case.ran()
        if not ran:
            continue
        messages = told(case.model(), tmp_path)
        library = inferred_size(case.model())
        if library is not None and library != len(ran):
            parted += 1
            assert messages, case
            assert f"onnxruntime makes {case.length}×1×{len(ran)}" in messages[0]
        plain = {"auto_pad", "ceil_mode", "output_shape"}.isdisjoint(case.attributes)
        if plain:
            assert bool(messages) == (op != "ConvTranspose" and room(case) < 0), case
    assert parted or op == "Conv"  # which onnxruntime rather refuses


@pytest.mark.parametrize(
    ("length", "scale", "parts"), [(10, 2.3, True), (10, 2.0, False), (10, 0.5, False), (7, 1.5, False)]
)
def test_resizing(length: int, scale: float, parts: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """10 · 2.3 is 23 in onnxruntime's single precision, and 22 in the library."""
    model = model_of("y = Resize (x, , s)", {"x": (1, 1, length)}, 13, {"s": [1.0, 1.0, scale]})
    messages = told(model, tmp_path)
    assert bool(messages) is parts
    if parts:
        assert "the ONNX library makes 1×1×22" in messages[0]
        assert "onnxruntime makes 1×1×23" in messages[0]


@pytest.mark.parametrize(("mode", "scale", "standard"), [
    # Index 22 of 38: 22.5 / 1.02191 − 0.5 = 21.52, which rounds to 22; index 23: 22.496, which rounds to 22, and so on.
    ("nearest", 1.02191, "index 23 of axis 2 reads index 22, and 15 of 38 indices read others than their own"),
    # Index 0: −0.01, clipped to 0; index 1: 0.97, between 0 and 1, and so on.
    ("linear", 1.02191, "index 1 of axis 2 reads indices 0–1, and 37 of 38 indices read others than their own"),
    ("nearest", 1.0, ""),
])  # fmt: skip
def test_a_resize_that_keeps_its_size(mode: str, scale: float, standard: str, tmp_path: Path) -> None:
    """A map of 38 times 1.02191 has 38 indices: onnxruntime copies it, bit by bit; the standard reads other indices."""
    body = f'y = Resize <mode = "{mode}"> (x, , s)'
    model = model_of(body, {"x": (1, 1, 38)}, 13, {"s": [1.0, 1.0, scale]})
    messages = told(model, tmp_path)
    ran = run(model)
    assert (ran.values["y"] == ran.feeds["x"]).all()
    assert bool(messages) == bool(standard)
    if standard:
        assert standard in messages[0]


ADVICE = {
    "VALID and ceil_mode": (
        'y = MaxPool <kernel_shape = [3], strides = [2], auto_pad = "VALID", ceil_mode = 1> (x)', 12, (1, 1, 8),
        "write pads = [0, 1] instead of auto_pad and ceil_mode",
        "y = MaxPool <kernel_shape = [3], strides = [2], pads = [0, 1]> (x)",
    ),
    "ceil_mode alone": (
        "y = MaxPool <kernel_shape = [1], strides = [2], ceil_mode = 1> (x)", 12, (1, 1, 12),
        "leave out ceil_mode: the size is the same without it", "y = MaxPool <kernel_shape = [1], strides = [2]> (x)",
    ),
    "neither": (
        "y = MaxPool <kernel_shape = [3], strides = [3]> (x)", 17, (1, 1, 2),
        "write pads = [0, 1]; or use at least 3 samples",
        "y = MaxPool <kernel_shape = [3], strides = [3], pads = [0, 1]> (x)",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "opset", "shape", "advice", "followed"), ADVICE.values(), ids=ADVICE)
def test_advice_can_be_followed(
    body: str, opset: int, shape: tuple[int, ...], advice: str, followed: str, tmp_path: Path
) -> None:
    """It names attributes that the node has; followed, the output has the same bits, and nothing is ambiguous."""
    before, after = (model_of(text, {"x": shape}, opset) for text in (body, followed))
    (finding,) = of_rule(inspected(before, tmp_path), "ambiguous-semantics")
    assert finding.help == advice
    ran = run(before)
    assert (ran.values["y"] == run(after, ran.feeds).values["y"]).all()
    assert told(after, tmp_path) == []
