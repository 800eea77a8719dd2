"""Convolutions and pools: the indices that each output reads are observed by running onnxruntime's operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import structs
from msgspec.structs import astuple

from strideinspect.model.convolution_inputs import CONVOLUTION_INPUTS, ConvolutionInputs
from strideinspect.results.field import Shape
from strideinspect.verify.axis_questions import AxisQuestion
from strideinspect.verify.probe.call import Call, Operation, operators
from strideinspect.verify.probe.value import AxisRoles, InexpressibleError, Value

_CONVOLUTIONS: Final = {
    "Conv": "Conv",
    "ConvInteger": "Conv",
    "QLinearConv": "Conv",
    "com.microsoft:FusedConv": "Conv",
    "com.microsoft:NhwcFusedConv": "Conv",
    "com.microsoft:QLinearConv": "Conv",
    "com.microsoft.nchwc:Conv": "Conv",
    "ConvTranspose": "ConvTranspose",
}
_POOLS: Final = {
    "MaxPool": "MaxPool",
    "AveragePool": "AveragePool",
    "LpPool": "LpPool",
    "com.microsoft:NhwcMaxPool": "MaxPool",
    "com.microsoft:QLinearAveragePool": "AveragePool",
    "com.microsoft.nchwc:MaxPool": "MaxPool",
    "com.microsoft.nchwc:AveragePool": "AveragePool",
}
_PLAIN: Final = _CONVOLUTIONS | _POOLS
"""For each window operator, the standard's operator of the same geometry, which is run to observe it."""

WINDOWS: Final = frozenset(_PLAIN)
"""Operators that slide a window."""

_CHANNELS_LAST: Final = frozenset({"com.microsoft:NhwcMaxPool", "com.microsoft:NhwcFusedConv"})
_PER_AXIS: Final = ("strides", "dilations", "output_padding", "output_shape")


def spatial_axes(node: Operation, rank: int) -> range:
    """The axes of the data along which the window slides."""
    last = node.kind in _CHANNELS_LAST or bool(node.attributes.get("channels_last", 0))
    return range(1, rank - 1) if last else range(2, rank)


def questions(node: Operation, shapes: Mapping[str, Shape]) -> dict[int, AxisQuestion]:
    """The questions about a window node, by spatial axis; empty for other nodes.

    Raises InexpressibleError where the size of the map or of the kernel is not known.
    """
    plain = _PLAIN.get(node.kind)
    if plain is None:
        return {}
    shape, kernel = shapes.get(node.input[0]), node.attributes.get("kernel_shape")
    weight = _inputs(node).weight if node.kind in _CONVOLUTIONS else None
    if kernel is None and weight is not None and node.input[weight] in shapes:
        kernel = shapes[node.input[weight]][2:]
    if shape is None:
        raise InexpressibleError("its size was not observed")
    if kernel is None or len(kernel) != len(shape) - 2:
        raise InexpressibleError("its kernel size is not known")
    axes = spatial_axes(node, len(shape))
    return {
        axis: _question(plain, node.attributes, int(size), shape[axis], place, len(kernel))
        for place, (axis, size) in enumerate(zip(axes, kernel, strict=True))
    }


def _inputs(node: Operation) -> ConvolutionInputs:
    domain, _, operator = node.kind.rpartition(":")
    return CONVOLUTION_INPUTS[domain, operator]


def _question(
    plain: str, attributes: Mapping[str, Any], kernel: int, length: int, place: int, dims: int
) -> AxisQuestion:
    one: dict[str, object] = {"kernel_shape": (kernel,)}
    for key in _PER_AXIS:
        if attributes.get(key):
            one[key] = (int(attributes[key][place]),)
    if attributes.get("pads"):
        one["pads"] = (int(attributes["pads"][place]), int(attributes["pads"][place + dims]))
    for key in ("auto_pad", "ceil_mode"):
        if key in attributes:
            one[key] = attributes[key]
    dilation, stride = (int(attributes[key][place]) if attributes.get(key) else 1 for key in ("dilations", "strides"))
    reach = dilation * (kernel - 1) // (stride if plain == "ConvTranspose" else 1) + 1
    return AxisQuestion(plain, tuple(one.items()), length, reach, kernel if plain.startswith("Conv") else None)


