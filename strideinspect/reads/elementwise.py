"""Elementwise operators: the same index of each input, after broadcasting.

Source: ONNX and com.microsoft operators of these names; broadcasting as in the standard's Broadcasting.md.
"""

from __future__ import annotations

import math

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from strideinspect.model.declared_operators import ELEMENTWISE
from strideinspect.model.node import PlacedNode, Shape
from strideinspect.model.pointwise import BROADCAST, FUSED_BROADCAST, FUSED_UNARY, UNARY
from strideinspect.reads.families import reads
from strideinspect.reads.steps import (
    Broadcast,
    Everything,
    Masked,
    Read,
    Reshape,
    Sliding,
    Step,
)

_CHOOSING = {"Where"}
_ELSEWHERE = {"LRN", "BatchNormalization", "EyeLike", "RandomNormalLike", "RandomUniformLike"}
_BIASED = {"BiasGelu", "BiasSplitGelu", "FastGelu"}


@reads(*(UNARY - _ELSEWHERE), preserves=True)
@reads(*(FUSED_UNARY - _BIASED - {"DynamicQuantizeLinear"}), domain="com.microsoft", preserves=True)
def unary(placed: PlacedNode) -> tuple[Read, ...]:
    """Elementwise in the first input; the others (bounds, scales, zero points, a bias) are parameters."""
    first = (Read(0),)
    return first + tuple(parameter(placed, i) for i in range(1, len(placed.node.inputs)) if placed.present(i))


@reads("CastLike", preserves=True)
def cast_like(placed: PlacedNode) -> tuple[Read, ...]:
    """Elementwise in the first input; of the second only the type is used, no values."""
    del placed
    return (Read(0),)


@reads("Affine", "ImageScaler", "ParametricSoftplus", "ScaledTanh", "Scale", preserves=True)
@reads("ScaledSiLU", domain="com.microsoft", preserves=True)
def scaled(placed: PlacedNode) -> tuple[Read, ...]:
    """Elementwise. Includes deprecated operators that onnxruntime still supports."""
    return unary(placed)


@reads(*(BROADCAST - _CHOOSING), "SwiGLU", preserves=True)
@reads("BiasAdd", "BiasGelu", "FastGelu", "GatedAdd", domain="com.microsoft", preserves=True)
def broadcast(placed: PlacedNode) -> tuple[Read, ...]:
    """Every input, broadcast to the output's shape."""
    return tuple(spread(placed, i) for i in range(len(placed.node.inputs)) if placed.present(i))


@reads(*_CHOOSING, preserves=True)
def where(placed: PlacedNode) -> tuple[Read, ...]:
    """By a constant condition, an element is taken from one input and none of the other is read; else as any other."""
    condition = placed.constant(0)
    if condition is None:
        return broadcast(placed)
    taken = condition.astype(bool)
    return tuple(
        read if mask.all() else structs.replace(read, steps=(*read.steps, masked(mask, placed.output_shape())))
        for read, mask in ((spread(placed, 1), taken), (spread(placed, 2), ~taken))
        if mask.any()
    )


def masked(mask: NDArray[np.bool_], shape: Shape) -> Masked:
    """The step that takes the marked elements; `mask` broadcasts to `shape`."""
    small = mask.reshape((1,) * (len(shape) - mask.ndim) + mask.shape)
    for axis in range(small.ndim):
        first = small.take([0], axis)
        small = first if bool((small == first).all()) else small
    return Masked(shape, small.shape, small.tobytes())


@reads(*FUSED_BROADCAST, domain="com.microsoft", preserves=True)
def quantised(placed: PlacedNode) -> tuple[Read, ...]:
    """Each operand is followed by its scale and zero point; QLinearWhere starts with the condition."""
    operands = (0, 1, 4) if placed.node.op == "QLinearWhere" else (0, 3)
    return tuple(
        spread(placed, i) if i in operands else parameter(placed, i)
        for i in range(len(placed.node.inputs))
        if placed.present(i)
    )


@reads("MulInteger", domain="com.microsoft", preserves=True)
def integer_product(placed: PlacedNode) -> tuple[Read, ...]:
    """Two operands, each followed by its zero point."""
    result = [spread(placed, i) if i in (0, 2) else parameter(placed, i) for i in range(4) if placed.present(i)]
    return tuple(result)


@reads("BiasDropout", domain="com.microsoft", preserves=True)
def bias_dropout(placed: PlacedNode) -> tuple[Read, ...]:
    """Data, bias and residual are added; the mask is random."""
    return tuple(spread(placed, i) if i < 3 else parameter(placed, i) for i in range(5) if placed.present(i))


@reads("BiasSplitGelu", domain="com.microsoft")
def gated_halves(placed: PlacedNode) -> tuple[Read, ...]:
    """An index of the last axis reads the same index of both halves."""
    result = []
    for index in range(2):
        shape = placed.shape(index)
        half, axis = shape[-1] // 2, len(shape) - 1
        steps: tuple[Step, ...] = (Sliding(axis, 2, 1, half, 0, 2 * half, half, size_dependent=True),)
        if (*shape[:-1], half) != placed.output_shape():
            steps += (Broadcast((*shape[:-1], half), placed.output_shape()),)
        result.append(Read(index, 0, steps))
    return tuple(result)


@reads(ELEMENTWISE[1], domain=ELEMENTWISE[0], preserves=True)
def declared(placed: PlacedNode) -> tuple[Read, ...]:
    """An operator that the settings declare: inputs that broadcast to the output are operands, others parameters."""
    return tuple(
        structs.replace(
            (spread if _broadcasts(placed.shape(i), placed.output_shape()) else parameter)(placed, i), output=output
        )
        for output, name in enumerate(placed.node.outputs)
        if name
        for i in range(len(placed.node.inputs))
        if placed.present(i)
    )


def _broadcasts(before: Shape, after: Shape) -> bool:
    aligned = after[len(after) - len(before) :] if len(before) <= len(after) else ()
    return len(aligned) == len(before) and all(one in (1, other) for one, other in zip(before, aligned, strict=True))


def spread(placed: PlacedNode, index: int) -> Read:
    """An input broadcast to the output's shape."""
    before, after = placed.shape(index), placed.output_shape()
    return Read(index, 0, () if before == after else (Broadcast(before, after),))


def parameter(placed: PlacedNode, index: int, output: int = 0) -> Read:
    """A parameter such as a scale: a single value is broadcast; of a vector, every index is assumed to read all."""
    after = placed.output_shape(output)
    return Read(index, output, parameter_steps(placed.shape(index), after))


def parameter_steps(before: Shape, after: Shape) -> tuple[Step, ...]:
    """The steps from a parameter's shape to the output's."""
    if math.prod(before) != 1:
        return (Everything(before, after),)
    return (Reshape(before, ()), Broadcast((), after))
