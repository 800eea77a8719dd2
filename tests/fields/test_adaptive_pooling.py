"""Adaptive pooling whose sizes do not divide: window i of n over L indices is ⌊i·L/n⌋ to ⌈(i + 1)·L/n⌉ − 1.

PyTorch exports it as a GatherND that lists the elements of every window, and a Where that takes out the elements that
are not in it: windows differ in length.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import onnx
import pytest

from strideinspect.report import ladder_text
from strideinspect.results.verdict import Verdict
from tests import graph_families  # noqa: F401 - registers the steps
from tests.graph_builder import Builder, Step
from tests.rules.inspecting import inspected

POOL = Step("pool", {"op": "MaxPool", "kernel_shape": [1]})
CONVOLUTION = Step(
    "conv", {"kernel": [3], "channels": 2, "group": "dense", "strides": [2], "pads": [1, 1], "dilations": [1]}
)


def adaptive(length: int, size: int, before: Step = POOL) -> onnx.ModelProto:
    """A signal, a window, the pooling, and a window of one index, so that verification looks at the result."""
    builder = Builder(18, (1, 2, length))
    for step in (before, Step("adaptive_pool", {"count": size}), POOL):
        builder.apply(step)
    return builder.model()


@pytest.mark.parametrize(
    ("length", "starts", "ends"), [(15, (0, 3, 7, 11), (3, 7, 11, 14)), (16, (0, 4, 8, 12), (3, 7, 11, 15))]
)
def test_of_one_channel_for_all(length: int, starts: tuple[int, ...], ends: tuple[int, ...], tmp_path: Path) -> None:
    """A single pooled channel is added to every channel of a map: repeating it spreads no pooled position."""
    builder = Builder(18, (1, 2, length))
    pooled = [Step("conv", {"kernel": [1], "channels": 1, "group": "dense"}), Step("adaptive_pool", {"count": 4})]
    for step in (POOL, Step("diamond", {"left": pooled, "right": [], "merge": "Add", "axis": 1}), POOL):
        builder.apply(step)
    report = inspected(builder.model(), tmp_path, verify="run")
    (field,) = report.outputs[0].fields
    assert field.positions.first == tuple(min(index, start) for index, start in enumerate(starts))
    assert field.positions.last == tuple(max(index, end) for index, end in enumerate(ends))
    assert field.full is None
    assert report.verification.status is Verdict.AGREED


@pytest.mark.parametrize(
    ("length", "size", "before", "field", "stride"),
    [
        (10, 3, POOL, 4, Fraction(3)),  # 0–3, 3–6, 6–9
        (15, 2, POOL, 8, Fraction(7)),  # 0–7, 7–14: two windows of one size
        (16, 6, POOL, 4, Fraction(8, 3)),  # 0–2, 2–5, 5–7, and the same 8 later
        (10, 14, POOL, 2, Fraction(5, 7)),  # more windows than indices: 0, 0–1, 1–2, 2, 2–3, 3–4, 4, and so on
        (32, 6, CONVOLUTION, 9, Fraction(16, 3)),  # four indices of stride 2 with fields of 3 each: 3 + 3 · 2
    ],
)
def test_windows_that_repeat(
    length: int, size: int, before: Step, field: int, stride: Fraction, tmp_path: Path
) -> None:
    """Where the windows repeat at equal distances there are a size and a stride; onnxruntime agrees at every index."""
    report = inspected(adaptive(length, size, before), tmp_path, verify="run")
    (found,) = report.outputs[0].fields
    assert (found.size, found.stride) == (field, stride)
    assert (report.ladder[-1].size, report.ladder[-1].stride, report.ladder[-1].averaged) == ((size,), (stride,), False)
    assert report.verification.status is Verdict.AGREED
    assert report.verification.fields.not_checked == 0
    assert not [finding for finding in report.findings if finding.rule == "misaligned-merge"]


def test_windows_that_do_not_repeat(tmp_path: Path) -> None:
    """15 to 4: the windows start at 0, 3, 7 and 11, which no stride says; each position is exact, and why is said."""
    report = inspected(adaptive(15, 4), tmp_path, verify="run")
    (field,) = report.outputs[0].fields
    assert (field.size, field.stride) == (None, None)
    assert field.reason is not None
    assert field.reason.endswith("selects single elements at unequal distances")
    assert field.last_local is not None
    assert (field.last_local.size, field.last_local.stride) == (1, Fraction(1))
    # On average 15/4 from window to window.
    assert [(s.start, s.size, s.stride, s.averaged) for s in report.ladder] == [((15,), (4,), (Fraction(15, 4),), True)]
    assert ladder_text.stride(report.ladder[0]) == "15/4 on average"
    assert field.positions.first == (0, 3, 7, 11)
    assert field.positions.last == (3, 7, 11, 14)
    assert report.verification.status is Verdict.AGREED
    assert report.verification.fields.not_checked == 0
