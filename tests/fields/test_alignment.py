"""Where the indices of a map lie on the input: against what onnxruntime measures, and against arithmetic."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import onnx
import pytest

from strideinspect.results.field import Alignment, Field
from tests.fields.measured import offset
from tests.oracle_models import Constant, model_of
from tests.rules.inspecting import inspected

WEIGHTS: dict[str, Constant] = {
    "one": (1, 1, 1, 1), "two": (1, 1, 2, 2), "three": (1, 1, 3, 3), "seven": (1, 1, 7, 7),
    "double": [1.0, 1.0, 2.0, 2.0], "by8": [1.0, 1.0, 8.0, 8.0],
    "padded": [0, 0, 0, 0, 0, 0, 1, 1], "nine": (1, 1, 9), "past": [0, 0, 7, 0, 0, 1],
}  # fmt: skip


def down(source: str, output: str) -> str:
    """A 3×3 convolution with stride 2 and padding 1: index i is centered on index 2i."""
    return f"{output} = Conv <strides = [2, 2], pads = [1, 1, 1, 1]> ({source}, three)"


def pooled(source: str, output: str) -> str:
    """A 2×2 pool with stride 2."""
    return f"{output} = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> ({source})"


ASYMMETRIC = 'Resize <mode = "linear", coordinate_transformation_mode = "asymmetric">'
THREE_DOWN = f"{down('x', 'a')} {down('a', 'b')} {down('b', 'c')}"
UNET = (
    f"e1 = Conv <pads = [1, 1, 1, 1]> (x, three) {pooled('e1', 'p1')} e2 = Conv <pads = [1, 1, 1, 1]> (p1, three) "
    f"{pooled('e2', 'p2')} u2 = ConvTranspose <strides = [2, 2]> (p2, two)"
)

# Size of the image, nodes, and the offset. It is measured with equal weights, too.
SINGLE: dict[str, tuple[int, str, Fraction]] = {
    # Index k of the small map lies on pixel 8k. Index i of the large one lies at i/8 of it: on pixel i.
    "sampled and interpolated": (64, f"a = Conv <strides = [8, 8]> (x, one) y = {ASYMMETRIC} (a, , by8)", Fraction(0)),
    "three halvings and back": (64, f"{THREE_DOWN} y = {ASYMMETRIC} (c, , by8)", Fraction(0)),
    # An average of pixels 8k to 8k + 7 lies at 8k + 3.5, and so does what is at i = 8k of the large map.
    "averaged and interpolated": (
        64,
        f"a = AveragePool <kernel_shape = [8, 8], strides = [8, 8]> (x) y = {ASYMMETRIC} (a, , by8)",
        Fraction(7, 2),
    ),
    # Index i of five halvings lies on pixel 32i; the middle of the pixels 32i to 32i + 31 is 32i + 15.5.
    "five halvings": (512, f"{THREE_DOWN} {down('c', 'd')} {down('d', 'y')}", Fraction(-31, 2)),
    "two halvings": (64, f"{down('x', 'a')} {down('a', 'y')}", Fraction(-3, 2)),
    # TensorFlow pads (0, 1): index i is centered on 2i + 1, after five of them on 32i + 31.
    "five halvings with SAME": (
        512,
        " ".join(
            f'{after} = Conv <auto_pad = "SAME_UPPER", strides = [2, 2]> ({before}, three)'
            for before, after in itertools.pairwise("xabcdy")
        ),
        Fraction(31, 2),
    ),
    "stem and three halvings": (
        512,
        ("s = Conv <strides = [2, 2], pads = [3, 3, 3, 3]> (x, seven) "
        "m = MaxPool <kernel_shape = [3, 3], strides = [2, 2], pads = [1, 1, 1, 1]> (s) "
        f"{down('m', 'a')} {down('a', 'b')} {down('b', 'y')}"),
        Fraction(-31, 2),
    ),
    # 2×2 pools and 2×2 transposed convolutions keep to the middle of their pixels; skips join what lies at one place.
    "U-Net": (
        64, (f"{UNET} c2 = Concat <axis = 1> (u2, e2) d2 = ReduceSum <noop_with_empty_axes = 1> (c2) "
        "m2 = Slice (d2, zero, first, channel) u1 = ConvTranspose <strides = [2, 2]> (m2, two) y = Add (u1, e1)"),
        Fraction(0),
    ),
    # 67 rows become 33, and 66 again: a row of padding at the end moves nothing.
    "U-Net at an odd size": (
        67, f"{pooled('x', 'p')} u = ConvTranspose <strides = [2, 2]> (p, two) v = Pad (u, padded) y = Add (v, x)",
        Fraction(0),
    ),
    # Nearest upsampling repeats an index: 0, 0, 1, 1 lie at −¼ and ¼ of where half-pixel centers put them.
    "doubled": (16, 'u = Resize <mode = "nearest"> (x, , double) y = Conv (u, one)', Fraction(0)),
    # Every second of them is index i again.
    "doubled and halved": (
        16, 'u = Resize <mode = "nearest"> (x, , double) y = Conv <strides = [2, 2]> (u, one)', Fraction(0),
    ),
    # Even and odd rows side by side as channels: pixels 2i and 2i + 1.
    "space to depth": (
        16, ("a = Slice (x, zero, last, rows, step) b = Slice (x, first, last, rows, step) "
        "c = Concat <axis = 1> (a, b) "
        "y = Conv (c, pair)"), Fraction(0),
    ),
}  # fmt: skip

SLICING: dict[str, Constant] = {
    "zero": [0], "first": [1], "last": [2**40], "rows": [2], "step": [2], "channel": [1], "pair": (1, 2, 1, 1),
}  # fmt: skip


def rows_of(body: str, size: int, folder: Path) -> tuple[onnx.ModelProto, Field]:
    """The model, and the field along the rows of the only output."""
    model = model_of(body, {"x": (1, 1, size, size)}, constants={**WEIGHTS, **SLICING})
    return model, inspected(model, folder).outputs[0].fields[0]


@pytest.mark.parametrize(("size", "body", "expected"), SINGLE.values(), ids=SINGLE)
def test_one_offset(size: int, body: str, expected: Fraction, tmp_path: Path) -> None:
    """The offset along every path, exactly; equal weights, run by onnxruntime, have their centers of mass there."""
    model, field = rows_of(body, size, tmp_path)
    aligned = field.alignment
    assert aligned is not None
    assert (aligned.offset, aligned.least, aligned.most) == (expected, expected, expected)
    assert field.stride is not None
    assert offset(model, 2, field.stride, len(field.phases)) == pytest.approx(float(expected), abs=1e-3)


def nearest(source: str, output: str) -> str:
    """Upsampling by 2 as PyTorch exports it."""
    asymmetric = 'coordinate_transformation_mode = "asymmetric", nearest_mode = "floor"'
    return f'{output} = Resize <mode = "nearest", {asymmetric}> ({source}, , double)'


# Least, most, and where they meet.
APART = {
    # Levels lie at −½, −3/2 and −7/2. The upsampled ones keep their own, and meet the next at d.
    "feature pyramid": (
        64, (f"{THREE_DOWN} {nearest('c', 'u1')} d = Add (u1, b) {nearest('d', 'u2')} e = Add (u2, a) "
        f"{nearest('e', 'u3')} y = Conv <pads = [1, 1, 1, 1]> (u3, three)"), Fraction(-7, 2), Fraction(-1, 2), "Add d",
    ),
    # Pixels i and i + 1, and twice that: i + ½ and i + 1.
    "even kernels": (
        32, ("a = Conv <pads = [0, 0, 1, 1]> (x, two) b = Conv <pads = [0, 0, 1, 1]> (a, two) "
        "p = MaxPool <kernel_shape = [2, 2], pads = [0, 0, 1, 1]> (x) y = Concat <axis = 1> (p, b)"),
        Fraction(1, 2), Fraction(1), "Concat y",
    ),
    # Added up, slices of one map are branches like others.
    "slices": (
        16, ("a = Slice (x, zero, last, rows, step) b = Slice (x, first, last, rows, step) d = Add (a, b) "
        "y = Conv (d, one)"),
        Fraction(-1, 2), Fraction(1, 2), "Add d",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("size", "body", "least", "most", "where"), APART.values(), ids=APART)
def test_paths_that_disagree(size: int, body: str, least: Fraction, most: Fraction, where: str, tmp_path: Path) -> None:
    """No offset, but the least and the most of any path, and the merge that brought them together."""
    model, field = rows_of(body, size, tmp_path)
    aligned = field.alignment
    assert aligned is not None
    assert (aligned.offset, aligned.least, aligned.most, aligned.apart_at) == (None, least, most, where)
    assert field.stride is not None
    assert (
        least - Fraction(1, 100) < offset(model, 2, field.stride, max(2, len(field.phases))) < most + Fraction(1, 100)
    )


# Per node: begin, end of the padding; kernel 9 and stride 2. What index i sees past samples 8i to 8i + 7:
SIGNALS = {
    # 7 samples of padding before each: 8i − 7·(1 + 2 + 4) = 8i − 49 to 8i + (8 − 7)·7 = 8i + 7.
    "causal": (
        " ".join(
            f"p{a} = Pad ({a}, past) {b} = Conv <strides = [2]> (p{a}, nine)" for a, b in itertools.pairwise("xaby")
        ),
        (49, 0, Fraction(-49, 2)),
    ),
    # 4 before: 8i − 28 to 8i + 28.
    "centered": (
        " ".join(f"{b} = Conv <strides = [2], pads = [4, 4]> ({a}, nine)" for a, b in itertools.pairwise("xaby")),
        (28, 21, Fraction(-7, 2)),
    ),
    # None before: 8i to 8i + 56.
    "ahead": (
        " ".join(f"{b} = Conv <strides = [2], pads = [0, 8]> ({a}, nine)" for a, b in itertools.pairwise("xaby")),
        (0, 49, Fraction(49, 2)),
    ),
}


@pytest.mark.parametrize(("body", "expected"), SIGNALS.values(), ids=SIGNALS)
def test_lookahead_and_lookback(body: str, expected: tuple[int, int, Fraction], tmp_path: Path) -> None:
    """How far an index sees past the samples that it stands for, in both directions; none ahead is causal."""
    model = model_of(body, {"x": (1, 1, 1000)}, constants={"nine": (1, 1, 9), "past": [0, 0, 7, 0, 0, 1]})
    (field,) = inspected(model, tmp_path).outputs[0].fields
    assert field.alignment is not None
    assert (field.alignment.lookback, field.alignment.lookahead, field.alignment.offset) == expected
    assert field.alignment.causal == (expected[1] == 0)


def test_reversed_axes_have_no_alignment(tmp_path: Path) -> None:
    """Index i of a mirrored image stands for pixels that are counted from the other end."""
    constants: dict[str, Constant] = {
        "back": [-1],
        "front": [-(2**40)],
        "rows": [2],
        "minus": [-1],
        "one": (1, 1, 1, 1),
    }
    body = "m = Slice (x, back, front, rows, minus) y = Conv (m, one)"
    report = inspected(model_of(body, {"x": (1, 1, 16, 16)}, constants=constants), tmp_path)
    mirrored, upright = report.outputs[0].fields
    assert (mirrored.stride, mirrored.alignment) == (Fraction(-1), None)
    assert upright.alignment == Alignment(Fraction(0), Fraction(0), Fraction(0), 0, 0)
