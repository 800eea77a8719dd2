"""Names cut to a width, tables that hold it, and what rows are called."""

from __future__ import annotations

from pathlib import Path

import onnx
import onnx.parser
import pytest
from msgspec.structs import replace

from strideinspect import inspect
from strideinspect.report import layout, text
from strideinspect.report.layer_names import layer_names
from strideinspect.report.layout import Column, plain
from strideinspect.report.symbols import in_encoding
from strideinspect.results.report import Source, WindowNode
from tests.cli.process import SAMPLES
from tests.report.builders import square, window
from tests.unverified import unverified


def test_shorten_keeps_both_ends() -> None:
    """Names are cut in the middle; wide characters count two."""
    assert layout.shorten("layer1.0.conv1", 9) == "laye…onv1"
    assert layout.shorten("conv", 8) == "conv"
    assert layout.cells(layout.shorten("畳み込み層の名前", 6)) <= 6


@pytest.mark.parametrize(("names", "short"), [
    (["conv1", "conv2"], ["conv1", "conv2"]),
    (["layer1.0.conv1", "layer2.0.conv1"], ["layer1…v1", "layer2…v1"]),
    (["block_of_layers_a", "block_of_layers_b"], ["bloc…rs_a", "bloc…rs_b"]),
    (["a_block_of_layers", "b_block_of_layers"], ["a_bl…yers", "b_bl…yers"]),
    (["the_network/stage_one/of_many_layers", "the_network/stage_two/of_many_layers"], ["…one…", "…two…"]),
])  # fmt: skip
def test_names_stay_apart(names: list[str], short: list[str]) -> None:
    """Names that differ are cut to at most nine cells that differ, wherever it is that they differ."""
    assert layout.shortened(names, 9) == short


@pytest.mark.parametrize("width", range(24, 60))
def test_lines_end_between_words_not_inside_formulas(width: int) -> None:
    """A reader meets `(i + ½)·16 − ½` and `4.4 %` in one piece, wherever the line happens to end."""
    written = (
        "index i is centered at 16·i + 17, 9.5 pixels after (i + ½)·16 − ½, and 4.4 % of 3 layers – not 5 – are lost"
    )
    lines = plain(layout.hang((), written, width)).splitlines()
    assert " ".join(map(str.strip, lines)) == written
    assert max(map(len, lines)) <= width
    for whole in ("16·i + 17,", "(i + ½)·16 − ½,", "4.4 %"):
        assert any(whole in line for line in lines), lines


@pytest.mark.parametrize(("symbols", "ascii"), [
    ("16·i + 17", "16*i + 17"),
    ("(i + ½)·16 − ½", "(i + 1/2)*16 - 1/2"),
    ("model.onnx · pytorch · 8 nodes", "model.onnx - pytorch - 8 nodes"),
    ("sigma/√depth", "sigma/sqrt depth"),
])  # fmt: skip
def test_formulas_mean_the_same_in_ascii(symbols: str, ascii: str) -> None:
    """Where the terminal has ASCII alone, a product stays a product and no sign becomes a question mark."""
    assert in_encoding(symbols, "ascii") == ascii


def test_rows_are_continued_where_nothing_else_helps() -> None:
    """A table of long numbers is laid on two lines a row, and a line without anything in it is left out."""
    columns = [Column("name", elastic=True, floor=4), Column("first", right=True), Column("second")]
    rows = [["one", "1" * 20, "2" * 20], ["two", "1", ""]]
    lines = plain(layout.table(columns, rows, 40)).splitlines()
    assert [line.split() for line in lines] == [
        ["name", "first"], ["second"], ["one", "1" * 20], ["2" * 20], ["two", "1"],
    ]  # fmt: skip
    assert max(map(len, lines)) <= 40


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(path.stem for path in SAMPLES.glob("*.onnx")))
def test_every_sample_keeps_the_width(name: str) -> None:
    """No line of any sample's report is wider than a terminal of 60, 80 or 120 columns, and no name is lost twice."""
    report = replace(unverified(SAMPLES / f"{name}.onnx"), path=f"{name}.onnx")
    for width in (60, 80, 120):
        lines = plain(text.render(report, width=width)).splitlines()
        assert [line for line in lines if layout.cells(line) > width] == []


def test_names_of_hundreds_of_characters(tmp_path: Path) -> None:
    """TFLite's converters join the names of all that they fold: the report holds its width, the rows stay apart."""
    name = ";".join(f"model_1/{layer}/Relu" for layer in ("re_lu_3", "batch_normalization_3", "conv2d_2")) * 5
    model = onnx.parser.parse_model("""
        <ir_version: 8, opset_import: ["": 13]>
        agraph (float[1,1,64] x, float[1,1,3] w) => (float[1,1,N] y) {
          a = Conv <strides = [2], pads = [1, 1]> (x, w)
          b = MaxPool <kernel_shape = [2]> (a)
          y = MaxPool <kernel_shape = [2]> (b)
        }""")
    for number, node in enumerate(model.graph.node):
        node.name = f"{name};model_1/conv2d_{number}/Conv2D;{name}"
    onnx.save(model, tmp_path / "long.onnx")
    report = replace(inspect(tmp_path / "long.onnx", verify="none"), path="long.onnx")
    for width in (60, 80, 120):
        lines = plain(text.render(report, width=width)).splitlines()
        assert max(map(layout.cells, lines)) <= width
        rows = [line.split()[0] for line in lines if " Conv " in line or " MaxPool " in line]
        assert len(set(rows[-3:])) == 3


def _called(name: str, layer: str | None) -> WindowNode:
    node = window(name, "Conv", (1,), (1,), ((1, 1, 4), (1, 1, 4)), square(1, 1, 0))
    return replace(node, output=f"{name}_out", source=Source(None, None, layer) if layer else None)


def test_rows_are_called_by_their_layers() -> None:
    """A row bears its layer's path, and its node's name where the export has no path or several nodes share it."""
    nodes = [
        _called("node_conv2d", "stem.conv"),
        _called("/block/block.0/MaxPool", "block.0"),
        _called("/block/block.0/AveragePool", "block.0"),
        _called("/a/Conv", "shared"),
        _called("/b/Conv", "shared"),
        _called("Conv_7", None),
    ]
    assert list(layer_names(nodes).values()) == [
        "stem.conv", "block.0 (MaxPool)", "block.0 (AveragePool)", "shared (/a/Conv)", "shared (/b/Conv)", "Conv_7",
    ]  # fmt: skip


@pytest.mark.parametrize("exporter", ["dynamo", "torchscript"])
def test_both_exporters_name_the_same_layers(exporter: str) -> None:
    """PyTorch's two exporters name nodes differently and layers alike: the table shows the same names."""
    report = unverified(SAMPLES / f"squeezenet11-{exporter}.onnx")
    names = [*layer_names(report.nodes).values()]
    assert names[:5] == [
        "features.0",
        "features.2",
        "features.3.squeeze",
        "features.3.expand1x1",
        "features.3.expand3x3",
    ]
