"""Assignments to a part of a map as PyTorch's exporter writes them: ScatterND by a table of one range per axis."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from strideinspect.results.report import Report
from strideinspect.results.verdict import Verdict
from tests.oracle_models import Constant, model_of
from tests.rules.inspecting import inspected

TALL = 48
LAST: dict[str, Constant] = {"last": [-1]}


def _table(**ranges: tuple[int, int]) -> tuple[str, dict[str, Constant]]:
    """Nodes that make the table `i` for y[0:1, c0:c1, r0:r1, …], and their constants: far more than 4,096 numbers."""
    body, pieces, rank = "", [], len(ranges)
    constants = {**LAST, "grid": [b - a for a, b in ranges.values()]}
    for axis, (name, (begin, end)) in enumerate(ranges.items()):
        constants[name] = np.arange(begin, end, dtype=np.int64).reshape([-1] + [1] * (rank - axis - 1))
        body += f"{name}_e = Expand ({name}, grid) {name}_u = Unsqueeze ({name}_e, last) "
        pieces.append(f"{name}_u")
    return f"{body} i = Concat <axis = -1> ({', '.join(pieces)})", constants


def _unknown(report: Report) -> list[str]:
    return [finding.message for finding in report.findings if finding.rule == "unknown-operator"]


def _agreed(report: Report) -> None:
    assert report.verification.status is Verdict.AGREED
    assert report.verification.fields.not_checked == 0


def test_rows_assigned_to(tmp_path: Path) -> None:
    """Rows 1 to 46 become the pooled rows around them, rows 0 and 47 stay as they are; onnxruntime agrees."""
    table, constants = _table(n=(0, 1), c=(0, 2), r=(1, TALL - 1), w=(0, TALL))
    body = (
        f"{table} p = MaxPool <kernel_shape = [3, 1]> (x) s = ScatterND (x, i, p) "
        "y = MaxPool <kernel_shape = [1, 1]> (s)"
    )
    report = inspected(model_of(body, {"x": (1, 2, TALL, TALL)}, constants=constants), tmp_path, verify="run")
    rows, columns = report.outputs[0].fields
    assert rows.positions.first == (0, *range(TALL - 2), TALL - 1)
    assert rows.positions.last == (0, *range(2, TALL), TALL - 1)
    assert (columns.size, columns.positions.first) == (1, tuple(range(TALL)))
    assert _unknown(report) == []
    _agreed(report)


def test_channels_assigned_to(tmp_path: Path) -> None:
    """Two of eight numbers per cell are assigned to, as a detector's head does: every field keeps its closed form."""
    table, constants = _table(n=(0, 1), r=(0, TALL), w=(0, TALL), c=(2, 4))
    constants |= {"from": [2], "to": [4], "axis": [3]}
    body = (
        f"{table} m = MaxPool <kernel_shape = [3, 3], strides = [2, 2]> (x) t = Transpose <perm = [0, 2, 3, 1]> (m) "
        "a = Slice (t, from, to, axis) b = Mul (a, a) s = ScatterND (t, i, b) "
        "u = Transpose <perm = [0, 3, 1, 2]> (s) y = MaxPool <kernel_shape = [2, 2]> (u)"
    )
    size = 2 * TALL + 1
    report = inspected(model_of(body, {"x": (1, 8, size, size)}, constants=constants), tmp_path, verify="run")
    for field in report.outputs[0].fields:
        assert (field.size, field.first) == (5, 0)  # 3 + (2 − 1)·2
        assert field.stride == 2
    assert _unknown(report) == []
    _agreed(report)


def test_zeros_around_a_map(tmp_path: Path) -> None:
    """A map written into the middle of zeros is padded: a 3×3 window over it begins at −1; onnxruntime agrees."""
    table, constants = _table(n=(0, 1), c=(0, 1), r=(1, TALL + 1), w=(1, TALL + 1))
    constants["around"] = [1, 1, TALL + 2, TALL + 2]
    body = f"{table} z = ConstantOfShape (around) s = ScatterND (z, i, x) y = MaxPool <kernel_shape = [3, 3]> (s)"
    report = inspected(model_of(body, {"x": (1, 1, TALL, TALL)}, constants=constants), tmp_path, verify="run")
    for field in report.outputs[0].fields:
        assert (field.size, field.first) == (3, -1)
        assert (field.positions.first[:2], field.positions.last[-2:]) == ((0, 0), (TALL - 1, TALL - 1))
    _agreed(report)


def test_a_cut_map_among_zeros(tmp_path: Path) -> None:
    """Rows that were cut off and became zeros end the map for the closed form; onnxruntime does not contradict it."""
    table, constants = _table(n=(0, 1), c=(0, 1), r=(1, TALL - 7), w=(0, TALL))
    constants |= {"around": [1, 1, TALL, TALL], "from": [0], "to": [TALL - 8], "axis": [2]}
    body = (
        f"{table} a = Slice (x, from, to, axis) z = ConstantOfShape (around) s = ScatterND (z, i, a) "
        "y = MaxPool <kernel_shape = [2, 2]> (s)"
    )
    report = inspected(model_of(body, {"x": (1, 1, TALL, TALL)}, constants=constants), tmp_path, verify="run")
    rows, _ = report.outputs[0].fields
    assert (rows.size, rows.first, rows.positions.last[TALL - 8]) == (2, -1, TALL - 9)
    _agreed(report)


UNFOLLOWED = {
    "data": (
        "c = Cast <to = 7> (x) y = GatherElements (x, c)",
        (4, 4),
        "indices ('c') that are computed from the data",
    ),
    "table": ("e = Expand (zero, all) y = GatherElements (x, e)", (2048, 2500), "too many indices ('e')"),
    "fixed grid": (
        "y = GridSample (x, grid)",
        (4, 4),
        "reads at indices that are given by a constant ('grid') that is not evaluated",
    ),
    "grid": (
        "g = Transpose <perm = [0, 2, 3, 1]> (x) h = Concat <axis = 3> (g, g) y = GridSample (x, h)",
        (4, 4),
        "reads at indices that are computed from the data",
    ),
    "line": ("e = Expand (zero, all) y = Gather <axis = 3> (x, e)", (4, 4), "too many indices ('e')"),
}


@pytest.mark.parametrize(("body", "size", "said"), UNFOLLOWED.values(), ids=UNFOLLOWED)
def test_indices_that_are_not_followed(body: str, size: tuple[int, int], said: str, tmp_path: Path) -> None:
    """Five million indices are too many; they are said to come from the data only where they do."""
    wanted = [1, 1, *size] if "Elements" in body else [5_000_000]
    constants: dict[str, Constant] = {"zero": [0], "all": wanted, "grid": (1, 4, 4, 2)}
    text = f"p = MaxPool <kernel_shape = [1, 1]> (x) {body}"
    report = inspected(model_of(text, {"x": (1, 1, *size)}, constants=constants), tmp_path)
    (message,) = _unknown(report)
    assert said in message
