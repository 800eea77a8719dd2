"""The table for a paper."""

from __future__ import annotations

import csv
import io
import json

import pytest
from inline_snapshot import external_file

from strideinspect.report import csv as renderer
from strideinspect.results.report import FailedReport, Report
from tests.cli.process import SAMPLES
from tests.report import inspections
from tests.report.builders import report, square, window

REAL = ("crnn-dynamo", "dcgan-generator-dynamo", "fpn-torchscript", "siamese-dynamo", "wavenet-keras")
"""Windows that differ along the axes, fractions of a pixel, no closed form, two inputs, one axis with dilation."""


def rows(*results: Report | FailedReport) -> list[dict[str, str]]:
    """The table as a spreadsheet reads it."""
    return list(csv.DictReader(io.StringIO(renderer.render(results))))


def test_golden_alexnet() -> None:
    """A network that is the same along both axes has one row per window."""
    assert renderer.render([inspections.alexnet()]) == external_file("golden/alexnet.csv", format=".txt")


@pytest.mark.parametrize("name", REAL)
def test_golden(name: str) -> None:
    """Other networks have one row per window and axis, for each input that it sees."""
    table = renderer.render([inspections.sample(name, verify="none")])
    assert table == external_file(f"golden/{name}.csv", format=".txt")


def test_published_numbers_read_back() -> None:
    """AlexNet's published fields and strides (Distill, 2019), and map sizes by hand, are numbers to a spreadsheet."""
    # Rounded down, (224 - 11)/4 + 1 = 54, (54 - 3)/2 + 1 = 26, (26 - 3)/2 + 1 = 12; with the 1 that the last pool pads
    # at the end of the map, (12 + 1 - 3)/2 + 1 is 6.
    numbers = [
        (int(row["receptive_field"]), float(row["effective_stride"]), int(row["output_size"]))
        for row in rows(inspections.alexnet())
    ]
    assert numbers == [
        (11, 4, 54), (19, 8, 26), (51, 8, 26), (67, 16, 12), (99, 16, 12), (131, 16, 12), (163, 16, 12), (195, 32, 6),
    ]  # fmt: skip


def test_alexnets_cost_by_hand() -> None:
    """Multiply-adds are one per output element and weight of its channel; parameters count the biases too."""
    # Kernel², input channels per group (conv2, conv4 and conv5 have two groups), output channels, map².
    by_hand = [
        (11 * 11 * 3, 96, 54 * 54),
        (5 * 5 * 48, 256, 26 * 26),
        (3 * 3 * 256, 384, 12 * 12),
        (3 * 3 * 192, 384, 12 * 12),
        (3 * 3 * 192, 256, 12 * 12),
    ]
    convolutions = [row for row in rows(inspections.alexnet()) if row["operator"] == "Conv"]
    assert [(int(row["macs"]), int(row["parameters"])) for row in convolutions] == [
        (weights * channels * indices, weights * channels + channels) for weights, channels, indices in by_hand
    ]


@pytest.mark.parametrize("name", [name for name in REAL if name != "siamese-dynamo"])
def test_as_the_frameworks_gradients_show_it(name: str) -> None:
    """Size, stride and center of the field that the framework measured (expected.json) are in a row of axis one."""
    measured = json.loads((SAMPLES / "expected.json").read_text(encoding="utf-8"))[f"{name}.onnx"]["field"]
    center = (measured["size"] - 1) / 2 - measured["padding"]
    found = rows(inspections.sample(name, verify="none"))
    axis = found[0]["axis"]
    assert (str(measured["size"]), str(measured["stride"]), center) in {
        (row["receptive_field"], row["effective_stride"], float(row["first_cell_center"] or "nan"))
        for row in found
        if row["axis"] == axis
    }


def test_several_models_share_a_title_row() -> None:
    """Models come one after another under one title row; one that could not be inspected has no row."""
    first, last = inspections.padded(), inspections.accepted()
    assert [row["model"] for row in rows(first, inspections.broken(), last)] == [first.path, last.path]


def test_reduction_that_removes_its_axes() -> None:
    """A mean over rows and columns that keeps no axis has a kernel, but no size of its own: 64 are the channels."""
    seen = square(None, None, None, node_axis=None)
    mean = window("mean", "ReduceMean", (7, 7), (1, 1), ((1, 7, 7, 64), (1, 64)), seen, spatial_axes=(1, 2))
    (row,) = rows(report("m.onnx", [], [mean]))
    assert (row["kernel"], row["output_size"]) == ("7", "")
