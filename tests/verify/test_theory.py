"""Closed forms against running: right ones agree, wrong ones are caught, and a border is never taken for a mistake."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import pytest
from msgspec.structs import replace

import strideinspect
from strideinspect.results.report import Report
from strideinspect.results.verdict import Counts, Verdict, Verification
from strideinspect.verify.claims import Claims
from strideinspect.verify.client import Verifier
from strideinspect.verify.theory import Enlarged, TheoryClaim
from tests.verify.helpers import checked, model_of, saved

# Conv 3 sees −1 to 1, the pool of 2 every 2 −1 to 2, the second Conv 3 two pool cells further, 2 pixels each: −3 to 4.
DOWN: Final = (
    "(float[1,1,N] x, float[1,1,3] w) => (float[B,C,L] y)"
    "{ a = Conv<pads=[1,1]>(x, w) b = MaxPool<kernel_shape=[2], strides=[2]>(a) [last] y = Conv<pads=[1,1]>(b, w) }"
)
CLAIM: Final = TheoryClaim("x", 2, "y", "last", 2, 32, 2, ((-3, 4),))
# A transposed window of 1 every 2 puts a hole behind every pixel; one of 4 every 2, padded by 1, sees (o+1-j)/2, j < 4:
# index 0 pixels −1 and 0, index 1 pixels 0 and 1.
HOLES: Final = "(float[1,1,N] x, float[1,1,1] w) => (float[B,C,L] y) { y = ConvTranspose<strides=[2]>(x, w) }"
UP: Final = "(float[1,1,N] x, float[1,1,4] w) => (float[B,C,L] y) { y = ConvTranspose<strides=[2], pads=[1,1]>(x, w) }"
# Rows 4 to 35 are cut out and padded: index 0 sees pixels 4 and 5, and would see 3 were the plane infinite.
CUT: Final = (
    "(float[1,1,N] x, int64[1] s, int64[1] e, int64[1] a) => (float[B,C,L] y)"
    "{ c = Slice(x, s, e, a) y = MaxPool<kernel_shape=[3], pads=[1,1]>(c) }"
)


CONSTANTS: Final = {
    "s": [4], "e": [36], "a": [2], "r": [1, 1, 2, 7], "p": [0, 0, 1, 0, 0, 1], "two": [0, 0, 2, 0, 0, 2],
    "zero": [0], "one": [1], "end": [-1], "far": [1 << 20], "cut": [-3],
}  # fmt: skip


def verified(
    directory: Path, text: str, claim: TheoryClaim, enlarged: Enlarged | None = None, *, refutable: bool = False
) -> Verification:
    """What the verifier says of one closed form; one that is `refutable` is expected to be too near to borders."""
    model = model_of(text, opset=20, **CONSTANTS)
    claims = Claims({}, [], [], {}, [] if refutable else [claim], enlarged=[] if enlarged is None else [enlarged])
    with Verifier(saved(model, directory), timeout=60) as verifier:
        verifier.begin({"x": (1, 1, 4, claim.length) if claim.axis == 3 else (1, 1, claim.length)})
        return checked(verifier, replace(claims, refutable=[claim] if refutable else []))


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        (DOWN, CLAIM),
        (HOLES, replace(CLAIM, step=1, spans=((0, 0), None))),
        (UP, replace(CLAIM, step=1, spans=((-1, 0), (0, 1)))),
        (CUT, replace(CLAIM, length=40, step=1, spans=((3, 5),))),
    ],
    ids=["down", "holes", "up", "cut-and-padded"],
)
def test_right_closed_forms_agree(text: str, claim: TheoryClaim, tmp_path: Path) -> None:
    """Size, stride, first and last of every phase; the index beside a cut edge sees less, which is no contradiction."""
    found = verified(tmp_path, text, claim)
    assert (found.theory, found.details) == (Counts(agreed=1), ())


# 14 pixels as two rows of 7, of which a pool takes the largest: index i sees pixels i and i + 7, so its hull is 8 long.
FOLDED: Final = (
    "(float[1,1,N] x, int64[4] r) => (float[B,C,H,L] y){ f = Reshape(x, r) [p] y = MaxPool<kernel_shape=[2,1]>(f) }"
)
FOLDED_CLAIM: Final = TheoryClaim("x", 2, "y", "p", 3, 14, 1, ((0, 7),))
# Blocks of 2×2 become channels 2·row + column, a pool takes both blocks of a row: its pixels 0 to 2 or 1 to 3.
BLOCKS: Final = (
    "(float[1,1,4,N] x) => (float[B,C,H,W] y) { s = SpaceToDepth<blocksize=2>(x) y = MaxPool<kernel_shape=[1,2]>(s) }"
)
BLOCKS_CLAIM: Final = TheoryClaim("x", 3, "y", None, 1, 4, 0, ((0, 2), (1, 3)))


@pytest.mark.parametrize(
    ("text", "claim", "index", "ran"),
    [
        (FOLDED, replace(FOLDED_CLAIM, step=7, spans=((0, 13),)), 1, (1, 8)),
        (FOLDED, replace(FOLDED_CLAIM, step=2), 1, (1, 8)),
        (BLOCKS, replace(BLOCKS_CLAIM, step=2, spans=((0, 3),)), 1, (1, 3)),
    ],
    ids=["stride-of-a-lost-axis", "stride", "stride-along-channels"],
)
def test_what_a_border_cannot_explain_is_a_contradiction(
    text: str, claim: TheoryClaim, index: int, ran: tuple[int, int], tmp_path: Path
) -> None:
    """Borders reach every index here, but take pixels away only: none may see a pixel outside its closed form."""
    found = verified(tmp_path, text, claim, refutable=True)
    (check,) = found.details
    assert (found.status, found.theory) == (Verdict.CONTRADICTED, Counts(contradicted=1))
    place = {"input": "x", "axis": claim.axis, "of": claim.length, "index": index}
    assert check.ran == {**place, "first": ran[0], "last": ran[1]}


# A window of 3 whose map wraps around, by Pad and by slices; one whose map is mirrored by two pixels, then cropped.
WRAPPED: Final = (
    '(float[1,1,N] x, int64[6] p) => (float[B,C,L] y) { a = Pad<mode="wrap">(x, p) y = MaxPool<kernel_shape=[3]>(a) }'
)
SLICED: Final = (
    "(float[1,1,N] x, int64[1] zero, int64[1] one, int64[1] end, int64[1] far, int64[1] a) => (float[B,C,L] y)"
    "{ l = Slice(x, end, far, a) f = Slice(x, zero, one, a) c = Concat<axis=2>(l, x, f)"
    " y = MaxPool<kernel_shape=[3]>(c) }"
)
MIRRORED: Final = (
    "(float[1,1,N] x, int64[6] two, int64[1] zero, int64[1] cut, int64[1] a) => (float[B,C,L] y)"
    '{ m = Pad<mode="reflect">(x, two) y = Slice(m, zero, cut, a) }'
)
WRAPPED_CLAIM: Final = TheoryClaim("x", 2, "y", None, 2, 16, 1, ((-1, 1),))


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        (WRAPPED, WRAPPED_CLAIM),
        (SLICED, WRAPPED_CLAIM),
        (MIRRORED, replace(WRAPPED_CLAIM, spans=((-2, -2),))),
        (FOLDED, FOLDED_CLAIM),
        (BLOCKS, BLOCKS_CLAIM),
    ],
    ids=["wrapped", "wrapped-by-slices", "mirrored", "folded", "blocks"],
)
def test_pixels_from_elsewhere_are_no_contradiction(text: str, claim: TheoryClaim, tmp_path: Path) -> None:
    """At the ends an index sees the far end or mirrored pixels; a right closed form is not contradicted by that."""
    found = verified(tmp_path, text, claim, refutable=True)
    assert (found.theory.contradicted, found.details) == (0, ())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "claim"),
    [
        (DOWN, replace(CLAIM, spans=((-4, 4),))),
        (DOWN, replace(CLAIM, spans=((-3, 5),))),
        (DOWN, replace(CLAIM, spans=((-2, 5),))),
        (DOWN, replace(CLAIM, step=3)),
        (DOWN, replace(CLAIM, spans=((-3, 4), (-1, 7)), step=4)),
        (HOLES, replace(CLAIM, step=1, spans=((0, 0), (0, 0)))),
        (HOLES, replace(CLAIM, step=1, spans=((0, 0), None, None))),
        (UP, replace(CLAIM, step=1, spans=((-1, 0), (-1, 1)))),
        (CUT, replace(CLAIM, length=40, step=1, spans=((3, 6),))),
    ],
    ids=["first", "last", "shifted", "stride", "phase", "no-hole", "period", "one-phase", "cut-and-padded"],
)
def test_wrong_closed_forms_are_caught(text: str, claim: TheoryClaim, tmp_path: Path) -> None:
    """Off by one at either end, shifted, another stride, a wrong phase or hole: contradicted, with both spans."""
    found = verified(tmp_path, text, claim)
    assert (found.status, found.theory) == (Verdict.CONTRADICTED, Counts(contradicted=1))
    (check,) = found.details
    assert isinstance(check.predicted, dict)
    assert isinstance(check.ran, dict)
    assert (check.predicted["first"], check.predicted["last"]) != (check.ran["first"], check.ran["last"])


# DOWN: index i sees 2i − 3 to 2i + 4, centered at 2i + ½ as half-pixel centers have it. HOLES: index 2q sees pixel q,
# where (2q + ½)/2 − ½ is q − ¼. UP: 0 − ½ and 1 − ½, where it is −¼ and ¼: −¼ and ¼ on average.
@pytest.mark.parametrize(
    ("text", "claim", "offset"),
    [
        (DOWN, CLAIM, Fraction(0)),
        (HOLES, replace(CLAIM, step=1, spans=((0, 0), None)), Fraction(1, 4)),
        (UP, replace(CLAIM, step=1, spans=((-1, 0), (0, 1))), Fraction(0)),
        (CUT, replace(CLAIM, length=40, step=1, spans=((3, 5),)), Fraction(4)),
    ],
    ids=["down", "holes", "up", "cut-and-padded"],
)
def test_offsets_are_measured(text: str, claim: TheoryClaim, offset: Fraction, tmp_path: Path) -> None:
    """Where the indices lie is measured in the same run: one that is off by a sixteenth of a pixel is caught."""
    beside = Fraction(1, 16)
    for least, most, verdict in (
        (offset, offset, Verdict.AGREED),
        (offset - 1, offset + 1, Verdict.AGREED),
        (offset + beside, offset + 1, Verdict.CONTRADICTED),
        (offset - 1, offset - beside, Verdict.CONTRADICTED),
    ):
        found = verified(tmp_path, text, replace(claim, offsets=(least, most)))
        if verdict is Verdict.AGREED:
            assert (found.theory, found.details) == (Counts(agreed=1), ())
        else:
            assert found.details[0].verdict is verdict
            assert found.details[0].ran == {"input": "x", "axis": 2, "offset": offset}


@pytest.mark.slow
def test_a_larger_input_settles_it(tmp_path: Path) -> None:
    """On 8 pixels each of the 4 indices is at a border, on 32 not all are: only there a form too large is caught."""
    small = replace(CLAIM, length=8)
    found = verified(tmp_path, DOWN, small)
    assert found.theory == Counts(not_checked=1)
    assert "unaffected by borders" in str(found.details[0].reason)
    assert verified(tmp_path, DOWN, small, Enlarged({"x": (1, 1, 32)}, [CLAIM], {})).theory == Counts(agreed=1)
    wrong = replace(small, spans=((-3, 5),))
    larger = Enlarged({"x": (1, 1, 32)}, [replace(CLAIM, spans=((-3, 5),))], {})
    assert verified(tmp_path, DOWN, wrong).theory == Counts(not_checked=1)
    assert verified(tmp_path, DOWN, wrong, larger).theory == Counts(contradicted=1)


def inspected(directory: Path, text: str, **tables: Any) -> Report:
    """A model inspected with all that verification has."""
    return strideinspect.inspect(saved(model_of(text, **tables), directory), verify="full")


def test_sizes_keep_what_padding_depends_on(tmp_path: Path) -> None:
    """SAME at 9 pixels pads 1 and 1, at 10 pixels 0 and 1: the larger input is odd as well, and the form agrees."""
    text = (
        '(float[1,1,9] x, float[1,1,3] w) => (float[B,C,L] y) { a = Conv<auto_pad="SAME_UPPER", strides=[2]>(x, w)'
        ' y = Conv<auto_pad="SAME_UPPER", strides=[2]>(a, w) }'
    )
    report = inspected(tmp_path, text)
    # 9 → 5 → 3: both pad 1 and 1, so that the second sees 4q − 3 to 4q + 3.
    assert report.nodes[1].fields[0].phases == ((-3, 3),)
    assert report.verification.theory == Counts(agreed=2)
    assert report.verification.details == ()


BAKED: Final = (
    "(float[1,1,8] x, int64[3] s) => (float[B,C,L] y){ r = %s y = MaxPool<kernel_shape=[15], pads=[7,7]>(r) }"
)


@pytest.mark.parametrize(
    ("middle", "size", "reason"),
    [
        # Resized to 16 whatever came in: of 8 pixels each is doubled, of more pixels there is another stride.
        ('Resize<mode="nearest">(x, , , s)', 16, "its closed form depends on the size of the input"),
        ("Reshape(x, s)", 8, "cannot run at this size"),
    ],
    ids=["resize", "reshape"],
)
def test_where_the_graph_does_not_allow_it(middle: str, size: int, reason: str, tmp_path: Path) -> None:
    """A size that is baked into the model keeps the closed form from being tried at another: not checked, and why."""
    report = inspected(tmp_path, BAKED % middle, s=[1, 1, size])
    assert report.verification.theory == Counts(not_checked=1)
    (why,) = {check.reason for check in report.verification.details if check.claim == "theory"}
    assert reason in str(why)
