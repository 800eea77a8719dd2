"""One cause, one finding: what lies inside it, and what stays apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from strideinspect.results.report import Report
from tests.oracle_models import Constant, model_of
from tests.rules.inspecting import inspected

WEIGHTS: dict[str, Constant] = {"three": (1, 1, 3), "w": (1, 1, 3, 3), "one": (1, 1, 1, 1)}
POOL = "MaxPool <kernel_shape = [2, 2], strides = [2, 2]>"
GAP = "Conv <strides = [2, 2]>"

CAUSES: dict[str, tuple[dict[str, tuple[int, ...]], str, list[str]]] = {
    # 4 → 2 → 1 samples: the third kernel has one tap on the signal, the second two of three.
    "a signal that is too short": (
        {"x": (1, 1, 4)},
        """a = Conv <pads = [1, 1], strides = [2]> (x, three) b = Conv <pads = [1, 1], strides = [2]> (a, three)
        y = Conv <pads = [1, 1]> (b, three)""",
        [
            "degenerate-map y: padding-only-window b, padding-only-window y, unproductive-layer y",
            "padding-truncation a: padding-truncation b",
        ],
    ),
    # One network over two images: the same layer drops the same row twice.
    "a layer that is used twice": (
        {"l": (1, 1, 15, 15), "r": (1, 1, 15, 15)},
        f"""c = Conv <pads = [1, 1, 1, 1]> (l, w) d = Conv <pads = [1, 1, 1, 1]> (r, w)
        e = {POOL} (c) f = {POOL} (d) y = Sub (e, f)""",
        ["floor-truncation e: floor-truncation f"],
    ),
    # Both branches of a block stride over one map in 1×1 kernels; x itself has the 3×3 on it.
    "both branches of a block": (
        {"x": (1, 1, 9, 9)},
        f"a = Conv <pads = [1, 1, 1, 1]> (x, w) b = {GAP} (a, one) c = {GAP} (a, one) y = Add (b, c)",
        ["stride-gap b: stride-gap c"],
    ),
}  # fmt: skip


def shown(report: Report, without: set[str]) -> list[str]:
    """Each finding as its rule, its place and, behind a colon, what is inside it."""
    lines = []
    for finding in report.findings:
        if finding.rule not in without:
            inside = ", ".join(f"{place.rule} {place.output}" for place in finding.also)
            lines.append(f"{finding.rule} {finding.output}" + (f": {inside}" if inside else ""))
    return lines


@pytest.mark.parametrize(("inputs", "body", "findings"), CAUSES.values(), ids=CAUSES)
def test_causes(inputs: dict[str, tuple[int, ...]], body: str, findings: list[str], tmp_path: Path) -> None:
    """Which findings a cause has; unseen-input, which is about the graph input, is left out."""
    report = inspected(model_of(body, inputs, constants=WEIGHTS), tmp_path)
    assert shown(report, {"unseen-input"}) == findings


def test_a_branch_that_cannot_run_has_no_findings(tmp_path: Path) -> None:
    """The kernel of 9 does not fit, so the then branch is taken: how the other one's pool ends is of no interest."""
    text = """<ir_version: 8, opset_import: ["": 18]>
    g (float[1,1,9] x, bool[1] flag) => (float[1,1,h] y) <float[1,1,9] w = {1, 1, 1, 1, 1, 1, 1, 1, 1}> {
      y = If (flag) <
        then_branch = t () => (float[1,1,m] a) { a = MaxPool <kernel_shape = [3], strides = [3]> (x) },
        else_branch = e () => (float[1,1,k] b) {
          c = AveragePool <kernel_shape = [2], strides = [2], ceil_mode = 1> (x)
          d = Conv (c, w)
          b = Relu (d)
        }>
    }"""
    report = inspected(text, tmp_path, select=["coverage"])
    assert report.node("c").branch is not None
    assert report.findings == ()


def test_pools_that_lose_the_end_of_an_input_are_inside_its_finding(tmp_path: Path) -> None:
    """A pool drops row 10 of 11, the next one row 4 of the 5 that are left, which are rows 8 and 9: one finding."""
    body = f"b = {POOL} (x) y = {POOL} (b)"
    report = inspected(model_of(body, {"x": (1, 1, 11, 11)}, constants=WEIGHTS), tmp_path)
    (finding,) = report.findings
    assert (finding.rule, finding.ranges) == ("unseen-input", ((8, 10),))
    assert [(place.rule, place.output) for place in finding.also] == [
        ("floor-truncation", "b"),
        ("floor-truncation", "y"),
    ]


def test_a_pool_whose_end_is_not_lost_for_the_input_stands_alone(tmp_path: Path) -> None:
    """The convolution before it sees every pixel of the row that the pool drops from its neighbours too."""
    body = f"a = Conv <pads = [1, 1, 1, 1]> (x, w) y = {POOL} (a)"
    report = inspected(model_of(body, {"x": (1, 1, 11, 11)}, constants=WEIGHTS), tmp_path)
    assert [finding.rule for finding in report.findings] == ["floor-truncation"]
