"""Signal transforms: a Fourier transform reads the whole axis, a short-time transform one frame per output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from msgspec import structs

from strideinspect.results.field import Shape
from strideinspect.verify.axis_questions import AxisQuestion
from strideinspect.verify.probe.call import Call, Operation, operators
from strideinspect.verify.probe.value import InexpressibleError, Value

_STEP, _WINDOW, _LENGTH = 1, 2, 3
_AXIS_IS_AN_INPUT: Final = 20  # the axis is an input from this operator set on


@operators("DFT")
def transform(call: Call) -> Sequence[Value | None]:
    """Every frequency reads the real and imaginary parts along the whole axis."""
    call.only(0)
    value = call.required()
    given = call.constant(2) if call.known.opset >= _AXIS_IS_AN_INPUT else np.array(call.integer("axis", 1))
    axis = value.normal(-2 if given is None else int(given.reshape(-1)[0]))
    mixed = (axis, len(value.shape) - 1)
    return [structs.replace(call.build.most(value, mixed), shape=call.shape_out(), roles=value.roles.without(mixed))]


def questions(
    node: Operation, shapes: Mapping[str, Shape], values: Mapping[str, np.ndarray]
) -> dict[int, AxisQuestion]:
    """The question about axis 1 of an STFT, asked of a MaxPool with the frame as its window; empty for other nodes.

    Raises InexpressibleError where that is not known.
    """
    if node.kind != "STFT":
        return {}
    frame = None
    if len(node.input) > _LENGTH and node.input[_LENGTH] in values:
        frame = int(values[node.input[_LENGTH]].reshape(-1)[0])
    elif len(node.input) > _WINDOW and node.input[_WINDOW] in shapes:
        frame = shapes[node.input[_WINDOW]][0]
    if frame is None or node.input[0] not in shapes or node.input[_STEP] not in values:
        raise InexpressibleError("its frames are not known")
    window = (("kernel_shape", (frame,)), ("strides", (int(values[node.input[_STEP]].reshape(-1)[0]),)))
    return {1: AxisQuestion("MaxPool", window, shapes[node.input[0]][1], frame)}


@operators("STFT")
def short_time_transform(call: Call) -> Sequence[Value | None]:
    """[batch, samples] or [batch, samples, parts] to [batch, frames, frequencies, 2]."""
    call.only(0)
    value = call.required()
    framed = call.build.read(value, 1, call.tables()[1])
    parts = range(2, len(value.shape))
    framed = structs.replace(call.build.most(framed, parts), roles=value.roles.without(parts))
    extents = (*framed.extents[:2], 1, 1)
    return [call.build.resized(framed, extents, call.shape_out(), framed.roles)]


@operators("RotaryEmbedding", "com.microsoft:RotaryEmbedding")
def rotation(call: Call) -> Sequence[Value | None]:
    """Each feature reads another one of its step, which adds nothing as long as all have the same field."""
    call.only(0)
    value = call.required()
    if not value.constant_along(len(value.shape) - 1):
        raise InexpressibleError("its features have different fields")
    return [value]


@operators("com.microsoft:UnfoldTensor")
def unfold(call: Call) -> Sequence[Value | None]:
    """Windows of an axis, with their elements along a new last axis."""
    call.only(0)
    value = call.required()
    axis = value.normal(call.integer("dim", -1))
    shape, rank = call.shape_out(), len(value.shape)
    if value.constant_along(axis):
        return [call.build.resized(value, (*value.extents, 1), shape, value.roles)]
    reads = np.arange(shape[axis])[:, None] * call.integer("step", 1) + np.arange(shape[-1])
    name = call.build.emit("Gather", [value.name, call.build.constant(reads)], axis=axis)
    order = [k for k in range(rank + 1) if k != axis + 1] + [axis + 1]
    name = call.build.emit("Transpose", [name], perm=order)
    extents = (*(shape[k] if k == axis else extent for k, extent in enumerate(value.extents)), shape[-1])
    roles = structs.replace(
        value.roles, position_axes=value.roles.position_axes | ({rank} if axis in value.roles.position_axes else set())
    )
    return [Value(name, shape, extents, roles)]
