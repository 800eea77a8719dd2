"""Convolution, pooling and transposed convolution: what each output reads is onnxruntime's own answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import onnx

from strideinspect.verify.geometry import Question
from strideinspect.verify.probe.call import Call, attributes, operators, qualified
from strideinspect.verify.probe.value import InexpressibleError, Marks, Shape, Value

# Operator -> the plain one with the same geometry, and which inputs are data, weight and bias (None: has none).
_WINDOWS: Final[dict[str, tuple[str, int, int | None, int | None]]] = {
    "Conv": ("Conv", 0, 1, 2),
    "ConvInteger": ("Conv", 0, 1, None),
    "QLinearConv": ("Conv", 0, 3, 8),
    "com.microsoft:FusedConv": ("Conv", 0, 1, 2),
    "com.microsoft:NhwcFusedConv": ("Conv", 0, 1, 2),
    "com.microsoft:QLinearConv": ("Conv", 0, 3, 8),
    "ConvTranspose": ("ConvTranspose", 0, 1, 2),
    "MaxPool": ("MaxPool", 0, None, None),
    "AveragePool": ("AveragePool", 0, None, None),
    "LpPool": ("LpPool", 0, None, None),
    "com.microsoft:NhwcMaxPool": ("MaxPool", 0, None, None),
    "com.microsoft:QLinearAveragePool": ("AveragePool", 0, None, None),
}
_SUMMAND: Final = {"com.microsoft:FusedConv": 3, "com.microsoft:NhwcFusedConv": 3}
_CHANNELS_LAST: Final = frozenset({"com.microsoft:NhwcMaxPool", "com.microsoft:NhwcFusedConv"})
_PER_AXIS: Final = ("strides", "dilations", "output_padding", "output_shape")


def spatial_axes(name: str, found: dict[str, Any], rank: int) -> range:
    """The axes of the data along which the window slides."""
    last = name in _CHANNELS_LAST or bool(found.get("channels_last", 0))
    return range(1, rank - 1) if last else range(2, rank)


def questions(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> list[Question]:
    """What to ask onnxruntime about a window node: one question per spatial axis.

    Empty where it is no window node, or its shape or its kernel's is not known.
    """
    name = qualified(node)
    if name not in _WINDOWS:
        return []
    op, data, weight, _ = _WINDOWS[name]
    shape = shapes.get(node.input[data])
    found = attributes(node)
    kernel = found.get("kernel_shape")
    if kernel is None and weight is not None and node.input[weight] in shapes:
        kernel = shapes[node.input[weight]][2:]
    if shape is None or kernel is None or len(kernel) != len(shape) - 2:
        return []
    return [_question(op, found, int(kernel[i]), shape[axis], i, len(kernel)) for i, axis in
            enumerate(spatial_axes(name, found, len(shape)))]  # fmt: skip


def _question(op: str, found: dict[str, Any], kernel: int, length: int, i: int, dims: int) -> Question:
    one: dict[str, object] = {"kernel_shape": (kernel,)}
    for key in _PER_AXIS:
        if found.get(key):
            one[key] = (int(found[key][i]),)
    if found.get("pads"):
        one["pads"] = (int(found["pads"][i]), int(found["pads"][i + dims]))
    for key in ("auto_pad", "ceil_mode"):
        if key in found:
            one[key] = found[key]
    dilation = int(found["dilations"][i]) if found.get("dilations") else 1
    weight = kernel if op.startswith("Conv") else None
    return Question(op, tuple(one.items()), length, dilation * (kernel - 1) + 1, weight)


@operators(*_WINDOWS)
def window(call: Call) -> Sequence[Value | None]:
    """Read every spatial axis by its table, then mix the channels as far as the operator does."""
    name = qualified(call.node)
    _, data, weight, bias = _WINDOWS[name]
    summand = _SUMMAND.get(name)
    call.only(*(k for k in (data, weight, bias, summand) if k is not None))
    parts: list[Value | None] = []
    shape = call.shape_out()
    axes = spatial_axes(name, dict(call.attributes), len(shape))
    channel = len(shape) - 1 if axes.start == 1 else 1
    value = call.value(data)
    if value is not None:
        asked = questions(call.node, {call.node.input[data]: value.shape} | _weight_shape(call, weight))
        if not asked:
            raise InexpressibleError("its kernel size is not known")
        for axis, question in zip(axes, asked, strict=True):
            table = call.table(question)
            marks = value.marks
            if weight is None and table.covers:
                marks = marks.collapsing([axis], value.shape)
            elif table.size > 1:
                marks = replace(marks, collapsed=marks.collapsed - {axis})
            value = replace(call.build.read(value, axis, table), marks=marks)
        if weight is not None:
            value = _channels(call, value, channel, call.integer("group", 1), shape[channel])
        parts.append(value)
    if weight is not None and (kernel := call.value(weight)) is not None:
        whole = call.build.most(kernel, range(len(kernel.shape)))
        parts.append(call.build.resized(whole, (1,) * len(shape), shape, Marks()))
    if bias is not None and (offset := call.value(bias)) is not None:
        ones = [1] * (len(shape) - channel - 1)
        offset = call.build.resized(
            offset, (*offset.extents, *ones), (*offset.shape, *ones), offset.marks.moved({0: 0})
        )
        parts.append(offset)
    if summand is not None:
        parts.append(call.value(summand))
    outputs = call.broadcast(parts, shape)
    return [outputs] if weight is not None else [outputs, outputs]  # MaxPool's second output says where its values were


def _weight_shape(call: Call, weight: int | None) -> dict[str, Shape]:
    if weight is None or "kernel_shape" in call.attributes:
        return {}
    return {call.node.input[weight]: call.shape_in(weight)}


def _channels(call: Call, value: Value, channel: int, groups: int, outputs: int) -> Value:
    """Every output channel reads all input channels of its group."""
    build, rank = call.build, len(value.shape)
    shape = tuple(outputs if k == channel else extent for k, extent in enumerate(value.shape))
    marks = value.marks.without([channel])
    if groups == 1 or value.constant_along(channel):
        return replace(build.everywhere(value, [channel]), shape=shape, marks=marks)
    size = value.shape[channel] // groups
    before, after = value.extents[:channel], value.extents[channel + 1 :]
    split = build.resized(value, (*before, groups, size, *after), (*before, groups, size, *after), marks)
    most = build.most(split, [channel + 1])
    each = outputs // groups
    if each > 1:
        most = build.spread(replace(most, shape=(*before, groups, each, *after)), [channel + 1])
    extents = tuple(outputs if k == channel else value.extents[k] for k in range(rank))
    return build.resized(most, extents, shape, marks)


@operators("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", "com.microsoft:QLinearGlobalAveragePool")
def global_pooling(call: Call) -> Sequence[Value | None]:
    """Every spatial axis is read whole and collapses."""
    call.only(0)
    value = call.live()
    axes = spatial_axes("", dict(call.attributes), len(value.shape))
    marks = value.marks.collapsing(axes, value.shape)
    return [replace(call.build.most(value, axes), marks=marks)]
