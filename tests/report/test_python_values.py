"""A report in Python: as plain data, as rows, as a graph that can be written, and in short."""

from __future__ import annotations

import csv
import io
import json
from functools import cache
from typing import Any

import networkx
import pytest

from strideinspect import Report, UsageError, inspect
from strideinspect.report import csv as csv_report
from strideinspect.report import json as json_report
from tests.cli.process import SAMPLES


@cache
def sample(name: str) -> Report:
    """A sample model, not run."""
    return inspect(SAMPLES / f"{name}.onnx", verify="none")


@pytest.mark.parametrize("positions", [False, True])
def test_dict_is_the_model_of_the_json_report(*, positions: bool) -> None:
    """The same as what the command writes, and nothing in it that JSON does not know."""
    report = sample("alexnet-stem-dynamo")
    written = json.loads(json_report.render([report], version="0", positions=positions))["models"][0]
    assert report.to_dict(positions=positions) == written
    assert json.loads(report.to_json(positions=positions))["models"] == [written]


@pytest.mark.parametrize("name", ["alexnet-stem-dynamo", "fpn-torchscript", "wavenet-keras", "siamese-dynamo"])
def test_rows_are_those_of_the_csv_report(name: str) -> None:
    """One row per node and axis; the CSV has the same columns, and one row where all axes are alike."""
    report = sample(name)
    rows = report.to_rows()
    table = [*csv.DictReader(io.StringIO(csv_report.render([report])))]
    assert [*rows[0]] == [column for column in table[0] if column != "model"]
    assert len(rows) == sum(len(node.fields) for node in report.nodes)
    by_key = {(row["node"], row["input"], str(row["axis"])): row for row in rows}
    for line in table:
        alike = [row for key, row in by_key.items() if key[:2] == (line["node"], line["input"])]
        one = alike[0] if line["axis"] == "all" else by_key[line["node"], line["input"], line["axis"]]
        assert line["receptive_field"] == ("" if one["receptive_field"] is None else str(one["receptive_field"]))
        assert line["kernel"] == ("" if one["kernel"] is None else str(one["kernel"]))


def test_rows_of_the_first_convolution() -> None:
    """AlexNet's conv1, 11×11 with stride 4 on 224: 54 = (224 - 11) // 4 + 1 outputs, the first centered at 5."""
    row = sample("alexnet-stem-dynamo").to_rows()[0]
    assert {key: row[key] for key in ("kernel", "stride", "padding_begin", "output_size", "receptive_field")} == {
        "kernel": 11, "stride": 4, "padding_begin": 0, "output_size": 54, "receptive_field": 11,
    }  # fmt: skip
    assert (row["effective_stride"], row["first_cell_center"]) == (4, 5)


def test_pandas_or_how_to_get_it() -> None:
    """A frame where pandas is installed, else what to install."""
    report = sample("alexnet-stem-dynamo")
    try:
        import pandas
    except ModuleNotFoundError:
        with pytest.raises(UsageError, match="pip install pandas"):
            report.to_pandas()
    else:
        assert isinstance(report.to_pandas(), pandas.DataFrame)
        assert len(report.to_pandas()) == len(report.to_rows())


@pytest.mark.parametrize("name", ["resnet18-dynamo", "siamese-dynamo", "vit-torchscript", "unet-keras"])
def test_graph_can_be_written(name: str) -> None:
    """As GraphML and as node-link JSON: read back, it is the same graph."""
    report = sample(name)
    plain = report.plain_graph
    back = networkx.parse_graphml("\n".join(networkx.generate_graphml(plain)))
    assert back.nodes.data() == plain.nodes.data()
    assert {*back.edges} == {*plain.edges} == {*report.graph.edges}
    linked = json.loads(json.dumps(networkx.node_link_data(plain, edges="edges")))
    assert networkx.node_link_graph(linked, edges="edges").nodes.data() == plain.nodes.data()


def test_attributes_of_the_written_graph() -> None:
    """Texts and numbers; the field and stride of ResNet-18's first pool are 11 and 4."""
    nodes: dict[str, Any] = {**sample("resnet18-dynamo").plain_graph.nodes}
    (pool,) = (node for node in nodes.values() if node.get("op") == "MaxPool")
    assert {key: pool[key] for key in ("kernel", "stride", "receptive_field", "effective_stride")} == {
        "kernel": "3x3", "stride": "2x2", "receptive_field": "11x11", "effective_stride": "4x4",
    }  # fmt: skip


def test_short_in_a_console() -> None:
    """What a console shows of a part of the report fits on a line or two."""
    report = sample("alexnet-stem-dynamo")
    assert repr(report.nodes[0]) == "<WindowNode 'node_conv2d': Conv 11×11/4×4, output 1×96×54×54>"
    assert repr(report.findings[0]).startswith("<Finding warning unseen-input: rows and columns 219–223 of image")
    assert repr(report.verification) == (
        "<Verification not-checked: 0 of 0 shapes, 0 of 0 fields, 0 of 0 unseen, 0 of 0 theory>"
    )
