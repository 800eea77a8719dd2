"""stride-mismatch and misaligned-merge: whether maps that are merged lie at the same places."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracle_models import Constant, model_of
from tests.rules.inspecting import inspected, of_rule, rule_ids

WEIGHTS: dict[str, Constant] = {
    "one": (1, 1, 1, 1), "two": (1, 1, 2, 2), "three": (1, 1, 3, 3), "four": (1, 1, 4, 4), "five": (1, 1, 5, 5),
    "first": [1, 1], "last": [2**40, 2**40], "axes": [2, 3], "double": [1.0, 1.0, 2.0, 2.0],
    "before": [-1, -1], "twos": [2, 2],
    "in_front": [0, 0, 1, 1, 0, 0, 0, 0], "behind": [0, 0, 0, 0, 0, 0, 1, 1],
    "pair": (1, 2, 1, 1), "triple": (1, 3, 1, 1),
    "eights": [8, 8], "nines": [9, 9], "tens": [10, 10],
    "zero": [0, 0], "first1": [1], "two1": [2], "three1": [3], "column": [3], "half": [4, 4],
}  # fmt: skip
HALVED = "d = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (x)"
SHORTCUT = "b = Conv <strides = [2, 2]> (x, one)"
AT_CORNERS = 'u = Resize <mode = "linear", coordinate_transformation_mode = "asymmetric"> (d, , double)'
NEIGHBOURS = "a = Slice (x, first, last, axes) b = Slice (x, zero, before, axes) s = Sub (a, b) y = Conv (s, one)"


def same(source: str, output: str, weight: str = "three") -> str:
    """A convolution of stride 2 with SAME padding."""
    return f'{output} = Conv <auto_pad = "SAME_UPPER", strides = [2, 2]> ({source}, {weight})'


def padded(source: str, output: str) -> str:
    """A 3×3 convolution of stride 2 with padding 1."""
    return f"{output} = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> ({source}, three)"


def nearest(source: str, output: str) -> str:
    """Upsampling by 2 as PyTorch exports it."""
    asymmetric = 'coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"'
    return f'{output} = Resize <mode = "nearest", {asymmetric}> ({source}, , double)'


Finding = tuple[str, str, tuple[int, ...], str]
# Per case: image, nodes, rule, severity, axes, and what the message has to tell.
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
    # Neighbours subtracted, rows 1 … 7 less 0 … 6: a finite difference, as the pre-emphasis of speech is one.
    "neighbours": ((8, 8), NEIGHBOURS, []),
    # 4×4 with SAME pads (1, 2): half a pixel beside a 3×3 with (1, 1), as even kernels are.
    "even kernel": (
        (8, 8),
        'a = Conv <auto_pad = "SAME_UPPER"> (x, four) b = Conv <pads = [1, 1, 1, 1]> (x, three) y = Mul (a, b)',
        [("misaligned-merge", "note", (2, 3), "0.5 pixels ")],
    ),
    # HGNet's stem: two 2×2 beside one, half a pixel each.
    "even kernels in series": (
        (8, 8),
        ("a = Conv <pads = [0, 0, 1, 1]> (x, two) b = Conv <pads = [0, 0, 1, 1]> (a, two) "
        "p = MaxPool <kernel_shape = [2, 2], pads = [0, 0, 1, 1]> (x) y = Concat <axis = 1> (p, b)"),
        [("misaligned-merge", "note", (2, 3), "b is centered 0.5 pixels after p")],
    ),
    # Four pixels are no half index, whatever the kernels are.
    "even kernels, far apart": (
        (8, 8),
        "a = Conv <pads = [0, 0, 3, 3]> (x, four) b = Conv <pads = [3, 3, 0, 0]> (x, four) y = Add (a, b)",
        [("misaligned-merge", "warning", (2, 3), "a is centered 3 pixels after b")],
    ),
    # A pyramid of stride-2 convolutions: level k lies (2^k − 1)/2 before the middle of its pixels. Merged once, the
    # branches behind it have both centers, and a residual there adds nothing.
    "feature pyramid": (
        (32, 32),
        (f"{padded('x', 'a')} {padded('a', 'b')} {padded('b', 'c')} {nearest('c', 'u')} d = Add (u, b) "
        f"e = Conv <pads = [1, 1, 1, 1]> (d, three) f = Add (d, e) {nearest('f', 'v')} y = Add (v, a)"),
        [
            ("misaligned-merge", "note", (2, 3), "b is centered 2 pixels after u"),
            ("misaligned-merge", "note", (2, 3), "a is centered 1 pixel after v"),
        ],
    ),
    # Steps of a recurrence that was unrolled: columns 0, 1 and 2 of the map, one index each.
    "unrolled recurrence": (
        (8, 8),
        ("c = Conv <pads = [1, 1, 1, 1]> (x, three) s0 = Slice (c, zero, first1, column) "
        "s1 = Slice (c, first1, two1, column) "
        "s2 = Slice (c, two1, three1, column) h1 = Add (s0, s1) h2 = Add (h1, s2) y = Concat <axis = 3> (h1, h2)"),
        [],
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
    # NASNet's factorized reduction: rows 0, 2, 4, 6 beside rows 1, 3, 5, 7, half an index apart.
    "even and odd pixels": (
        (8, 8),
        ("e = AveragePool <kernel_shape = [1, 1], strides = [2, 2]> (x) p = Pad (x, behind) "
        "m = Slice (p, first, last, axes) o = AveragePool <kernel_shape = [1, 1], strides = [2, 2]> (m) "
        "f = Conv (e, one) g = Conv (o, one) y = Concat <axis = 1> (f, g)"),
        [],
    ),
    # A cost volume of stereo vision, as channels: x beside itself 0, 1 and 2 pixels further along.
    "copies at three shifts": (
        (8, 8),
        ("p = Pad (x, in_front) a = Slice (p, zero, before, axes) q = Pad (a, in_front) "
        "b = Slice (q, zero, before, axes) c = Concat <axis = 1> (x, a, b) y = Conv (c, triple)"),
        [],
    ),
    # The correlation layer of optical flow: a map times another one at shifts of 0, 1 and 2.
    "products at three shifts": (
        (10, 10),
        ("r = Relu (x) p = Slice (x, zero, eights, axes) "
        "a = Slice (r, zero, eights, axes) b = Slice (r, first, nines, axes) c = Slice (r, twos, tens, axes) "
        "d = Slice (r, zero, nines, axes) e = Slice (d, first, last, axes) "
        "s = Mul (p, a) t = Mul (p, b) u = Mul (p, c) v = Mul (p, e) y = Concat <axis = 1> (s, t, u, v)"),
        [],
    ),
    # As above, but one of them was blurred by a window that is padded on one side: that may be a mistake.
    "copies at three shifts, one by a window": (
        (8, 8),
        ("p = Pad (x, in_front) a = Slice (p, zero, before, axes) "
        "b = Conv <pads = [4, 4, 0, 0]> (x, five) c = Concat <axis = 1> (x, a, b) y = Conv (c, triple)"),
        [("misaligned-merge", "warning", (2, 3), "x is centered 2 pixels after b")],
    ),
    # A crop at the left and one at the right, as two images of a batch.
    "crops of a batch": (
        (8, 8),
        ("a = Slice (x, zero, before, axes) b = Slice (x, first, last, axes) r = Relu (b) c = Concat <axis = 0> (a, r) "
        "y = Conv (c, one)"),
        [],
    ),
    "neighbours, one of them blurred": (
        (8, 8),
        f"e = Conv <pads = [1, 1, 1, 1]> (x, three) {NEIGHBOURS.replace('(x, zero', '(e, zero')}",
        [("misaligned-merge", "warning", (2, 3), "a is centered 1 pixel after b")],
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


@pytest.mark.parametrize(("size", "aligned"), [(64, False), (65, True)])
def test_tensorflows_same_padding_at_even_and_odd_sizes(size: int, aligned: bool, tmp_path: Path) -> None:  # noqa: FBT001
    """The known case: a 3×3/2 beside a 1×1/2, both SAME, agree at 65 and not at 64."""
    body = f"{same('x', 'a')} {same('x', 'b', 'one')} y = Add (a, b)"
    report = inspected(model_of(body, {"x": (1, 1, size, size)}, constants=WEIGHTS), tmp_path)
    assert ("misaligned-merge" in rule_ids(report, "alignment")) is not aligned


HELPS = {
    "same": (f"{same('x', 'a')} {SHORTCUT} y = Add (a, b)", "use an odd input size, or explicit symmetric padding"),
    "lopsided": ("a = Conv <pads = [2, 2, 0, 0]> (x, three) y = Add (a, x)", "pad a symmetrically"),
    "even": (
        'a = Conv <auto_pad = "SAME_UPPER"> (x, four) b = Conv <pads = [1, 1, 1, 1]> (x, three) y = Mul (a, b)',
        "a has an even kernel, centered between two indices: use odd kernels, or the same ones in both branches",
    ),
    # The small map's pixels are two of the large one's: half of the difference is ½, and so is the distance.
    "at corners": (f"{HALVED} {AT_CORNERS} y = Concat <axis = 1> (u, x)", "coordinate_transformation_mode half_pixel"),
    "shifted by a Pad": (
        "p = Pad (x, in_front) u = Slice (p, zero, before, axes) c = Add (u, x) y = Conv (c, one)",
        "crop 1 index at the beginning of u, and pad as many at the other",
    ),
    "pyramid": (
        f"{padded('x', 'a')} {padded('a', 'b')} {nearest('b', 'u')} c = Add (u, a) y = Conv (c, one)",
        "with linear interpolation and coordinate_transformation_mode asymmetric, Resize u would align them",
    ),
}


@pytest.mark.parametrize(("body", "advice"), HELPS.values(), ids=HELPS)
def test_what_to_do_about_this_merge(body: str, advice: str, tmp_path: Path) -> None:
    """The help names the node and what it has: no symmetric padding of even kernels, no padding of a Resize."""
    model = model_of(body, {"x": (1, 1, 8, 8)}, constants={**WEIGHTS, "w23": (1, 1, 2, 3)})
    (finding,) = of_rule(inspected(model, tmp_path), "misaligned-merge")
    assert advice in str(finding.help)


# What is merged with x, and what the advice makes of it.
FOLLOWED = {
    "half_pixel": (
        f"{HALVED} {AT_CORNERS}",
        f'{HALVED} u = Resize <mode = "linear", coordinate_transformation_mode = "half_pixel"> (d, , double)',
    ),
    "asymmetric": (f"{padded('x', 'd')} {nearest('d', 'u')}", f"{padded('x', 'd')} {AT_CORNERS}"),
    "crop": (
        "p = Pad (x, in_front) u = Slice (p, zero, before, axes)",
        "p = Pad (x, in_front) v = Slice (p, zero, before, axes) w = Slice (v, first, last, axes) u = Pad (w, behind)",
    ),
    "pads": ("u = Conv <pads = [2, 2, 0, 0]> (x, three)", "u = Conv <pads = [1, 1, 1, 1]> (x, three)"),
}


@pytest.mark.parametrize(("before", "after"), FOLLOWED.values(), ids=FOLLOWED)
def test_advice_that_is_followed_leaves_no_finding(before: str, after: str, tmp_path: Path) -> None:
    """Pools lie between pixels, convolutions with padding 1 on them: each wants other coordinates of the Resize."""
    for branch, count in ((before, 1), (after, 0)):
        model = model_of(
            f"{branch} c = Concat <axis = 1> (u, x) y = Conv (c, pair)", {"x": (1, 1, 8, 8)}, constants=WEIGHTS
        )
        assert len(of_rule(inspected(model, tmp_path), "misaligned-merge")) == count
