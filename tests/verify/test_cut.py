"""Around operators that onnxruntime does not have, the rest of a model is run and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import onnx
import onnx.parser
from msgspec.structs import replace

from strideinspect.results.field import Positions
from strideinspect.results.verdict import Counts, Verdict, Verification
from strideinspect.verify.claims import Claims, FieldClaim
from strideinspect.verify.client import Verifier
from tests.oracle_models import tensor
from tests.rules.inspecting import inspected, rule_ids
from tests.verify.helpers import Shape, checked

# A window of 3 with padding 1, twice, with an operator between that nobody knows.
MIDDLE: Final = """
    <ir_version: 8, opset_import: ["": 17, "com.example": 1]>
    g (float[1,1,16] x) => (float[N,C,L] y) {
      [a] a = Conv <pads = [1, 1]> (x, w) b = Relu (a) [c] c = com.example.Shift (b)
      [d] d = Conv <pads = [1, 1]> (c, w) y = Relu (d)
    }"""
# Index i sees i − 1 to i + 1.
BEFORE: Final = FieldClaim("x", 2, "a", "a", 2, Positions.of((0, *range(15)), (*range(1, 16), 15)), None)
WHY: Final = "onnxruntime has no operator Shift of domain com.example: neither Shift c nor what depends on it was run"


def model(text: str = MIDDLE) -> onnx.ModelProto:
    """The model with its weight of 3."""
    parsed = onnx.parser.parse_model(text)
    parsed.graph.initializer.append(tensor("w", (1, 1, 3)))
    return parsed


def verified(folder: Path, claims: Claims, text: str = MIDDLE) -> Verification:
    """What the verifier says of these claims."""
    path = folder / "model.onnx"
    onnx.save(model(text), path)
    with Verifier(str(path), timeout=60) as verifier:
        verifier.begin({"x": (1, 1, 16)})
        return checked(verifier, claims)


def shapes(*names: str) -> dict[str, Shape]:
    """Every map of this file is as long as the input."""
    return dict.fromkeys(names, (1, 1, 16))


def test_what_lies_before_is_run(tmp_path: Path) -> None:
    """The first convolution agrees, the operator and what follows is not checked, for a reason that names it."""
    behind = replace(BEFORE, tensor="d", node="d")
    found = verified(tmp_path, Claims(shapes("a", "b", "c", "d", "y"), [BEFORE, behind], [], {}))
    assert (found.status, found.partial, found.reason) == (Verdict.NOT_CHECKED, True, WHY)
    assert (found.shapes, found.fields) == (Counts(agreed=2, not_checked=3), Counts(agreed=1, not_checked=1))
    assert {check.reason for check in found.details} == {WHY}


def test_what_lies_behind_is_run_where_the_shape_is_known(tmp_path: Path) -> None:
    """The shape of the operator's result is known from elsewhere: the second convolution runs on zeros of that shape.

    Its shape agrees; what it sees through the operator is not known, and the shape that was given is not called agreed.
    """
    behind = replace(BEFORE, tensor="d", node="d")
    claims = Claims(shapes("a", "b", "c", "d", "y"), [BEFORE, behind], [], {}, foreign=shapes("c"))
    found = verified(tmp_path, claims)
    assert (found.shapes, found.fields) == (Counts(agreed=4, not_checked=1), Counts(agreed=1, not_checked=1))
    assert {check.reason for check in found.details} == {WHY}


def test_two_operators_with_a_part_between(tmp_path: Path) -> None:
    """Of two operators that onnxruntime does not have the part between is run, too, and so is a branch beside them."""
    text = """
    <ir_version: 8, opset_import: ["": 17, "com.example": 1]>
    g (float[1,1,16] x) => (float[N,C,L] y, float[N,C,L] z) {
      [c] c = com.example.Shift (x) [d] d = Conv <pads = [1, 1]> (c, w) [e] e = com.example.Other (d)
      y = Relu (e) [a] a = Conv <pads = [1, 1]> (x, w) z = Relu (a)
    }"""
    found = verified(
        tmp_path, Claims(shapes("c", "d", "e", "y", "a", "z"), [BEFORE], [], {}, foreign=shapes("c")), text
    )
    # d behind the given c, and a and z beside it; c itself, e and y are not.
    assert (found.shapes, found.fields) == (Counts(agreed=3, not_checked=3), Counts(agreed=1))


def test_a_branch_with_an_unknown_operator(tmp_path: Path) -> None:
    """An If whose branch holds the operator is left out as a whole; what lies before it is checked."""
    text = """
    <ir_version: 8, opset_import: ["": 17, "com.example": 1]>
    g (float[1,1,16] x, bool on) => (float[N,C,L] y) {
      [a] a = Conv <pads = [1, 1]> (x, w)
      y = If (on) <then_branch = t () => (float[N,C,L] u) { u = com.example.Shift (a) },
                   else_branch = e () => (float[N,C,L] v) { v = Relu (a) }>
    }"""
    path = tmp_path / "model.onnx"
    onnx.save(model(text), path)
    with Verifier(str(path), timeout=60) as verifier:
        verifier.begin({"x": (1, 1, 16), "on": ()})
        found = checked(verifier, Claims(shapes("a", "y"), [BEFORE], [], {}))
    assert (found.shapes, found.fields) == (Counts(agreed=1, not_checked=1), Counts(agreed=1))


def test_the_report_says_it_once(tmp_path: Path) -> None:
    """The analysis warns of the unknown operator; that verification stops there is no finding of its own."""
    report = inspected(model(), tmp_path, verify="run")
    assert rule_ids(report, "runtime") == []
    assert (report.verification.partial, report.verification.fields.agreed) == (True, 1)
