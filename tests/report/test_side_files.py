"""Files for other viewers: what Netron, Model Explorer, networkx and Graphviz are given."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import networkx
import onnx
import pytest

from strideinspect import UsageError, inspect
from strideinspect.report import graph_files, side_files
from strideinspect.results.report import Report
from tests.cli.process import SAMPLES, strideinspect
from tests.oracle_models import model_of

HOSTILE = 'a "name" with \\ in it'


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """Two convolutions of one name, one without a name and one with a name of its own, and a sum of branches."""
    body = (
        "a = Conv (x, w) b = Conv (a, w) c = Conv (b, w) d = Conv <strides = [2]> (c, w) e = Conv (c, v) y = Add (d, e)"
    )
    model = model_of(body, {"x": (1, 1, 21)}, constants={"w": (1, 1, 3), "v": (1, 1, 9)})
    for node, name in zip(model.graph.node, ("twice", "twice", "", HOSTILE, "e", "sum"), strict=True):
        node.name = name
    onnx.save(model, tmp_path / "model.onnx")
    return inspect(tmp_path / "model.onnx", verify="none")


def test_netron_finds_every_node(report: Report) -> None:
    """A node is attached to by its name where that is its own, else at its output; nothing is given twice."""
    made = side_files.netron(report)
    assert (made.nodes, made.left_out) == (5, 0)
    entries = made.data["metadata"]
    assert made.data["signature"] == "netron:attachment"
    assert all(set(entry) == {"kind", "target", "name", "value"} for entry in entries)
    assert all(isinstance(text, str) for entry in entries for text in entry.values())
    fields = {(e["kind"], e["target"]): e["value"] for e in entries if e["name"] == "receptive field"}
    # Three windows of three: 3, 5, 7; one more of stride 2: 9; beside it one of nine: 7 + 8.
    sizes = {("value", "a"): "3", ("value", "b"): "5", ("value", "c"): "7", ("node", HOSTILE): "9", ("node", "e"): "15"}
    assert fields == sizes
    keys = [(entry["kind"], entry["target"], entry["name"]) for entry in entries]
    assert len(keys) == len(set(keys))


READ_BY_NETRON = """
const fs = require("fs"), [source, file, kind, name] = process.argv.slice(1);
const code = fs.readFileSync(source, "utf8");
const metadata = {}, view = { Context: class { constructor(context) { Object.assign(this, context); } } };
const part = code.slice(code.indexOf("metadata.Attachment = class"), code.indexOf("metrics.Model = class"));
new Function("metadata", "view", part)(metadata, view);
const attachment = new metadata.Attachment(), data = JSON.parse(fs.readFileSync(file, "utf8"));
attachment.open({ identifier: file, peek: async () => data }).then((opened) => {
  const found = attachment.metadata[kind]({ name, metadata: [] });
  console.log(JSON.stringify([opened, Object.fromEntries(found.map((entry) => [entry.name, entry.value]))]));
});
"""


@pytest.mark.parametrize(("kind", "name", "size"), [("node", HOSTILE, "9"), ("node", "e", "15"), ("value", "c", "7")])
def test_read_by_netron(kind: str, name: str, size: str, report: Report, tmp_path: Path) -> None:
    """Netron's own class for attachments opens the file and finds what belongs to a node or a value."""
    netron = pytest.importorskip("netron", reason="netron is not installed")
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node to run netron's code with")
    (tmp_path / "n.json").write_text(json.dumps(side_files.netron(report).data), encoding="utf-8")
    source = Path(netron.__file__).with_name("view.js")
    command = [node, "-e", READ_BY_NETRON, str(source), str(tmp_path / "n.json"), kind, name]
    opened, found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert opened is True
    assert found["receptive field"] == size


def test_model_explorer_data(report: Report) -> None:
    """A file per value: results by node name under the graph's id, and a gradient from 0 to 1."""
    files = side_files.model_explorer(report, "g")
    assert set(files) == {"receptive field", "effective stride", "multiply-adds", "parameters"}
    (graph,) = files["effective stride"].data.items()
    assert graph[0] == "g"
    assert graph[1]["results"] == {HOSTILE: {"value": 2.0}, "e": {"value": 1.0}}
    stops = [stop["stop"] for stop in graph[1]["gradient"]]
    assert (stops[0], stops[-1]) == (0, 1)
    assert stops == sorted(stops)
    assert all(file.left_out == 3 for file in files.values())


def test_graphs_are_read_back(report: Report) -> None:
    """The library reads GraphML and node-link JSON as the graph that the report has."""
    plain = report.plain_graph
    linked = networkx.node_link_graph(json.loads(graph_files.rendered(report, ".json")), edges="edges")
    marked = networkx.parse_graphml(graph_files.rendered(report, ".graphml"))
    for read in (linked, marked):
        assert {key: read.nodes[key] for key in read} == {key: plain.nodes[key] for key in plain}
        assert set(read.edges) == set(plain.edges)


def test_dot(report: Report) -> None:
    """DOT quotes names, and Graphviz reads it where it is installed."""
    text = graph_files.rendered(report, ".dot")
    assert '"d" [label="a \\"name\\" with \\\\ in it\\nConv 3/2\\nRF 9, stride 2"]' in text
    assert '"c" -> "d"' in text
    if shutil.which("dot"):
        done = subprocess.run(["dot", "-Tplain"], input=text, capture_output=True, text=True, check=True)  # noqa: S607
        assert done.stdout.count("\nnode ") == 6


def test_unknown_graph_format(report: Report) -> None:
    """Another suffix is told with those that are known."""
    with pytest.raises(UsageError, match=r"cannot be written as \.gexf"):
        graph_files.rendered(report, ".gexf")


def test_the_command(tmp_path: Path) -> None:
    """`annotate` writes all of them and says what it wrote; without a file to write it says what to give."""
    sample = str(SAMPLES / "alexnet-stem-dynamo.onnx")
    files = ["--netron", "n.json", "--model-explorer", "folder", "--graph", "g.graphml"]
    done = strideinspect("annotate", sample, *files, "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    written = json.loads(done.stdout)
    assert written["schema"] == "strideinspect/annotate/1"
    assert all((tmp_path / file["path"]).is_file() for file in written["files"])
    assert len(written["files"]) == 6
    done = strideinspect("annotate", sample)
    assert (done.returncode, done.stdout) == (2, "")
    assert "nothing to write" in done.stderr
