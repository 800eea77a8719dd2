"""Elementwise operators: the same index of each input, after broadcasting.

Source: ONNX operators of these names; multidirectional broadcasting as in the standard's Broadcasting.md.
"""

from __future__ import annotations

import math

from strideinspect.model.node import PlacedNode, Shape
from strideinspect.model.pointwise import BROADCAST, FUSED_BROADCAST, FUSED_UNARY, UNARY
from strideinspect.reads.registry import reads
from strideinspect.reads.steps import Broadcast, Everything, Read, Reshape, Step

_ELSEWHERE = {"LRN", "BatchNormalization", "EyeLike", "RandomNormalLike", "RandomUniformLike"}


@reads(*(UNARY - _ELSEWHERE), preserves=True)
@reads(*(FUSED_UNARY - {"DynamicQuantizeLinear"}), domain="com.microsoft", preserves=True)
def unary(placed: PlacedNode) -> tuple[Read, ...]:
    """The first input index by index; the others (bounds, scales, zero points, a bias) are parameters."""
    first = (Read(0),)
    return first + tuple(parameter(placed, i) for i in range(1, len(placed.node.inputs)) if placed.present(i))


@reads(*BROADCAST, preserves=True)
def broadcast(placed: PlacedNode) -> tuple[Read, ...]:
    """Every input, broadcast to the output's shape."""
    return tuple(spread(placed, i) for i in range(len(placed.node.inputs)) if placed.present(i))


@reads(*FUSED_BROADCAST, domain="com.microsoft", preserves=True)
def quantised(placed: PlacedNode) -> tuple[Read, ...]:
    """Operands each followed by scale and zero point; QLinearWhere has its condition first."""
    operands = (0, 1, 4) if placed.node.op == "QLinearWhere" else (0, 3)
    return tuple(
        spread(placed, i) if i in operands else parameter(placed, i)
        for i in range(len(placed.node.inputs))
        if placed.present(i)
    )


def spread(placed: PlacedNode, index: int) -> Read:
    """An input broadcast to the output's shape."""
    before, after = placed.shape(index), placed.output_shape()
    return Read(index, 0, () if before == after else (Broadcast(before, after),))


def parameter(placed: PlacedNode, index: int, output: int = 0) -> Read:
    """A parameter such as a scale: a single number is broadcast, a vector is taken to reach every index."""
    after = placed.output_shape(output)
    return Read(index, output, parameter_steps(placed.shape(index), after))


def parameter_steps(before: Shape, after: Shape) -> tuple[Step, ...]:
    """The steps from a parameter's shape to the output's."""
    if math.prod(before) != 1:
        return (Everything(before, after),)
    return (Reshape(before, ()), Broadcast((), after))
