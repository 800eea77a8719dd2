"""Values for inputs that select a branch: a run on zeros would often take one that the model is never used with."""

from __future__ import annotations

from math import prod
from typing import Final

import onnx
from onnx import numpy_helper

_THROUGH: Final = frozenset({"Identity", "Cast", "Squeeze", "Unsqueeze", "Reshape"})
"""Operators behind which a number is still the same."""


def compared_with(graph: onnx.GraphProto, name: str) -> float | int | None:
    """The number that a node of the graph compares an input with for equality: `sr == 16000`; None without one."""
    constants = {tensor.name: tensor for tensor in graph.initializer}
    same = {name}
    for node in graph.node:
        if node.op_type == "Constant" and node.output:
            constants.update((node.output[0], a.t) for a in node.attribute if a.name == "value")
        elif node.op_type in _THROUGH and node.input[0] in same:
            same.update(node.output)
        elif node.op_type == "Equal" and not same.isdisjoint(node.input):
            for other in node.input:
                tensor = constants.get(other)
                if tensor is not None and prod(tensor.dims) == 1 and tensor.data_location != onnx.TensorProto.EXTERNAL:
                    number: float | int = numpy_helper.to_array(tensor).reshape(-1)[0].item()
                    return number
    return None
