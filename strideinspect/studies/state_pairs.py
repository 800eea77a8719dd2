"""Inputs that carry context into a model, each with the output that is fed back to it with the next chunk."""

from __future__ import annotations

from collections.abc import Iterator

from strideinspect.analysis import Analysis
from strideinspect.model.node import Node
from strideinspect.results.tile_parts import StatePair

_MOVES = frozenset(
    {"Identity", "Cast", "Slice", "Split", "Squeeze", "Unsqueeze", "Gather", "Reshape", "Transpose", "Concat", "If"}
)
"""Operators behind which a state is still a state, in whole or in part."""

_RECURRENT = {"LSTM": {5: 1, 6: 2}, "DynamicQuantizeLSTM": {5: 1, 6: 2}, "GRU": {5: 1}, "RNN": {5: 1}}
"""By operator, the inputs that are initial states, with the outputs that are the last ones. Source: ONNX LSTM, GRU, RNN
and com.microsoft DynamicQuantizeLSTM."""

_Carried = dict[str, bool]
"""Tensors that hold a state, with whether it has been renewed: by a recurrent layer, or by appending new samples."""


def state_pairs(analysis: Analysis) -> tuple[StatePair, ...]:
    """Every graph input whose values reach an output of the same shape and type as a state, with that output."""
    shapes, dtypes = analysis.shapes.shapes, analysis.shapes.dtypes
    pairs: list[StatePair] = []
    for name in analysis.network.inputs:
        carried = _carried(analysis.shapes.nodes, name)
        taken = {pair.output for pair in pairs}
        for output in analysis.network.outputs:
            alike = shapes.get(output) == shapes[name] and dtypes.get(output) == dtypes[name]
            if carried.get(output) and alike and output not in taken:
                pairs.append(StatePair(name, output))
                break
    return tuple(pairs)


def _carried(nodes: list[Node], name: str) -> _Carried:
    """The tensors that hold the state which enters as this input; nodes are in order."""
    carried: _Carried = {name: False}
    for node in nodes:
        for given, made, renewed in _ways(node):
            if given in carried and made:
                carried[made] = carried.get(made, False) or carried[given] or renewed
    return carried


def _ways(node: Node) -> Iterator[tuple[str, str, bool]]:
    """Inputs and outputs of a node between which a state is carried, with whether it is renewed there."""
    if node.op in _MOVES:
        for position, given in enumerate(node.inputs):
            for made in node.outputs:
                # Earlier samples come first, and new ones are appended to them.
                yield given, made, node.op == "Concat" and position == 0
    for before, after in _RECURRENT.get(node.op, {}).items():
        if before < len(node.inputs) and after < len(node.outputs):
            yield node.inputs[before], node.outputs[after], True
