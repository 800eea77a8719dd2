"""The window graph: an edge from window to window through whatever keeps the map, merges in between."""

from __future__ import annotations

from pathlib import Path

import networkx
import onnx
import pytest

from strideinspect import inspect
from strideinspect.results.report import Report
from tests.oracle_models import Constant, model_of

WEIGHTS: dict[str, Constant] = {"w": (1, 1, 3, 3), "one": (1, 1, 1, 1), "zero": [0.0]}


def conv(source: str, output: str) -> str:
    """A 3×3 convolution that keeps the size."""
    return f"{output} = Conv <pads = [1, 1, 1, 1]> ({source}, w)"


def report_on(body: str, folder: Path) -> Report:
    """The report on these nodes, over an 8×8 image."""
    path = folder / "model.onnx"
    onnx.save(model_of(body, {"x": (1, 1, 8, 8)}, constants=WEIGHTS), path)
    return inspect(path, verify="none")


GRAPHS: dict[str, tuple[str, set[tuple[str, str]], dict[str, str]]] = {
    "through activations": (f"{conv('x', 'a')} b = Relu (a) c = Neg (b) {conv('c', 'y')}", {("a", "y")}, {}),
    "one window": (f"{conv('x', 'a')} y = Relu (a)", set(), {}),
    "residual": (
        f"{conv('x', 'a')} {conv('a', 'b')} s = Add (a, b) {conv('s', 'y')}",
        {("a", "b"), ("a", "s"), ("b", "s"), ("s", "y")}, {"s": "Add"},
    ),
    # What comes from the image without a window joins nothing.
    "image added": (f"{conv('x', 'a')} s = Add (a, x) {conv('s', 'y')}", {("a", "y")}, {}),
    "constant added": (f"{conv('x', 'a')} s = Add (a, zero) {conv('s', 'y')}", {("a", "y")}, {}),
    "twice the same": (f"{conv('x', 'a')} b = Relu (a) s = Mul (a, b) {conv('s', 'y')}", {("a", "y")}, {}),
    "three branches": (
        f"{conv('x', 'a')} {conv('x', 'b')} {conv('x', 'c')} s = Concat <axis = 0> (a, b, c) {conv('s', 'y')}",
        {("a", "s"), ("b", "s"), ("c", "s"), ("s", "y")}, {"s": "Concat"},
    ),
    "gate": (
        f"{conv('x', 'a')} g = GlobalAveragePool (a) h = Sigmoid (g) m = Mul (a, h) {conv('m', 'y')}",
        {("a", "g"), ("a", "m"), ("g", "m"), ("m", "y")}, {"m": "Mul"},
    ),
    "split and joined": (
        (f"{conv('x', 'a')} b, c = Split <axis = 2, num_outputs = 2> (a) {conv('b', 'd')} s = Concat <axis = 2> (d, c) "
        "y = Relu (s)"),
        {("a", "d"), ("a", "s"), ("d", "s")}, {"s": "Concat"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "edges", "merges"), GRAPHS.values(), ids=GRAPHS)
def test_edges(body: str, edges: set[tuple[str, str]], merges: dict[str, str], tmp_path: Path) -> None:
    """Edges run between windows and merges, named by their first outputs; a merge is where two of them meet."""
    report = report_on(body, tmp_path)
    assert set(report.graph.edges) == edges
    found = {key: data["op"] for key, data in report.graph.nodes(data=True) if data["kind"] == "merge"}
    assert found == merges
    assert {key for key, data in report.graph.nodes(data=True) if data["kind"] == "window"} == {
        node.output for node in report.nodes
    }


def test_attributes(tmp_path: Path) -> None:
    """A graph node carries what the report says of the window."""
    report = report_on(f"{conv('x', 'a')} y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (a)", tmp_path)
    pool = report.graph.nodes["y"]
    assert (pool["kind"], pool["op"], pool["kernel"], pool["stride"]) == ("window", "MaxPool", (2, 2), (2, 2))
    assert pool["output_shape"] == (1, 1, 4, 4)
    assert [field.size for field in pool["fields"]] == [4, 4]  # 3, and one more by the pool


def test_windows_alone(tmp_path: Path) -> None:
    """Without merges every window behind one is joined to all that are met in it."""
    body = f"{conv('x', 'a')} {conv('a', 'b')} s = Add (a, b) {conv('s', 'c')} t = Add (s, c) {conv('t', 'y')}"
    alone = report_on(body, tmp_path).graph_of_windows
    assert set(alone.edges) == {("a", "b"), ("a", "c"), ("b", "c"), ("a", "y"), ("b", "y"), ("c", "y")}
    assert alone.nodes["c"]["op"] == "Conv"


def test_residual_stack_stays_linear(tmp_path: Path) -> None:
    """200 two-way merges one after another hold 2²⁰⁰ paths, and four edges a block: a → b, a → s, b → s, s → next."""
    blocks, source = [], "x"
    for i in range(200):
        blocks.append(f"{conv(source, f'a{i}')} {conv(f'a{i}', f'b{i}')} s{i} = Add (a{i}, b{i})")
        source = f"s{i}"
    report = report_on("\n".join([*blocks, conv(source, "y")]), tmp_path)
    assert len(report.graph) == 3 * 200 + 1
    assert report.graph.number_of_edges() == 4 * 200
    assert networkx.is_directed_acyclic_graph(report.graph)
    assert networkx.dag_longest_path_length(report.graph) == 3 * 200


def test_a_branch_that_leads_nowhere_is_in_the_graph(tmp_path: Path) -> None:
    """Windows that no output needs are windows all the same."""
    report = report_on(f"{conv('x', 'a')} {conv('a', 'b')} {conv('a', 'y')}", tmp_path)
    assert set(report.graph.edges) == {("a", "b"), ("a", "y")}
