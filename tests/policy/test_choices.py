"""Severities and ignores of a project, on a report."""

from __future__ import annotations

import pytest

from strideinspect.errors import UsageError
from strideinspect.policy.choices import applied
from strideinspect.results.report import Finding, Report, Severity, Source
from tests.report import builders

FINDINGS = (
    Finding("unseen-input", Severity.WARNING, "", input="x"),
    Finding("stride-gap", Severity.WARNING, "", node="/l2/conv", output="t7", source=Source(None, None, "l2.conv")),
    Finding("padding-truncation", Severity.NOTE, "", output="t3"),
    Finding("checkerboard", Severity.WARNING, "", node="up", output="t9"),
)


def report() -> Report:
    """A report with these findings."""
    return builders.report("net.onnx", [], [], findings=FINDINGS)


def told(report: Report) -> list[tuple[str, str]]:
    """Rule and severity of all findings."""
    return [(finding.rule, finding.severity.value) for finding in report.findings]


def test_severities_of_rules_and_groups() -> None:
    """A group's severity holds for its rules but those with one of their own; the gravest come first again."""
    found = applied(report(), {"padding-truncation": Severity.ERROR, "coverage": Severity.NOTE}, ())
    assert told(found) == [
        ("padding-truncation", "error"),
        ("checkerboard", "warning"),
        ("unseen-input", "note"),
        ("stride-gap", "note"),
    ]


@pytest.mark.parametrize(("pattern", "rules", "left"), [
    ("l2.*", ("stride-gap",), {"unseen-input", "padding-truncation", "checkerboard"}),
    ("/l2/conv", ("coverage",), {"unseen-input", "padding-truncation", "checkerboard"}),
    ("t*", ("coverage",), {"unseen-input", "checkerboard"}),
    ("t*", ("checkerboard", "coverage"), {"unseen-input"}),
    ("l2.conv", ("checkerboard",), {"unseen-input", "stride-gap", "padding-truncation", "checkerboard"}),
    ("x", ("coverage",), {"unseen-input", "stride-gap", "padding-truncation", "checkerboard"}),
])  # fmt: skip
def test_ignores_per_node(pattern: str, rules: tuple[str, ...], left: set[str]) -> None:
    """A pattern names layers, nodes or outputs, and silences the rules it is given there."""
    assert {rule for rule, _ in told(applied(report(), {}, [(pattern, rules)]))} == left


def test_unknown_names() -> None:
    """A caller's mistake is told as the command line's is."""
    with pytest.raises(UsageError, match="there is no rule or group 'stride-gab'"):
        applied(report(), {"stride-gab": Severity.NOTE}, ())
