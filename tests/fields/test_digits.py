"""Closed forms where an axis is cut into digits that go separate ways: shuffles, windows of attention, wraps."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from strideinspect.results.field import Alignment, Field
from strideinspect.results.verdict import Verdict
from tests.oracle_models import Constant, model_of
from tests.rules.inspecting import inspected

CONSTANTS: dict[str, Constant] = {
    "w": (4, 4, 3, 3), "u": (4, 4, 3, 3), "v": (4, 4, 3, 3), "p": (4, 4, 1, 1), "wide": (4, 8, 3, 3),
    "a": [1.0] * 8, "b": [0.0] * 8, "two": [1.0, 1.0], "zero": [0.0, 0.0],
    "halves": [4, 2, 256], "shuffled": [2, 1, 4, 16, 16], "first": [0], "tokens": [1, 8, 256], "map8": [1, 8, 16, 16],
    "grouped": [1, 2, -1], "cut": [1, 4, 4, 4, 4, 4], "windows": [16, 16, 4], "glued": [1, 4, 4, 4, 4, 4],
    "map": [1, 4, 16, 16], "m": (4, 4), "depthwise": (8, 1, 1),
}  # fmt: skip

BRANCHES = "c = Conv <pads = [1, 1, 1, 1]> (x, w) d = Conv <pads = [1, 1, 1, 1]> (c, u) q = Concat <axis = 1> (c, d)"
PARTITION = "g = Reshape (c, cut) t = Transpose <perm = [0, 2, 4, 3, 5, 1]> (g) n = Reshape (t, windows)"
BACK = "h = Reshape (o, glued) k = Transpose <perm = [0, 5, 1, 3, 2, 4]> (h) z = Reshape (k, map)"
ATTENTION = (
    "e = MatMul (n, m) f = Transpose <perm = [0, 2, 1]> (n) s = MatMul (e, f) "
    "i = Softmax <axis = 2> (s) o = MatMul (i, n)"
)
FIRST, LAST = "c = Conv <pads = [1, 1, 1, 1]> (x, w)", "y = Conv <pads = [1, 1, 1, 1]> (z, v)"
ROLLS = {
    name: f"{name}1 = Slice ({source}, {at}, end, three) {name}2 = Slice ({source}, begin, {at}, three) "
    f"{name} = Concat <axis = 3> ({name}1, {name}2)"
    for name, source, at in (("r", "c", "plus"), ("z", "back", "minus"))
}


def _same(report_fields: tuple[Field, ...], size: int, first: int) -> None:
    for field in report_fields:
        assert (field.size, field.stride, field.first, field.node_axis) == (size, Fraction(1), first, field.axis)


DETOURS = {
    "shuffled": (
        "r = Reshape (q, halves) t = Transpose <perm = [1, 0, 2]> (r) k = Reshape (t, shuffled) "
        "l = Gather <axis = 0> (k, first) z = Squeeze (l, first) y = Conv <pads = [1, 1, 1, 1]> (z, v)"
    ),
    "tokens": (
        "r = Reshape (q, tokens) t = Transpose <perm = [0, 2, 1]> (r) l = LayerNormalization (t, a, b) "
        "k = Transpose <perm = [0, 2, 1]> (l) z = Reshape (k, map8) y = Conv <pads = [1, 1, 1, 1]> (z, wide)"
    ),
    "group normalisation": (
        "r = Reshape (q, grouped) l = InstanceNormalization (r, two, zero) k = Reshape (l, map8) "
        "z = Mul (k, depthwise) y = Conv <pads = [1, 1, 1, 1]> (z, wide)"
    ),
}


@pytest.mark.parametrize("detour", DETOURS.values(), ids=DETOURS)
def test_channels_that_differ(detour: str, tmp_path: Path) -> None:
    """Channels behind one 3×3 and behind two are mixed by a third: 3 + 2 + 2 pixels, as without the detour."""
    model = model_of(f"{BRANCHES} {detour}", {"x": (1, 4, 16, 16)}, constants=CONSTANTS)
    report = inspected(model, tmp_path, verify="run")
    _same(report.outputs[0].fields, 7, -3)
    assert report.verification.status is Verdict.AGREED


def test_window_partition_and_back(tmp_path: Path) -> None:
    """Windows of 4×4 become a batch and a map again: as if nothing had happened, 3 + 2 pixels."""
    model = model_of(f"{FIRST} {PARTITION} o = Relu (n) {BACK} {LAST}", {"x": (1, 4, 16, 16)}, constants=CONSTANTS)
    report = inspected(model, tmp_path, verify="run")
    _same(report.outputs[0].fields, 5, -2)
    assert report.verification.status is Verdict.AGREED


def test_attention_inside_windows(tmp_path: Path) -> None:
    """A row of window k sees rows 4k − 1 to 4k + 4; the 3×3 behind it joins two windows at their borders."""
    model = model_of(f"{FIRST} {PARTITION} {ATTENTION} {BACK} {LAST}", {"x": (1, 4, 16, 16)}, constants=CONSTANTS)
    report = inspected(model, tmp_path, verify="run")
    for field in report.outputs[0].fields:
        assert (field.size, field.stride, field.node_axis, len(field.phases)) == (10, Fraction(1), field.axis, 4)
        # A row sees the windows of rows r − 1 to r + 1, each window of rows 4k to 4k + 3 one more row on either side.
        windows = [(max(0, r - 1) // 4, min(15, r + 1) // 4) for r in range(16)]
        assert field.positions.first == tuple(max(0, 4 * first - 1) for first, _ in windows)
        assert field.positions.last == tuple(min(15, 4 * last + 4) for _, last in windows)
    assert report.verification.status is Verdict.AGREED


def test_shifted_windows(tmp_path: Path) -> None:
    """Columns are rolled by 2 before the attention and back after it: windows of 4 columns, from column 2 on."""
    constants = {**CONSTANTS, "plus": [2], "minus": [-2], "begin": [0], "end": [999], "three": [3]}
    back = BACK.replace("z = Reshape", "back = Reshape")
    partition = PARTITION.replace("(c, cut)", "(r, cut)")
    model = model_of(
        f"{FIRST} {ROLLS['r']} {partition} {ATTENTION} {back} {ROLLS['z']} y = MaxPool <kernel_shape = [1, 1]> (z)",
        {"x": (1, 4, 16, 16)},
        constants=constants,
    )
    report = inspected(model, tmp_path, verify="run")
    columns = report.outputs[0].fields[1]
    # Columns 2–5 are a window, and each of them sees one column more on either side: 1–6. Column 0 is in −2 to 1.
    assert (columns.size, columns.stride, columns.first, columns.last) == (6, Fraction(1), -3, 2)
    assert (columns.positions.first[2:6], columns.positions.last[2:6]) == ((1,) * 4, (6,) * 4)
    assert report.verification.status is Verdict.AGREED


def test_circular_padding_by_slices(tmp_path: Path) -> None:
    """The last index before the first and the first behind the last, then 3 taps: as Pad with mode wrap."""
    body = "l = Slice (x, m, end, two) r = Slice (x, begin, one, two) p = Concat <axis = 2> (l, x, r) y = Conv (p, k)"
    constants: dict[str, Constant] = {"m": [-1], "end": [999], "two": [2], "begin": [0], "one": [1], "k": (1, 1, 3)}
    report = inspected(model_of(body, {"x": (1, 1, 64)}, constants=constants), tmp_path, verify="run")
    (field,) = report.outputs[0].fields
    assert (field.size, field.stride, field.first) == (3, Fraction(1), -1)
    assert (field.positions.first[0], field.positions.last[0]) == (0, 63)
    # Index i sees i − 1, i and i + 1 (modulo 64): what lies at the other end is no other path to it.
    assert field.alignment == Alignment(Fraction(0), Fraction(0), Fraction(0), 1, 1, None)
    assert report.verification.status is Verdict.AGREED


def test_circular_padding_by_more_than_half_of_the_signal(tmp_path: Path) -> None:
    """5 of 8 samples on either side, for 3 taps with dilation 5: i − 5, i and i + 5 (modulo 8), a span of 11."""
    body = (
        "l = Slice (x, m, end, two) r = Slice (x, begin, five, two) p = Concat <axis = 2> (l, x, r) "
        "y = Conv <dilations = [5]> (p, k)"
    )
    constants: dict[str, Constant] = {"m": [-5], "end": [999], "two": [2], "begin": [0], "five": [5], "k": (1, 1, 3)}
    report = inspected(model_of(body, {"x": (1, 1, 8)}, constants=constants), tmp_path, verify="run")
    (field,) = report.outputs[0].fields
    assert (field.size, field.stride, field.first) == (11, Fraction(1), -5)
    assert report.verification.status is Verdict.AGREED


def test_circular_padding_beside_a_shortcut(tmp_path: Path) -> None:
    """A residual block with circular padding: both branches lie at i, so that no merge is misaligned."""
    body = (
        "l = Slice (x, m, end, two) r = Slice (x, begin, one, two) p = Concat <axis = 2> (l, x, r) "
        "b = Conv (p, k) s = Conv (x, point) y = Add (b, s)"
    )
    constants: dict[str, Constant] = {"m": [-1], "end": [999], "two": [2], "begin": [0], "one": [1], "k": (1, 1, 3),
                                      "point": (1, 1, 1)}  # fmt: skip
    report = inspected(model_of(body, {"x": (1, 1, 64)}, constants=constants), tmp_path, verify="run")
    assert not report.findings
    (field,) = report.outputs[0].fields
    assert field.alignment is not None
    assert field.alignment.offset == 0
    assert report.verification.status is Verdict.AGREED


def test_roll_and_back(tmp_path: Path) -> None:
    """Rolled by 2 and back, every index sees its own sample; so do the two that were moved and came back."""
    constants: dict[str, Constant] = {"two": [2], "minus": [-2], "begin": [0], "end": [999]}
    rolls = " ".join(
        f"{n}h = Slice ({source}, begin, {at}, two) {n}t = Slice ({source}, {at}, end, two) "
        f"{n} = Concat <axis = 2> ({n}t, {n}h)"
        for n, source, at in (("r", "x", "two"), ("b", "r", "minus"))
    )
    pools = "y = MaxPool <kernel_shape = [1]> (b) z = MaxPool <kernel_shape = [1]> (bt)"
    model = model_of(f"{rolls} {pools}", {"x": (1, 1, 40)}, constants=constants, outputs=("y", "z"))
    report = inspected(model, tmp_path, verify="run")
    for output, count in zip(report.outputs, (40, 2), strict=True):
        (field,) = output.fields
        assert (field.size, field.stride, field.first) == (1, Fraction(1), 0)
        assert field.positions.first == field.positions.last == tuple(range(count))
    assert report.verification.status is Verdict.AGREED


@pytest.mark.parametrize(
    ("parts", "size"), [(("early", "early"), 8), (("late", "early"), 8), (("early", "late"), 8)], ids=str
)
def test_pieces_that_do_not_wrap(parts: tuple[str, str], size: int, tmp_path: Path) -> None:
    """Pieces 0–7 and 16–23 of 64 samples, side by side or one of them twice, have no closed form together."""
    body = f"early = Slice (x, n0, n8, two) late = Slice (x, n16, n24, two) y = Concat <axis = 2> ({', '.join(parts)})"
    constants: dict[str, Constant] = {"n0": [0], "n8": [8], "n16": [16], "n24": [24], "two": [2], "k": (1, 1, 1)}
    pooled = model_of(f"{body} z = Conv (y, k)", {"x": (1, 1, 64)}, constants=constants, outputs=("z",))
    (field,) = inspected(pooled, tmp_path, verify="run").outputs[0].fields
    assert field.size is None
    assert field.reason == "Concat y concatenates maps along the axis"
    assert len(field.positions) == 2 * size


def test_attention_along_one_axis(tmp_path: Path) -> None:
    """Every index sees all 16 samples, because the second product reads the whole axis."""
    body = (
        "c = Conv <pads = [1, 1]> (x, k) t = Transpose <perm = [0, 2, 1]> (c) s = MatMul (t, c) "
        "i = Softmax <axis = 2> (s) o = MatMul (i, t) y = Transpose <perm = [0, 2, 1]> (o)"
    )
    (field,) = inspected(
        model_of(f"{body} z = Conv (y, one)", {"x": (1, 4, 16)}, constants={"k": (4, 4, 3), "one": (4, 4, 1)},
                 outputs=("z",)), tmp_path, verify="run",
    ).outputs[0].fields  # fmt: skip
    assert field.reason == "MatMul o reads the whole axis"
    assert field.widest == 16


def test_more_phases_than_are_listed(tmp_path: Path) -> None:
    """Upsampled by 8·5·5: stride 1/200 and the size, without the list."""
    stages = "".join(
        f"t{n} = ConvTranspose <strides = [{s}], pads = [{(k - s) // 2}, {(k - s) // 2}]> ({source}, k{k}) "
        for n, (s, k, source) in enumerate([(8, 16, "x"), (5, 10, "t0"), (5, 10, "t1")])
    )
    constants: dict[str, Constant] = {"k16": (1, 1, 16), "k10": (1, 1, 10)}
    report = inspected(
        model_of(stages, {"x": (1, 1, 32)}, constants=constants, outputs=("t2",)), tmp_path, verify="run"
    )
    (field,) = report.outputs[0].fields
    assert (field.stride, field.phases) == (Fraction(1, 200), ())
    assert field.size == field.widest
    assert field.reason == "its 200 phases are too many to list"
    assert report.verification.status is Verdict.AGREED
    assert report.verification.theory.agreed == 3  # of t0, t1 and t2: phases that are not listed are checked, too
