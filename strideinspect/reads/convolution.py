"""Convolutions: a window along each spatial axis, and all channels of the group.

Source: ONNX Conv, ConvInteger, QLinearConv, ConvTranspose; CausalConvWithState (27); com.microsoft FusedConv,
NhwcConv, NhwcFusedConv.
"""

from __future__ import annotations

from functools import lru_cache

from strideinspect.model.geometry import Geometry, Kind, Window
from strideinspect.model.node import PlacedNode, Shape
from strideinspect.model.window import geometry
from strideinspect.reads.elementwise import parameter_steps
from strideinspect.reads.families import everything, reads
from strideinspect.reads.steps import (
    Broadcast,
    Channels,
    Everything,
    Read,
    Reshape,
    Sliding,
    Step,
    Transposed,
)


@reads("Conv", "ConvInteger", "QLinearConv", "ConvTranspose")
@reads("QLinearConv", "FusedConv", "NhwcConv", "NhwcFusedConv", domain="com.microsoft")
@reads("ConvTransposeWithDynamicPads", domain="com.microsoft")
@reads("Conv", domain="com.microsoft.nchwc")
@reads("Conv", "ConvTranspose", "QLinearConv", domain="com.ms.internal.nhwc")
def convolution(placed: PlacedNode) -> tuple[Read, ...]:
    """Windows and channels of the data; weights computed from a graph input are read whole."""
    window = geometry(placed)
    shapes = tuple([placed.shapes[name] if name else None for name in placed.node.inputs])
    return _reads(window, shapes, placed.output_shape(), _bias(placed, window.kind))


@lru_cache(maxsize=256)  # networks repeat a few convolutions many times
def _reads(window: Geometry, shapes: tuple[Shape | None, ...], output: Shape, bias: int | None) -> tuple[Read, ...]:
    """The reads of inputs of these shapes (None for an omitted input); `bias` is the index of the bias input."""
    result = []
    for index, shape in enumerate(shapes):
        if shape is None:
            continue
        if index == window.data:
            result.append(Read(index, 0, _moves(window, shape[window.channel_axis])))
        elif index == bias:
            along = tuple(window.output_channels if axis == window.channel_axis else 1 for axis in range(len(output)))
            result.append(Read(index, 0, (Reshape(shape, along), Broadcast(along, output))))
        elif index == window.weight:
            result.append(Read(index, 0, (Everything(shape, output),)))
        elif bias is not None and index == bias + 1:  # a fused residual: the map that is added to the output
            result.append(Read(index, 0, () if shape == output else (Broadcast(shape, output),)))
        else:
            result.append(Read(index, 0, parameter_steps(shape, output)))
    return tuple(result)


def _moves(window: Geometry, channels: int) -> tuple[Step, ...]:
    """Windows along the spatial axes, and the channels of the group."""
    windows = [window_step(axis, window) for axis, window in zip(window.axes, window.windows, strict=True)]
    return (*windows, Channels(window.channel_axis, window.groups, channels, window.output_channels))


@reads("CausalConvWithState")
@reads("CausalConvWithState", domain="com.microsoft")
def causal_convolution(placed: PlacedNode) -> tuple[Read, ...]:
    """A depthwise window over an index and those before it; the carried state precedes the first index.

    Input and output are [batch, channels, length], the states [batch, channels, kernel − 1].
    """
    length, kernel = placed.shape(0)[2], placed.shape(1)[2]
    carried = kernel - 1
    result = [Read(0, 0, (Sliding(2, kernel, 1, 1, carried, length, length),))]
    result += [read for read in everything(placed, None, [1]) if read.output == 0]
    if placed.present(2):
        along = (1, placed.shape(2)[0], 1)
        result.append(Read(2, 0, (Reshape(placed.shape(2), along), Broadcast(along, placed.output_shape()))))
    past = placed.present(3) and carried > 0
    if past:  # state i is carried − i positions before index 0, and the window of index o covers it if i ≥ o
        result.append(Read(3, 0, (Sliding(2, carried, 1, 1, 0, carried, length),)))
    if len(placed.node.outputs) > 1 and placed.node.outputs[1] and carried > 0:
        result.append(Read(0, 1, (Sliding(2, 1, 1, 1, carried - length, length, carried),)))
        if past:
            result.append(Read(3, 1, (Sliding(2, 1, 1, 1, -length, carried, carried),)))
    return tuple(result)


def window_step(axis: int, window: Window, *, pools: bool = False) -> Sliding | Transposed:
    """The step of one window. `pools`: a pooling that covers the whole axis, after which the axis has no position."""
    numbers = (axis, window.kernel, window.stride, window.dilation, window.begin, window.length, window.size)
    if window.transposed:
        return Transposed(*numbers, window.size_dependent)
    covers = window.dilation == 1 and window.begin >= 0 and window.kernel - window.begin >= window.length > 1
    return Sliding(*numbers, window.size_dependent, collapses=pools and covers and window.size == 1)


def _bias(placed: PlacedNode, kind: Kind) -> int | None:
    if placed.node.op in ("Conv", "ConvTranspose", "FusedConv", "NhwcConv", "NhwcFusedConv"):
        return 2
    return 8 if placed.node.op == "QLinearConv" and kind is Kind.CONVOLUTION else None
