"""Enter the values of a node's outputs where shape arithmetic may need them and its inputs are constants."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import onnx
from numpy.typing import NDArray

from strideinspect.limits import MOST_COMPUTED_INDICES, MOST_CONSTANT_INTEGERS, MOST_CONSTANT_REALS
from strideinspect.model.fold import fold, fold_table, is_arithmetic, shape_value
from strideinspect.model.network import INTEGERS
from strideinspect.model.node import Node
from strideinspect.model.shapes import Shapes


def fold_outputs(result: Shapes, node: Node) -> None:
    """Enter the values of the node's outputs where they are small and all inputs are known."""
    if _measured(result, node):
        return
    tensor = node.tensor("value") if node.op == "Constant" and not node.domain else None
    if tensor is not None:
        result.constants.declare(node.outputs[0], tensor)
        return
    shape = result.shapes.get(node.outputs[0]) if node.outputs else None
    size = math.prod(shape or ())
    if size > MOST_CONSTANT_INTEGERS or (
        size > MOST_CONSTANT_REALS and result.dtypes.get(node.outputs[0]) == onnx.TensorProto.FLOAT
    ):
        _put_off(result, node, size)
        return
    values: list[NDArray[np.generic] | None] = []
    for name in node.inputs:
        value = result.constants.known(name) if name else None
        if name and value is None:
            _put_off(result, node, size)
            return
        values.append(value)
    if shape is None and values:
        return
    folded = fold(node, values, size)
    for name, value in zip(node.outputs, folded or (), strict=False):
        if name:
            result.constants.add(name, value)
            if any(given in result.size_dependent for given in node.inputs):
                result.size_dependent.add(name)
            result.shapes.setdefault(name, value.shape)


def _measured(result: Shapes, node: Node) -> bool:
    """Enter the value of a Shape or Size node; False for any other node."""
    source = node.inputs[0] if len(node.outputs) == 1 and node.inputs else ""
    value = shape_value(node, result.shapes[source]) if source in result.shapes else None
    if value is None:
        return False
    result.constants.add(node.outputs[0], value)
    fixed = source in result.network.weights or result.constants.known(source) is not None
    if source in result.size_dependent or not fixed:
        result.size_dependent.add(node.outputs[0])
    return True


def _put_off(result: Shapes, node: Node, size: int) -> None:
    """Enter how to compute a table of indices from constants, without doing it: few of them are ever used."""
    name = node.outputs[0] if len(node.outputs) == 1 else ""
    if result.dtypes.get(name) not in INTEGERS or not is_arithmetic(node):
        return
    if size <= MOST_COMPUTED_INDICES:
        result.constants.put_off(name, node.inputs, partial(fold_table, node))
    if any(given in result.size_dependent for given in node.inputs):
        result.size_dependent.add(name)
    if node.op == "Concat" and node.integer("axis", 0) in (-1, len(result.shapes[name]) - 1):
        result.joined[name] = node.inputs
