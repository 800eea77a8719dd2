"""Parameters, multiply-adds and activations of the whole model."""

from __future__ import annotations

import math
from collections.abc import Mapping

from strideinspect.model.geometry import Kind
from strideinspect.model.node import Node
from strideinspect.model.shapes import Shapes
from strideinspect.model.weight_inputs import MATRIX_PRODUCTS, RECURRENT, weight_inputs
from strideinspect.results.totals import Totals

_HANDS_ON = frozenset(
    {"Transpose", "Reshape", "Cast", "Identity", "Squeeze", "Unsqueeze", "DequantizeLinear", "QuantizeLinear", "Gather"}
)
"""Operators that hand on the values of their first input: weights are often stored before them."""

_BYTES = 4

_FLOATS = frozenset({1, 10, 11, 16})  # float32, float16, float64 and bfloat16


def totals(shapes: Shapes, data_dependent: frozenset[str], batch: int, windows: int) -> Totals:
    """The totals at one input size, scaled to a batch of 1; `batch` is that of the size, `windows` the window nodes.

    `data_dependent` are the tensors that depend on an input's values.
    """
    nodes = [node for node in shapes.nodes if not data_dependent.isdisjoint(node.outputs)]
    macs = _macs(shapes, nodes, data_dependent)
    live = _live(shapes, nodes, data_dependent)
    return Totals(
        parameters=_parameters(shapes, nodes, data_dependent),
        macs=None if macs is None else macs // max(batch, 1),
        windows=windows,
        activations=None if live is None else _BYTES * live // max(batch, 1),
    )


def _parameters(shapes: Shapes, nodes: list[Node], data_dependent: frozenset[str]) -> int:
    makers = {name: node for node in shapes.nodes for name in node.outputs if name not in data_dependent}
    sizes: dict[str, int] = {}
    for node in nodes:
        for name in _weights(node, data_dependent):
            shape = shapes.shapes.get(name)
            stored = _stored(name, makers)
            if stored in makers and (shape is None or node.op in {"Add", "Mul"}):
                sizes |= _learned(stored, makers, shapes)
            elif shape is not None and (node.op not in {"Add", "Mul"} or math.prod(shape) > 1):
                sizes[stored] = math.prod(shapes.shapes.get(stored, shape))
    return sum(sizes.values())


def _learned(name: str, makers: Mapping[str, Node], shapes: Shapes) -> dict[str, int]:
    """The stored weights that a constant is computed from, with their sizes.

    What is made from sizes alone, such as the centers of a detector's cells, is not learned. Weights that are filled
    with one value are stored as their shape.
    """
    weights = shapes.network.weights
    found: dict[str, int] = {}
    seen, pending = {name}, [name]
    while pending:
        tensor = pending.pop()
        node = makers.get(tensor)
        if node is not None and (node.op == "Constant" or (node.op == "ConstantOfShape" and node.inputs[0] in weights)):
            if shapes.dtypes.get(tensor) in _FLOATS:
                found[tensor] = math.prod(shapes.shapes.get(tensor, ()))
        elif node is not None:
            further = {one for one in node.inputs if one} - seen
            seen |= further
            pending += further
        elif tensor in weights and weights[tensor][1] in _FLOATS:
            found[tensor] = math.prod(weights[tensor][0])
    return {tensor: size for tensor, size in found.items() if size > 1}


def _weights(node: Node, data_dependent: frozenset[str]) -> list[str]:
    given = [node.inputs[index] for index in weight_inputs(node.domain, node.op) if index < len(node.inputs)]
    return [name for name in given if name and name not in data_dependent] if given else given


def _stored(name: str, makers: Mapping[str, Node]) -> str:
    """The tensor that holds the values: two layers that transpose one weight share it."""
    while name in makers and makers[name].op in _HANDS_ON:
        name = makers[name].inputs[0]
    return name


def _macs(shapes: Shapes, nodes: list[Node], data_dependent: frozenset[str]) -> int | None:
    total = 0
    sides: dict[str, dict[str, int]] = {}  # per If and branch
    for node in nodes:
        own = _macs_of(shapes, node, data_dependent)
        if own is None:
            return None
        side = shapes.branches.get(node.key)
        if side is None:
            total += own
        else:
            branch = sides.setdefault(side.key, {})
            branch[side.name] = branch.get(side.name, 0) + own
    return total + sum(max(branch.values()) for branch in sides.values())


def _macs_of(shapes: Shapes, node: Node, data_dependent: frozenset[str]) -> int | None:
    """Multiply-adds of one node at this batch; 0 without weights, None where a shape is unknown."""
    key = node.domain, node.op
    geometry = shapes.geometries.get(node.key)
    if geometry is not None:
        weight = None if geometry.weight is None else shapes.shapes.get(node.inputs[geometry.weight])
        if weight is None:
            return 0
        places = (w.length if geometry.kind is Kind.TRANSPOSED else w.size for w in geometry.windows)
        return shapes.shapes[node.inputs[geometry.data]][0] * math.prod(places) * math.prod(weight)
    if key in RECURRENT:
        sequence = shapes.shapes.get(node.inputs[0])
        known = [shapes.shapes.get(name) for name in node.inputs[1:3]]
        if sequence is None or None in known:
            return None
        return math.prod(sequence[:2]) * sum(math.prod(shape) for shape in known if shape)
    if key in MATRIX_PRODUCTS:
        constant = [name for name in _weights(node, data_dependent) if len(shapes.shapes.get(name, ())) > 1]
        return _product(shapes, node, constant[0]) if constant else 0
    return 0


def _product(shapes: Shapes, node: Node, matrix: str) -> int | None:
    """A matrix product: each value of the other operand meets one row of the matrix."""
    weight = shapes.shapes[matrix]
    others = [shapes.shapes.get(name) for name in node.inputs if name != matrix]
    made = shapes.shapes.get(node.outputs[0])
    if made is None or not others or others[0] is None:
        return None
    right = matrix != node.inputs[0]
    shared = -1 if not right or (node.op == "Gemm" and node.integer("transB", 0)) else -2
    if len(weight) > 2:  # a stack of matrices
        return math.prod(made) * weight[shared]
    return math.prod(others[0]) * weight[-3 - shared]


def _live(shapes: Shapes, nodes: list[Node], data_dependent: frozenset[str]) -> int | None:
    """The largest number of values that are needed at once while the nodes run in order."""
    last = {name: at for at, node in enumerate(nodes) for name in (*node.inputs, *node.outputs)}
    last |= dict.fromkeys(shapes.network.outputs, len(nodes))
    sizes = {name: math.prod(shapes.shapes[name]) for name in shapes.network.inputs if name in last}
    live = sum(sizes.values())
    most = live
    for at, node in enumerate(nodes):
        for name in dict.fromkeys(node.outputs):
            if name in data_dependent:
                shape = shapes.shapes.get(name)
                if shape is None:
                    return None
                sizes[name] = math.prod(shape)
                live += sizes[name]
        most = max(most, live)
        for name in (*node.inputs, *node.outputs):
            if last[name] == at and name in sizes:
                live -= sizes.pop(name)
    return most
