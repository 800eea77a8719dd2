"""The table for a paper."""

from __future__ import annotations

import csv
import io

from inline_snapshot import external_file

from strideinspect.report import csv as renderer
from strideinspect.results.report import FailedReport
from tests.report import examples
from tests.report.builders import report, square, window


def test_golden_square() -> None:
    """A network that is the same along both axes has one row per window."""
    assert renderer.render([examples.alexnet()]) == external_file("golden/alexnet.csv", format=".txt")


def test_golden_odd() -> None:
    """A network with flat windows has one row per window and axis, for each input that it sees."""
    assert renderer.render([examples.odd()]) == external_file("golden/odd.csv", format=".txt")


def test_several_models_share_a_title_row() -> None:
    """Models come one after another under one title row; one that could not be inspected has no row."""
    failed = FailedReport("broken.onnx", "no", "export it again")
    rows = list(csv.DictReader(io.StringIO(renderer.render([examples.signal(), failed, examples.volume()]))))
    assert [row["model"] for row in rows] == ["signal.onnx", *["volume.onnx"] * 3]


def test_published_numbers_read_back() -> None:
    """A spreadsheet reads AlexNet's published fields and strides as numbers."""
    rows = list(csv.DictReader(io.StringIO(renderer.render([examples.alexnet()]))))
    numbers = [(int(row["receptive_field"]), float(row["effective_stride"])) for row in rows]
    assert numbers[:4] == [(11, 4), (19, 8), (51, 8), (67, 16)]
    assert numbers[-1] == (195, 32)


def test_reduction_that_removes_its_axes() -> None:
    """A mean over rows and columns that keeps no axis has a kernel, but no size of its own: 64 are the channels."""
    seen = square(None, None, None, node_axis=None)
    mean = window("mean", "ReduceMean", (7, 7), (1, 1), ((1, 7, 7, 64), (1, 64)), seen, spatial_axes=(1, 2))
    (row,) = csv.DictReader(io.StringIO(renderer.render([report("m.onnx", [], [mean])])))
    assert (row["kernel"], row["output_size"]) == ("7", "")
