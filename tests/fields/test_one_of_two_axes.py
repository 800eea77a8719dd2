"""A position that was spread over two axes of which one is then reduced, or that shares an axis with padding."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from strideinspect.results.verdict import Verdict
from tests.oracle_models import model_of
from tests.rules.inspecting import inspected


def test_major_axis_pooled(tmp_path: Path) -> None:
    """14 samples as 2 rows of 7, the rows pooled: index i sees samples i and i + 7, so 8 with a stride of 1, not 7."""
    body = "r = Reshape (x, s) y = MaxPool <kernel_shape = [2, 1]> (r)"
    report = inspected(model_of(body, {"x": (1, 1, 14)}, constants={"s": [1, 1, 2, 7]}), tmp_path, verify="run")
    (field,) = report.outputs[0].fields
    assert (field.size, field.stride, field.first, field.node_axis) == (8, Fraction(1), 0, 3)
    assert field.positions.first == tuple(range(7))
    assert field.positions.last == tuple(range(7, 14))
    assert report.verification.status is Verdict.AGREED


def test_position_left_among_channels(tmp_path: Path) -> None:
    """Columns in blocks of 2, the blocks pooled: channels see 0–2, 1–3, 0–2, 1–3, which repeat and never advance."""
    body = "s = SpaceToDepth <blocksize = 2> (x) y = MaxPool <kernel_shape = [1, 2]> (s)"
    report = inspected(model_of(body, {"x": (1, 1, 4, 4)}), tmp_path, verify="run")
    columns = report.outputs[0].fields[1]
    assert columns.size is None
    assert columns.reason == "MaxPool y reduces one of the two axes along which the position runs"
    assert columns.positions.first == (0, 1, 0, 1)
    assert columns.positions.last == (2, 3, 2, 3)
    assert report.verification.status is Verdict.AGREED


def test_padding_merged_with_columns(tmp_path: Path) -> None:
    """A row of padding above 2×3 pixels, flattened: the first three indices see no pixel, of no row and no column."""
    body = "p = Pad (x, a) r = Reshape (p, s) y = MaxPool <kernel_shape = [2]> (r)"
    constants = {"a": [0, 0, 1, 0, 0, 0, 0, 0], "s": [1, 1, 9]}
    report = inspected(model_of(body, {"x": (1, 1, 2, 3)}, constants=constants), tmp_path, verify="run")
    rows, columns = report.outputs[0].fields
    # Of the flat map – – – a b c d e f (a b c is row 0), index i sees places i and i + 1.
    assert rows.positions.first == (None, None, 0, 0, 0, 0, 1, 1)
    assert rows.positions.last == (None, None, 0, 0, 0, 1, 1, 1)
    assert columns.positions.first == (None, None, 0, 0, 1, 0, 0, 1)
    assert columns.positions.last == (None, None, 0, 1, 2, 2, 1, 2)
    assert report.verification.status is Verdict.AGREED
