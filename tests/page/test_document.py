"""The page as a file: it allows only its own style and script, holds names as text, stays small, and says why."""

from __future__ import annotations

import hashlib
import json
import re
from base64 import b64encode
from pathlib import Path

import onnx
import pytest
from msgspec.structs import replace

from strideinspect import inspect, report_page
from strideinspect.page import graph_folding, position_runs
from strideinspect.page.position_runs import AxisData
from strideinspect.results.report import FailedReport
from tests.cli.process import SAMPLES, strideinspect
from tests.page.pages import HOSTILE, deep_model, hostile_model, sample


def between(page: str, tag: str) -> list[str]:
    """The contents of every element with this tag, as they stand in the file."""
    return re.findall(rf"<{tag}(?: [^>]*)?>(.*?)</{tag}>", page, re.DOTALL)


def data(page: str, number: int = 0) -> dict[str, object]:
    """The data of a model on the page."""
    return dict(json.loads(re.findall(r'class="data">(.*?)</script>', page, re.DOTALL)[number]))


def test_policy_allows_its_own_style_and_script_alone() -> None:
    """The hashes in the policy are those of the only style and of the only script that runs."""
    page = report_page.html([sample("alexnet-stem-dynamo")])
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy
    allowed = policy[1].replace("&#39;", "'")
    (style,) = between(page, "style")
    script = between(page, "script")[-1]
    for kind, text in (("style-src", style), ("script-src", script)):
        digest = b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in allowed
    assert allowed.startswith("default-src 'none'; ")
    assert re.findall(r'(?:src|href)="(?!#|https://)', page) == []
    assert " style=" not in page.replace(style, "")
    assert len(script.encode()) < 40_000


def test_names_are_text(tmp_path: Path) -> None:
    """No name of a hostile model begins an element, neither in the markup nor in the data."""
    onnx.save(hostile_model(), tmp_path / "model.onnx")
    page = report_page.html([inspect(tmp_path / "model.onnx", verify="none")])
    assert "<img" not in page
    assert "conv&lt;" in page
    assert page.count("</script") == 2
    inputs = data(page)["inputs"]
    assert isinstance(inputs, list)
    assert inputs[0]["name"] == HOSTILE


@pytest.mark.slow
def test_a_thousand_nodes_stay_small(tmp_path: Path) -> None:
    """The page of a model of a thousand nodes, four hundred of them convolutions, has less than two megabytes."""
    onnx.save(deep_model(1000), tmp_path / "model.onnx")
    page = report_page.html([inspect(tmp_path / "model.onnx", verify="none")])
    assert len(page.encode()) < 2_000_000
    assert page.count('class="node"') > 400


def test_equal_bytes() -> None:
    """The same report gives the same page."""
    report = sample("resnet18-dynamo")
    verified = replace(report, verification=replace(report.verification, seconds=3.5))
    assert report_page.html([report]) == report_page.html([verified])


def test_index_of_several(tmp_path: Path) -> None:
    """Several models come with an index; one that could not be inspected says why."""
    failed = FailedReport(str(tmp_path / "x.onnx"), "it is not an ONNX model", "export it again")
    page = report_page.html([sample("alexnet-stem-dynamo"), failed])
    index = re.search(r'<nav class="index".*?</nav>', page, re.DOTALL)
    assert index
    assert 'href="#m1"' in index[0]
    assert "not inspected" in index[0]
    assert "it is not an ONNX model" in page
    assert "<nav" not in report_page.html([sample("alexnet-stem-dynamo")])


def test_the_file_is_gone() -> None:
    """Without the model's file there are no contributions, and the page says so; the boxes are in the report."""
    gone = replace(sample("alexnet-stem-dynamo"), path="/nowhere/model.onnx")
    found = data(report_page.html([gone]))
    assert found["contributions"] == "the file /nowhere/model.onnx is not there any more"
    tables = found["tables"]
    assert isinstance(tables, list)
    assert all(table["contribution"] is None and table["runs"] for table in tables)


def test_the_command_writes_it(tmp_path: Path) -> None:
    """`--output report.html` and `--format html` write the same page, and `Report.to_html` as well."""
    model = str(SAMPLES / "alexnet-stem-dynamo.onnx")
    done = strideinspect(model, "--no-verify", "--format", "html", "--output", str(tmp_path / "report.html"))
    assert done.returncode == 0, done.stderr
    assert done.stdout == (tmp_path / "report.html").read_text(encoding="utf-8")
    assert len(sample("alexnet-stem-dynamo").to_html()) == pytest.approx(len(done.stdout), abs=200)


def index_of(table: AxisData, index: int) -> tuple[int, int]:
    """First and last pixel of an index, as the documentation of the data says."""
    k, remainder = divmod(index, table["period"])
    start, first, last, by_first, by_last = [run for run in table["runs"][remainder] if run[0] <= k][-1]
    return first + (k - start) * by_first, last + (k - start) * by_last


@pytest.mark.parametrize("name", ["alexnet-stem-dynamo", "unet-dynamo", "wavenet-keras", "dcgan-generator-dynamo"])
def test_runs_hold_every_position(name: str) -> None:
    """The runs give back the field of every index."""
    for node in sample(name).nodes:
        for field in node.fields:
            table = position_runs.axis_data(field, None)
            for index, positions in enumerate(zip(field.positions.first, field.positions.last, strict=True)):
                assert index_of(table, index) == positions


def test_blocks_are_folded() -> None:
    """Of blocks that repeat only the first is drawn; folding makes no cycle and loses no way from input to output."""
    report = sample("resnet18-dynamo")
    whole = graph_folding.whole(report)
    assert graph_folding.folded(report) is None  # 22 window nodes: short enough
    assert len(whole.nodes) == len(report.nodes) + len(report.merges)
    folded = graph_folding.folded(sample("resnet50-dynamo"))
    assert folded
    assert len(folded.nodes) < len(graph_folding.whole(sample("resnet50-dynamo")).nodes)
    order = {key: number for number, key in enumerate(folded.nodes)}
    assert all(order[a] < order[b] for a, b in folded.edges)
    assert {b for _, b in folded.edges} == set(folded.nodes) - {folded.nodes[0]}


@pytest.mark.parametrize("exporter", ["keras", "torchscript"])
@pytest.mark.parametrize(
    ("network", "blocks"),
    [
        # arXiv:1905.11946, table 1, has 3, 3 and 4 blocks of an expansion, a depthwise convolution, a gate of three and
        # a projection at the strides 16, 16 and 32. The first of a stage differs where it has a stride of 2.
        ("efficientnetb0", ["1 more block of 6 layers", "2 more blocks of 6 layers", "2 more blocks of 6 layers"]),
        # arXiv:1801.04381, table 2: 3 of 32 channels, 4 of 64 and 3 of 96 at one stride, then 3 of 160 and 1 of 320.
        ("mobilenetv2", ["1 more block of 3 layers", "5 more blocks of 3 layers", "2 more blocks of 3 layers"]),
    ],
)
def test_blocks_of_blocks_are_folded(network: str, blocks: list[str], exporter: str) -> None:
    """A block of the source is folded as one, whatever blocks it consists of; two exporters fold alike."""
    folded = graph_folding.folded(sample(f"{network}-{exporter}"))
    assert folded
    assert [*folded.folded.values()] == blocks