def _slid(call: Call, value: Value) -> Value:
    tables = call.tables()
    for axis, table in tables.items():
        value = call.build.read(value, axis, table)
    if not value.roles.collapsed:
        return value
    grown = {axis for axis, table in tables.items() if table.size > 1}
    return structs.replace(value, roles=structs.replace(value.roles, collapsed=value.roles.collapsed - grown))


@operators(*_POOLS)
def pooling(call: Call) -> Sequence[Value | None]:
    """Reads every spatial axis according to its table; one that a single output covers completely collapses."""
    call.only(0)
    value = call.required()
    covered = [axis for axis, table in call.tables().items() if table.covers]
    pooled = call.collapse(_slid(call, value), covered, value.shape)
    # MaxPool's second output holds the indices of the maxima, which is no choice where a window has one index.
    chooses = any(table.reads.shape[1] > 1 for table in call.tables().values())
    return [pooled, pooled if chooses else None]


@operators("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", "com.microsoft:QLinearGlobalAveragePool")
@operators("com.microsoft.nchwc:GlobalAveragePool", "com.microsoft.nchwc:GlobalMaxPool")
def global_pooling(call: Call) -> Sequence[Value | None]:
    """Reads the whole of every spatial axis, which collapses."""
    call.only(0)
    value = call.required()
    axes = spatial_axes(call.node, len(value.shape))
    return [call.collapse(call.build.most(value, axes), axes, value.shape)]


@operators(*_CONVOLUTIONS)
def convolution(call: Call) -> Sequence[Value | None]:
    """Reads every spatial axis according to its table, then all channels of each group.

    Each output reads the whole of a weight that depends on the data; bias, summand and zero point are added.
    """
    inputs = _inputs(call.node)
    call.only(0, *(k for k in astuple(inputs) if k is not None))
    shape = call.shape_out()
    channel = len(shape) - 1 if spatial_axes(call.node, len(shape)).start == 1 else 1
    parts: list[Value | None] = []
    if (value := call.value(0)) is not None:
        parts.append(_mixed(call, _slid(call, value), channel, call.integer("group", 1), shape[channel]))
    if (kernel := call.value(inputs.weight)) is not None:
        whole = call.build.most(kernel, range(len(kernel.shape)))
        parts.append(call.build.resized(whole, (1,) * len(shape), shape, AxisRoles()))
    if inputs.bias is not None and (bias := call.value(inputs.bias)) is not None:
        ones = (1,) * (len(shape) - channel - 1)
        parts.append(call.build.resized(bias, bias.extents + ones, bias.shape + ones, bias.roles))
    parts += [call.value(k) for k in (inputs.summand, inputs.zero_point) if k is not None]
    return [call.broadcast(parts, shape)]


def _mixed(call: Call, value: Value, channel: int, groups: int, outputs: int) -> Value:
    """Every output channel reads all input channels of its group."""
    build = call.build
    shape = tuple(outputs if k == channel else extent for k, extent in enumerate(value.shape))
    roles = value.roles.without([channel])
    if groups == 1 or value.constant_along(channel):
        return structs.replace(build.everywhere(value, [channel]), shape=shape, roles=roles)
    size = value.shape[channel] // groups
    before, after = value.extents[:channel], value.extents[channel + 1 :]
    apart = (*before, groups, size, *after)
    most = build.most(build.resized(value, apart, apart, roles), [channel + 1])
    each = outputs // groups
    if each > 1:
        most = build.spread(structs.replace(most, shape=(*before, groups, each, *after)), [channel + 1])
    return build.resized(most, (*before, outputs, *after), shape, roles)
