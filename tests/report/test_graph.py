"""The window graph, made from the report when it is asked for."""

from __future__ import annotations

import subprocess
import sys

from msgspec.structs import replace

from strideinspect.results.report import Merge, Report
from tests.report import inspections
from tests.report.builders import report, square, window

SHAPE = (1, 1, 8, 8)


def block() -> Report:
    """Two windows, one of them a shortcut, added and read by a third; the sum is read by an Add that leads nowhere."""
    nodes = [window(name, "Conv", (1, 1), (1, 1), (SHAPE, SHAPE), square(1, 1, 0)) for name in ("a", "b", "c")]
    merges = (Merge("add", "Add", "add:0"), Merge("", "Add", "dead"))
    edges = (("a:0", "add:0"), ("b:0", "add:0"), ("add:0", "c:0"), ("add:0", "dead"), ("a:0", "b:0"))
    return replace(report("m.onnx", [], nodes), merges=merges, edges=edges)


def test_graph_holds_windows_and_merges() -> None:
    """Nodes are named by their outputs and carry the report's own numbers; edges are the report's."""
    graph = block().graph
    assert set(graph.nodes) == {"a:0", "b:0", "c:0", "add:0", "dead"}
    assert (graph.nodes["a:0"]["kind"], graph.nodes["a:0"]["kernel"]) == ("window", (1, 1))
    assert (graph.nodes["add:0"]["kind"], graph.nodes["add:0"]["op"]) == ("merge", "Add")
    assert graph.number_of_edges() == 5


def test_graph_of_windows_leaves_merges_out() -> None:
    """Behind the Add, both branches lead to the window that reads it."""
    graph = block().graph_of_windows
    assert set(graph.edges) == {("a:0", "b:0"), ("a:0", "c:0"), ("b:0", "c:0")}
    assert set(graph.nodes) == {"a:0", "b:0", "c:0"}


def test_report_compares_without_its_graph() -> None:
    """Asking for the graph changes nothing about what a report is equal to."""
    one = inspections.alexnet()
    other = replace(one)
    assert one.graph.number_of_nodes() == 8
    assert one == other


def test_report_alone_needs_no_networkx() -> None:
    """networkx, slow to import, is loaded by the first graph and not before."""
    code = "import sys, strideinspect.results.report as m; assert 'networkx' not in sys.modules, 'loaded'"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
