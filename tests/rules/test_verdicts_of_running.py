"""The rules on what running says: not-verified, and the three contradictions, whose verification is made up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

import onnx
import onnx.parser
import pytest

from strideinspect import inspector
from strideinspect.results.report import Finding, Severity
from strideinspect.results.verdict import Check, Counts, Verdict, Verification
from strideinspect.settings import Settings
from strideinspect.verify.claims import Claims
from strideinspect.verify.client import Verifier
from tests.rules.inspecting import inspected, of_rule, rule_ids

POOL = """<ir_version: 8, opset_import: ["": 18]>
g (float[1,1,11,11] x) => (float[] y) {
  y = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (x)
}"""


class Oracle:
    """Stands in for the process that runs onnxruntime, and says what it is told to."""

    def __init__(self, verification: Verification) -> None:
        self.verification = verification

    def begin(self, inputs: Mapping[str, tuple[int, ...]]) -> None:
        """The sizes that the model is to be run at."""
        assert inputs == {"x": (1, 1, 11, 11)}

    def refusal(self, inputs: Mapping[str, tuple[int, ...]]) -> str | None:
        """Nothing else is run."""
        raise AssertionError(inputs)

    def ask(self, claims: Claims) -> Callable[[Callable[[str], None]], Verification]:
        """The verdict made up beforehand."""
        assert claims.shapes["y"] == (1, 1, 5, 5)
        return lambda _: self.verification


def findings(folder: Path, verification: Verification) -> tuple[Finding, ...]:
    """The findings on a pool that fits, when running says this of it."""
    path = folder / "model.onnx"
    onnx.save(onnx.parser.parse_model(POOL), path)
    report = inspector.run(
        path,
        Settings(select=("runtime",)),
        progress=lambda _: None,
        verifier=cast("Verifier", Oracle(verification)),
    )
    return report.findings


CONTRADICTIONS = {
    "shape": (
        Check(None, "y", "shape", Verdict.CONTRADICTED, None, [1, 1, 5, 5], [1, 1, 4, 4]), ("1×1×5×5", "1×1×4×4"),
    ),
    "field": (
        Check(
            None, "y", "field", Verdict.CONTRADICTED, None,
            {"input": "x", "axis": 2, "index": 3, "first": 6, "last": 8},
            {"input": "x", "axis": 2, "index": 3, "first": 6, "last": 9},
        ),
        ("index 3 sees 6 to 8", "6 to 9 in onnxruntime"),
    ),
    "unseen": (
        Check(
            None, "x", "unseen", Verdict.CONTRADICTED, None,
            {"axis": 2, "ranges": [[10, 10]]}, {"axis": 2, "reaches": "y"},
        ),
        ("10 of axis 2 of x", "reach y"),
    ),
}  # fmt: skip


def test_an_impulse_that_reaches_too_far(tmp_path: Path) -> None:
    """What a real weight shows is an error of the field's rule: which element, what it is to see, what changed it."""
    place = {"input": "x", "axis": 2, "index": [0, 0, 4, 0]}
    check = Check(
        None, "y", "impulse", Verdict.CONTRADICTED, None, {**place, "first": 8, "last": 9}, {**place, "changed_by": 10}
    )
    (finding,) = findings(tmp_path, Verification(Verdict.CONTRADICTED, runtime="onnxruntime", details=(check,)))
    assert (finding.rule, finding.severity, finding.output) == ("field-contradicted", Severity.ERROR, "y")
    assert "element [0, 0, 4, 0] sees 8 to 9 of axis 2 of x here" in finding.message
    assert "changing index 10 there changes it" in finding.message


def test_a_closed_form_that_is_wrong(tmp_path: Path) -> None:
    """Away from the borders it is an error of the field's rule: what an infinite plane would show, and what ran."""
    place = {"input": "x", "axis": 2, "of": 27, "index": 3}
    check = Check(
        None,
        "y",
        "theory",
        Verdict.CONTRADICTED,
        None,
        {**place, "first": 6, "last": 9},
        {**place, "first": 6, "last": 8},
    )
    (finding,) = findings(tmp_path, Verification(Verdict.CONTRADICTED, runtime="onnxruntime", details=(check,)))
    assert (finding.rule, finding.severity, finding.output) == ("field-contradicted", Severity.ERROR, "y")
    assert "on an infinite plane index 3 sees 6 to 9 of axis 2 of x here" in finding.message
    assert "of 27 indices there, 6 to 8" in finding.message


@pytest.mark.parametrize(("claim", "check", "facts"), [(key, *value) for key, value in CONTRADICTIONS.items()])
def test_contradictions_are_errors(claim: str, check: Check, facts: tuple[str, str], tmp_path: Path) -> None:
    """What running contradicts is an error of the claim's own rule that tells both answers, and of no other rule."""
    told = Verification(Verdict.CONTRADICTED, runtime="onnxruntime", shapes=Counts(contradicted=1), details=(check,))
    (finding,) = findings(tmp_path, told)
    assert (finding.rule, finding.severity) == (f"{claim}-contradicted", Severity.ERROR)
    for fact in facts:
        assert fact in finding.message


def test_several_contradictions(tmp_path: Path) -> None:
    """Each contradicted claim is a finding; one that was merely not checked is none."""
    checks = [check for check, _ in CONTRADICTIONS.values()]
    missing = Check(None, "y", "field", Verdict.NOT_CHECKED, "there was no time")
    found = findings(tmp_path, Verification(Verdict.CONTRADICTED, runtime="onnxruntime", details=(*checks, missing)))
    assert sorted(finding.rule for finding in found) == [
        "field-contradicted",
        "shape-contradicted",
        "unseen-contradicted",
    ]


def test_agreement_is_no_finding(tmp_path: Path) -> None:
    """Where onnxruntime agrees there is nothing to tell, though single claims were not checked."""
    missing = Check(None, "y", "shape", Verdict.NOT_CHECKED, "onnxruntime expands this operator")
    agreed = Verification(Verdict.AGREED, runtime="onnxruntime", fields=Counts(agreed=1), details=(missing,))
    assert findings(tmp_path, agreed) == ()


def test_reason_why_nothing_was_verified(tmp_path: Path) -> None:
    """A verification that could not run is one note, with its reason."""
    (finding,) = findings(tmp_path, Verification(Verdict.NOT_CHECKED, "it took longer than 60 s"))
    assert (finding.rule, finding.severity) == ("not-verified", Severity.NOTE)
    assert finding.message.endswith("it took longer than 60 s")


def test_not_asked_for_is_no_finding(tmp_path: Path) -> None:
    """Who asks for no verification is not told that there was none."""
    report = inspected(POOL, tmp_path, verify="none")
    assert rule_ids(report, "runtime") == []
    assert (report.verification.status, report.verification.reason) == ("not-checked", "not requested")


def test_model_that_onnxruntime_cannot_run(tmp_path: Path) -> None:
    """The analysis of a model that onnxruntime has no kernels for stands, with a note that names the operator."""
    text = """<ir_version: 8, opset_import: ["": 18, "com.example": 1]>
    g (float[1,1,8,8] x) => (float[1,1,4,4] y) <float[1,1,8,8] smooth> {
      smooth = com.example.Smooth (x)
      y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (smooth)
    }"""
    report = inspected(text, tmp_path, verify="run")
    (finding,) = of_rule(report, "not-verified")
    assert "Smooth" in finding.message
    assert report.verification.status == "not-checked"
    assert report.node("y").output_shape == (1, 1, 4, 4)
