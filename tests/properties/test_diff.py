"""A network under other names and with its nodes in another order is the same network, on generated graphs."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import strideinspect
from tests.graphs import Graph, chains, diamonds
from tests.thorough import bounded

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the models of this module go, one after the other."""
    return tmp_path_factory.mktemp("models")


def renamed(model: onnx.ModelProto, draw: st.DataObject) -> onnx.ModelProto:
    """The same network: every tensor that a node computes has another name, and the order is any that runs."""
    other = onnx.ModelProto()
    other.CopyFrom(model)
    graph = other.graph
    kept = {value.name for value in (*graph.output, *graph.input)}
    computed = [name for node in graph.node for name in node.output if name and name not in kept]
    names = {name: f"renamed_{number}" for number, name in enumerate(computed)}
    left = []
    for node in graph.node:
        node.name = ""
        for own in (node.input, node.output):
            own[:] = [names.get(name, name) for name in own]
        left.append(node)
    made = {name for node in left for name in node.output if name}
    done: set[str] = set()
    ordered = []
    while left:
        ready = [i for i, node in enumerate(left) if all(name in done for name in node.input if name in made)]
        node = left.pop(draw.draw(st.sampled_from(ready)))
        done.update(node.output)
        ordered.append(onnx.NodeProto.FromString(node.SerializeToString()))
    del graph.node[:]
    graph.node.extend(ordered)
    return other


@bounded(60)
@given(graph=st.one_of(chains(), chains(rank=2), diamonds(), diamonds(rank=2)), draw=st.data())
def test_other_names_and_another_order(graph: Graph, draw: st.DataObject, folder: Path) -> None:
    """Every window finds a counterpart, and nothing differs."""
    model = graph.build()
    assume(model.graph.node)
    onnx.save(model, folder / "a.onnx")
    onnx.save(renamed(model, draw), folder / "b.onnx")
    found = strideinspect.diff(folder / "a.onnx", folder / "b.onnx")
    assert (found.same, found.only_a, found.only_b) == (True, (), ())
    assert not any(pair.differences for pair in found.windows)
