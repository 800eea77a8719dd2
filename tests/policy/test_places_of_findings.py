"""A finding at several places: settings and baselines concern each place by itself."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from msgspec.structs import replace

from strideinspect.policy import accepted, choices
from strideinspect.policy.entry import entries
from strideinspect.policy.recognition import match
from strideinspect.results.fingerprint import fingerprints
from strideinspect.results.one_cause import joined
from strideinspect.results.report import Finding, Report, Severity
from tests.report.builders import report

NOTE, WARNING, ERROR = Severity


def finding(rule: str, severity: Severity, node: str) -> Finding:
    """A finding at a node."""
    return Finding(rule, severity, f"Conv {node}: {rule}", node=node, output=node)


CAUSES = (
    [finding("padding-only-window", WARNING, "b"), finding("degenerate-map", WARNING, "c")],
    [finding("stride-gap", WARNING, "a")],
    [finding("unproductive-layer", NOTE, "d")],
    [finding("unproductive-layer", NOTE, "e"), finding("unproductive-layer", NOTE, "f")],
)


def whole() -> Report:
    """A report with these causes."""
    return report("m.onnx", [], [], findings=joined(CAUSES))


def shown(findings: tuple[Finding, ...]) -> list[str]:
    """Each finding as its severity, its node and the nodes inside it."""
    return [" ".join([f.severity.value, *(place.node or "" for place in (f, *f.also))]) for f in findings]


def test_one_finding_per_cause() -> None:
    """A cause with its consequences is one finding, and so are all notes of one rule."""
    assert shown(whole().findings) == ["warning b c", "warning a", "note d e f"]


CHOSEN: dict[str, tuple[Mapping[str, Severity], list[tuple[str, tuple[str, ...]]], list[str]]] = {
    "the first place is ignored": ({}, [("b", ("padding-only-window",))], ["warning c", "warning a", "note d e f"]),
    "a further place is ignored": ({}, [("e", ("field",))], ["warning b c", "warning a", "note d f"]),
    "all places are ignored": ({}, [("[d-f]", ("field",))], ["warning b c", "warning a"]),
    "a consequence becomes an error": ({"degenerate-map": ERROR}, [], ["error c b", "warning a", "note d e f"]),
    "notes become warnings": ({"field": WARNING}, [], ["warning b c", "warning a", "warning d e f"]),
    "warnings become notes": ({"coverage": NOTE}, [], ["warning c b", "note a", "note d e f"]),
}


@pytest.mark.parametrize(("severity", "ignores", "left"), CHOSEN.values(), ids=CHOSEN)
def test_settings_concern_places(
    severity: Mapping[str, Severity], ignores: list[tuple[str, tuple[str, ...]]], left: list[str]
) -> None:
    """What is ignored goes; the most severe place that is left stands for the others."""
    assert shown(choices.applied(whole(), severity, ignores).findings) == left


def test_a_baseline_accepts_places() -> None:
    """An entry per place: another node with an accepted note is a new finding, at that node alone."""
    today = whole()
    every = entries(today, "")
    assert [entry.node for entry in every] == ["b", "c", "a", "d", "e", "f"]
    left = [entry for entry in every if entry.node not in ("c", "e")]
    found = accepted.applied(today, left, baseline="b.json", rules={"unproductive-layer"})
    assert shown(found.findings) == ["warning c", "note e"]
    assert found.accepted is not None
    assert shown(found.accepted.findings) == ["warning b", "warning a", "note d f"]
    assert found.accepted.stale == ()
    assert match(replace(today, findings=today.findings[1:]), every).unused == every[:2]


def test_a_fingerprint_outlives_further_places() -> None:
    """A finding keeps its fingerprint when a place is added behind its first one."""
    less = report("m.onnx", [], [], findings=joined([*CAUSES[:3]]))
    assert fingerprints(less) == fingerprints(whole())
