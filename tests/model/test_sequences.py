"""Sequences of tensors: the same fields as where the tensors are used without one, as onnxruntime agrees."""

from __future__ import annotations

from pathlib import Path

import pytest

from strideinspect.results.field import Field
from strideinspect.results.report import Report
from strideinspect.results.verdict import Verdict
from tests.oracle_models import Constant, model_of
from tests.rules.inspecting import inspected

CONSTANTS: dict[str, Constant] = {
    "w": (4, 4, 3), "w3": (4, 3, 3), "zero": [0], "one": [1], "last": [-1], "five": [5], "parts": [5, 6, 5], "n": [3],
    "turned": [1, 8, 16],
}  # fmt: skip

FIRST, LAST = "a = Conv <pads = [1, 1]> (x, w)", "y = Conv <pads = [1, 1]> (c, w)"

# What a sequence says, and the same without one.
ORDER = (
    "q = SplitToSequence <axis = 2> (a, parts) r = SequenceErase (q, zero) p = SequenceAt (q, zero) "
    "s = SequenceInsert (r, p) c = ConcatFromSequence <axis = 2> (s)"
)
TWO = "q = SequenceConstruct (a, b) l = SequenceAt (q, last) f = SequenceAt (q, zero) c = Add (l, f)"
STACK = (
    "e = SequenceEmpty () q = SequenceInsert (e, a) r = SequenceInsert (q, b, zero) "
    "s = ConcatFromSequence <axis = 1, new_axis = 1> (r) t = Reshape (s, turned) c = Slice (t, zero, n, one)"
)
SPLIT, SECOND = "p0, p1, p2 = Split <axis = 2> (a, parts)", "b = Conv <pads = [1, 1]> (a, w)"
PAIRS: dict[str, tuple[str, str]] = {
    "split and joined": (
        "q = SplitToSequence <axis = 2> (a, parts) c = ConcatFromSequence <axis = 2> (q)",
        f"{SPLIT} c = Concat <axis = 2> (p0, p1, p2)",
    ),
    "a piece": ("q = SplitToSequence <axis = 2> (a, parts) c = SequenceAt (q, one)", f"{SPLIT} c = Identity (p1)"),
    "in another order": (ORDER, f"{SPLIT} c = Concat <axis = 2> (p1, p2, p0)"),
    "made of two": (f"{SECOND} {TWO}", f"{SECOND} c = Add (b, a)"),
    "stacked": (f"{SECOND} {STACK}", f"{SECOND} t = Concat <axis = 1> (b, a) c = Slice (t, zero, n, one)"),
}


def _fields(report: Report) -> list[Field]:
    return [*report.outputs[0].fields]


@pytest.mark.parametrize(("with_sequence", "without"), PAIRS.values(), ids=PAIRS)
def test_as_without_a_sequence(with_sequence: str, without: str, tmp_path: Path) -> None:
    """Fields, stride, positions and centers are the same, and both are agreed."""
    reports = []
    for name, body in (("with", with_sequence), ("without", without)):
        folder = tmp_path / name
        folder.mkdir()
        last = LAST.replace("w)", "w3)") if "Slice (t" in body else LAST
        model = model_of(f"{FIRST} {body} {last}", {"x": (1, 4, 16)}, constants=CONSTANTS)
        reports.append(inspected(model, folder, verify="run"))
        assert reports[-1].verification.status is Verdict.AGREED
        assert reports[-1].verification.shapes.not_checked == 0
    assert _fields(reports[0]) == _fields(reports[1])


@pytest.mark.parametrize("opset", [11, pytest.param(13, marks=pytest.mark.slow), 18])
def test_single_indices(opset: int, tmp_path: Path) -> None:
    """Without sizes the pieces are single indices, whose axis vanishes with keepdims = 0: sample 1 sees 0 to 2."""
    body = f"{FIRST} q = SplitToSequence <axis = 2, keepdims = 0> (a) s = SequenceAt (q, one) y = Relu (s)"
    report = inspected(model_of(body, {"x": (1, 4, 16)}, opset, CONSTANTS), tmp_path, verify="run")
    (field,) = report.outputs[0].fields
    assert (field.positions.first, field.positions.last) == ((0,), (2,))
    assert report.outputs[0].shape == (1, 4)
    assert report.verification.status is Verdict.AGREED


def test_pieces_of_one_size(tmp_path: Path) -> None:
    """A single number is the size of each piece: 16 samples are 5, 5, 5 and 1, and the last one is sample 15."""
    constants: dict[str, Constant] = {**CONSTANTS, "at": [3]}
    body = (
        f"{FIRST} size = Squeeze (five) q = SplitToSequence <axis = 2> (a, size) c = SequenceAt (q, at) "
        "y = Conv <pads = [1, 1]> (c, w)"
    )
    report = inspected(model_of(body, {"x": (1, 4, 16)}, constants=constants), tmp_path, verify="run")
    (field,) = report.outputs[0].fields
    assert report.outputs[0].shape == (1, 4, 1)
    assert (field.positions.first, field.positions.last) == ((14,), (15,))
    assert report.verification.status is Verdict.AGREED


def test_a_place_that_depends_on_the_data(tmp_path: Path) -> None:
    """Which piece is taken is not known before the run: the output is unknown, and it says why."""
    body = (
        f"{FIRST} q = SplitToSequence <axis = 2> (a, parts) m = ArgMax <axis = 2, keepdims = 0> (a) "
        "k = ReduceMax <keepdims = 0> (m) c = SequenceAt (q, k) y = Relu (c)"
    )
    report = inspected(model_of(body, {"x": (1, 4, 16)}, constants=CONSTANTS), tmp_path)
    assert report.outputs[0].reason == "SplitToSequence 'q': its output is a sequence"
