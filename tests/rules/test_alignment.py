"""stride-mismatch, misaligned-merge and center-drift: where on the image a cell lies."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracle_models import Constant, model_of
from tests.published import networks
from tests.rules.inspecting import inspected, of_rule, rule_ids

WEIGHTS: dict[str, Constant] = {
    "one": (1, 1, 1, 1), "two": (1, 1, 2, 2), "three": (1, 1, 3, 3), "four": (1, 1, 4, 4), "five": (1, 1, 5, 5),
    "first": [1, 1], "last": [2**40, 2**40], "axes": [2, 3], "double": [1.0, 1.0, 2.0, 2.0],
    "before": [-1, -1], "twos": [2, 2],
    "pair": (1, 2, 1, 1), "zero": [0, 0], "half": [4, 4],
}  # fmt: skip
HALVED = "d = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)"
SHORTCUT = "b = Conv <strides = [2, 2]> (x, one)"
AT_CORNERS = 'u = Resize <mode = "linear", coordinate_transformation_mode = "asymmetric"> (d, , double)'


def same(source: str, output: str, weight: str = "three") -> str:
    """A convolution of stride 2 with SAME padding."""
    return f'{output} = Conv <auto_pad = "SAME_UPPER", strides = [2, 2]> ({source}, {weight})'


def padded(source: str, output: str) -> str:
    """A 3×3 convolution of stride 2 with padding 1."""
    return f"{output} = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> ({source}, three)"


# Per case: image, nodes, rule, severity, axes, and what the message has to tell.
Finding = tuple[str, str, tuple[int, ...], str]
MERGES: dict[str, tuple[tuple[int, int], str, list[Finding]]] = {
    # SAME pads (0, 1) around 3×3/2 on 8 rows: the first is centered on row 1, the shortcut on row 0.
    "same beside 1×1": (
        (8, 8),
        f"{same('x', 'a')} {SHORTCUT} y = Add (a, b)",
        [("misaligned-merge", "warning", (2, 3), "a is centered 1 pixel after")],
    ),
    # On 9 rows it pads (1, 1).
    "same at an odd size": (
        (9, 9),
        f"{same('x', 'a')} {SHORTCUT} y = Add (a, b)",
        [],
    ),
    "same at one odd size": (
        (8, 9),
        f"{same('x', 'a')} {SHORTCUT} y = Add (a, b)",
        [("misaligned-merge", "warning", (2,), "1 pixel ")],
    ),
    # Behind one halving an index is two pixels.
    "same, one level down": (
        (16, 16),
        f"{HALVED} {same('d', 'a')} b = Conv <strides = [2, 2]> (d, one) y = Concat <axis = 1> (a, b)",
        [("misaligned-merge", "warning", (2, 3), "2 pixels ")],
    ),
    # Neighbours subtracted: rows 0 … 6 and 1 … 7.
    "neighbours": (
        (8, 8),
        "a = Slice (x, first, last, axes) b = Slice (x, zero, before, axes) s = Sub (a, b) y = Conv (s, one)",
        [("misaligned-merge", "warning", (2, 3), "a is centered 1 pixel after")],
    ),
    # 4×4 with SAME pads (1, 2): half a pixel beside a 3×3 with (1, 1).
    "even kernel": (
        (8, 8),
        'a = Conv <auto_pad = "SAME_UPPER"> (x, four) b = Conv <pads = [1, 1, 1, 1]> (x, three) y = Mul (a, b)',
        [("misaligned-merge", "warning", (2, 3), "0.5 pixels ")],
    ),
    # Padded with two rows before and none after, row i sees i − 2 … i: as causal as a WaveNet, and no more to be said.
    "causal along one axis": (
        (8, 8), "a = Conv <pads = [2, 1, 0, 1]> (x, three) y = Add (a, x)", [],
    ),
    # Along two axes it is a picture that is shifted.
    "lopsided along both axes": (
        (8, 8),
        "a = Conv <pads = [2, 2, 0, 0]> (x, three) y = Add (a, x)",
        [("misaligned-merge", "warning", (2, 3), "x is centered 1 pixel after")],
    ),
    # Padded after, it looks into the future.
    "the other way round": (
        (8, 8),
        "a = Conv <pads = [0, 1, 2, 1]> (x, three) y = Add (a, x)",
        [("misaligned-merge", "warning", (2,), "a is centered 1 pixel after")],
    ),
    # PyTorch's MaxPool with indices takes those of a 1×1 pool off: arithmetic on numbers, no maps that meet.
    "indices of maxima": (
        (8, 8),
        ("p, i = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x) q, j = MaxPool <kernel_shape = [1, 1]> (x) "
        "k = Slice (j, zero, half, axes) s = Sub (i, k) c = Cast <to = 1> (s) y = Conv (c, one)"),
        [],
    ),
    # YOLOv5's Focus: even rows and odd rows of one image, one pixel apart, side by side as channels.
    "space to depth": (
        (8, 8),
        ("a = Slice (x, zero, last, axes, twos) b = Slice (x, first, last, axes, twos) c = Concat <axis = 1> (a, b) "
        "y = Conv (c, pair)"),
        [],
    ),
    # A crop at the left and one at the right, as two images of a batch.
    "crops of a batch": (
        (8, 8),
        ("a = Slice (x, zero, before, axes) b = Slice (x, first, last, axes) r = Relu (b) c = Concat <axis = 0> (a, r) "
        "y = Conv (c, one)"),
        [],
    ),
    # Added up, they are misplaced all the same.
    "slices added": (
        (8, 8),
        "a = Slice (x, zero, last, axes, twos) b = Slice (x, first, last, axes, twos) s = Add (a, b) y = Conv (s, one)",
        [("misaligned-merge", "warning", (2, 3), "b is centered 1 pixel after")],
    ),
    "residual": ((8, 8), "a = Conv <pads = [1, 1, 1, 1]> (x, three) y = Add (a, x)", []),
    # 2×2 windows are centered between two rows, and so is what nearest upsampling and 2×2 transposed make of them.
    "doubled by a transposed convolution": (
        (8, 8), f"{HALVED} u = ConvTranspose <strides = [2, 2]> (d, two) y = Concat <axis = 1> (u, x)", [],
    ),
    "doubled by nearest": (
        (8, 8), f'{HALVED} u = Resize <mode = "nearest"> (d, , double) y = Concat <axis = 1> (u, x)', [],
    ),
    "doubled by bilinear at half pixels": (
        (8, 8), f'{HALVED} u = Resize <mode = "linear"> (d, , double) y = Concat <axis = 1> (u, x)', [],
    ),
    # Asymmetric: output 2i lies on map index i, which is centered on 2i + ½; 2i + 1 lies between i and i + 1. The mean
    # of the phases: (2i + ½ + 2i + 3/2) / 2 = 2i + 1, where the skip has (2i + 2i + 1) / 2 = 2i + ½.
    "doubled by bilinear at corners": (
        (8, 8),
        f"{HALVED} {AT_CORNERS} y = Concat <axis = 1> (u, x)",
        [("misaligned-merge", "note", (2, 3), "u is centered 0.5 pixels after")],
    ),
    # 4 − 3 + 1 = 2 and (4 − 2) / 2 + 1 = 2 rows of different grids.
    "dense and strided": (
        (4, 4),
        "a = Conv (x, three) b = Conv <strides = [2, 2]> (x, two) y = Add (a, b)",
        [("stride-mismatch", "warning", (2, 3), "a has 1 and b has 2")],
    ),
    "rows alone": (
        (4, 4),
        "a = Conv <strides = [1, 2]> (x, three) b = Conv <strides = [2, 2]> (x, w23) y = Add (a, b)",
        [("stride-mismatch", "warning", (2,), "a has 1 and b has 2")],
    ),
    # Joined along the rows, only columns meet columns.
    "one behind the other": (
        (4, 4),
        "a = Conv (x, three) b = Conv <strides = [2, 2]> (x, two) y = Concat <axis = 2> (a, b)",
        [("stride-mismatch", "warning", (3,), "a has 1 and b has 2")],
    ),
    # A pooled gate has no position.
    "gate": ((8, 8), "c = Conv <pads = [1, 1, 1, 1]> (x, three) g = GlobalAveragePool (c) y = Mul (c, g)", []),
}  # fmt: skip


@pytest.mark.parametrize(("size", "body", "findings"), MERGES.values(), ids=MERGES)
def test_merges(size: tuple[int, int], body: str, findings: list[Finding], tmp_path: Path) -> None:
    """Which merges lie apart, by how much, along which axes, and how grave that is."""
    model = model_of(body, {"x": (1, 1, *size)}, constants={**WEIGHTS, "w23": (1, 1, 2, 3)})
    report = inspected(model, tmp_path)
    found = of_rule(report, "misaligned-merge") + of_rule(report, "stride-mismatch")
    assert [(finding.rule, finding.severity.value, finding.axes) for finding in found] == [f[:3] for f in findings]
    for finding, (_, _, _, words) in zip(found, findings, strict=True):
        assert words in finding.message
        assert finding.input == "x"


def test_inexact_resizing_is_a_note(tmp_path: Path) -> None:
    """Resizing 4 rows to 9 makes steps of 8/9 pixels beside a skip of 1: told, not warned of."""
    body = f'{HALVED} s = Shape (x) u = Resize <mode = "nearest"> (d, , , s) y = Concat <axis = 1> (u, x)'
    report = inspected(model_of(body, {"x": (1, 1, 9, 9)}, constants=WEIGHTS), tmp_path)
    (finding,) = of_rule(report, "stride-mismatch")
    assert (finding.severity, finding.axes) == ("note", (2, 3))
    assert "u has 8/9 and x has 1" in finding.message


@pytest.mark.parametrize(("size", "aligned"), [(64, False), (65, True)])
def test_tensorflows_same_padding_at_even_and_odd_sizes(size: int, aligned: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """The known case: a 3×3/2 beside a 1×1/2, both SAME, agree at 65 and not at 64."""
    body = f"{same('x', 'a')} {same('x', 'b', 'one')} y = Add (a, b)"
    report = inspected(model_of(body, {"x": (1, 1, size, size)}, constants=WEIGHTS), tmp_path)
    assert ("misaligned-merge" in rule_ids(report, "alignment")) is not aligned


DRIFTS = {
    # Centers −1 … 6: their middle 2.5 lies one pixel before the image's, 3.5.
    "all padding in front": (
        (8, 8), "y = Conv <pads = [2, 2, 0, 0]> (x, three)", [(2, "1 pixel before"), (3, "1 pixel before")],
    ),
    "all padding behind the columns": ((8, 8), "y = Conv <pads = [1, 0, 1, 2]> (x, three)", [(3, "1 pixel after")]),
    # 4×4, SAME: pads 1 and 2, centers ½ … 7½, middle 4: half a pixel, half a stride.
    "even kernel, upper": (
        (8, 8), 'y = Conv <auto_pad = "SAME_UPPER"> (x, four)', [(2, "0.5 pixels after"), (3, "0.5 pixels after")],
    ),
    "even kernel, lower": (
        (8, 8), 'y = Conv <auto_pad = "SAME_LOWER"> (x, four)', [(2, "0.5 pixels before"), (3, "0.5 pixels before")],
    ),
    # Centers 0, 2, 4, 6: middle 3 instead of 3.5, a quarter of a stride.
    "3×3/2 on an even size": ((8, 8), "y = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> (x, three)", []),
    # Three of them: 0, 8, 16, 24: middle 12 instead of 15.5, less than half of 8.
    "three of them": (
        (32, 32),
        f"{padded('x', 'a')} {padded('a', 'b')} {padded('b', 'y')}",
        [],
    ),
    # SAME at 32: pads (0, 1) each, centers 7, 15, 23, 31: middle 19, 3.5 of 8 after.
    "three with SAME": (
        (32, 32),
        f"{same('x', 'a')} {same('a', 'b')} {same('b', 'y')}",
        [],
    ),
    # Rows 0–2 of 9 cut away: centers 3 … 8, middle 5.5 instead of 4.
    "cropped": ((9, 9), "c = Slice (x, three_rows, last_row, row) y = Conv (c, one)", [(2, "1.5 pixels after")]),
    # Of 11 rows two 2×2 pools see 0–3 and 4–7: middle 3.5 instead of 5, less than half of 4.
    "dropped rows": (
        (11, 11), f"{HALVED} y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (d)", [],
    ),
    # 2×2/2 and its transposed: 8 cells of half a stride of one pixel each, symmetric.
    "down and up": ((8, 8), f"{HALVED} y = ConvTranspose <strides = [2, 2]> (d, two)", []),
    "pooled": ((8, 8), "a = Conv <pads = [2, 2, 0, 0]> (x, three) y = GlobalAveragePool (a)", []),
}  # fmt: skip


@pytest.mark.parametrize(("size", "body", "drifts"), DRIFTS.values(), ids=DRIFTS)
def test_drift(size: tuple[int, int], body: str, drifts: list[tuple[int, str]], tmp_path: Path) -> None:
    """How far the middle between the first and the last cell lies from the image's, where that is half a stride."""
    constants = {**WEIGHTS, "three_rows": [3], "last_row": [9], "row": [2]}
    found = of_rule(inspected(model_of(body, {"x": (1, 1, *size)}, constants=constants), tmp_path), "center-drift")
    assert [(finding.severity.value, finding.axes) for finding in found] == [("note", (axis,)) for axis, _ in drifts]
    for finding, (axis, words) in zip(found, drifts, strict=True):
        assert finding.message.startswith(f"the center of y is {words} the middle of axis {axis} of x")


ALIGNED = {
    "resnet-50": networks.resnet50_torchvision(224),
    "inception v3": networks.inception_v3(299),
    "densenet-121": networks.densenet121(224),
    "efficientnet-b0": networks.efficientnet_b0(224, gates=True),
}


@pytest.mark.parametrize("network", ALIGNED)
def test_networks_whose_branches_agree(network: str, tmp_path: Path) -> None:
    """Residual sums, dense stacks and gates of PyTorch's networks join what lies at one place."""
    assert set(rule_ids(inspected(ALIGNED[network], tmp_path), "alignment")) <= {"center-drift"}
