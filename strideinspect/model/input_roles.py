"""Which graph inputs are initial states of recurrent layers, and which are kernels of convolutions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import onnx
from msgspec import Struct

from strideinspect.model.convolution_inputs import CONVOLUTION_INPUTS
from strideinspect.model.subgraphs import nested_subgraphs, subgraphs

INITIAL_STATES = {"LSTM": (5, 6), "GRU": (5,), "RNN": (5,), "DynamicQuantizeLSTM": (5, 6)}
"""By operator, the inputs that are initial states. Source: ONNX LSTM, GRU and RNN."""

_MOVEMENT = frozenset({"Identity", "Cast", "Slice", "Split", "Squeeze", "Unsqueeze", "Gather", "Reshape", "Concat"})
"""Operators behind which a state is still a state, though its axes may have moved."""


class InputRoles(Struct, frozen=True):
    """The inputs of a graph that are initial states of a recurrent node, and kernels of a convolution, at any depth."""

    initial_states: frozenset[str]
    convolution_weights: frozenset[str]


def input_roles(graph: onnx.GraphProto) -> InputRoles:
    """What the inputs of a graph are used for."""
    nodes = list(_nodes(graph))
    weights = {op: (inputs.weight,) for (_, op), inputs in CONVOLUTION_INPUTS.items()}
    given = frozenset(entry.name for entry in graph.input)
    return InputRoles(
        initial_states=given.intersection(_sources(nodes, INITIAL_STATES, _MOVEMENT)),
        convolution_weights=given.intersection(_sources(nodes, weights, frozenset({"Identity"}))),
    )


def _sources(
    nodes: Sequence[onnx.NodeProto], wanted: Mapping[str, tuple[int, ...]], through: frozenset[str]
) -> set[str]:
    """The tensors that reach these inputs of these operators through nodes of the kinds `through` and through Ifs."""
    found = {node.input[i] for node in nodes for i in wanted.get(node.op_type, ()) if i < len(node.input)}
    nodes = [node for node in nodes if node.op_type in through or node.op_type == "If"] if found else []
    before = 0
    while before != len(found):  # results of an If lead into its branches, which lead back out of them
        before = len(found)
        for node in reversed(nodes):
            for number, name in enumerate(node.output):
                if name in found and node.op_type != "If":
                    found.update(node.input if node.op_type == "Concat" else node.input[:1])
                elif name in found:
                    found.update(body.output[number].name for body in subgraphs(node) if number < len(body.output))
        found.discard("")
    return found


def _nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    """All nodes, those of subgraphs last: they use tensors of the graph around them."""
    yield from graph.node
    for inner in nested_subgraphs(graph):
        yield from inner.node
