"""Pooling: a window along each spatial axis, channel by channel; global pooling reads the whole axis.

Source: ONNX MaxPool, AveragePool, LpPool, GlobalAveragePool, GlobalMaxPool, GlobalLpPool and their com.microsoft forms.
"""

from __future__ import annotations

from msgspec import structs

from strideinspect.model.node import PlacedNode
from strideinspect.model.pool_indices import windows_of_one
from strideinspect.model.window import geometry
from strideinspect.reads.convolution import window_step
from strideinspect.reads.elementwise import parameter, spread
from strideinspect.reads.families import reads
from strideinspect.reads.steps import Read, Sliding, Step, Whole


@reads("MaxPool", "AveragePool", "LpPool")
@reads("NhwcMaxPool", "QLinearAveragePool", domain="com.microsoft")
@reads("MaxPool", "AveragePool", domain="com.microsoft.nchwc")
@reads("MaxPool", "AveragePool", "LpPool", "QLinearAveragePool", domain="com.ms.internal.nhwc")
def pooling(placed: PlacedNode) -> tuple[Read, ...]:
    """Windows; MaxPool's indices depend on the same pixels as its values."""
    node_geometry = geometry(placed)
    moves: list[Step] = []
    for axis, window in zip(node_geometry.axes, node_geometry.windows, strict=True):
        if placed.node.op == "AveragePool" and window.end < 0:
            # If SAME padding comes out negative, onnxruntime's AveragePool ignores that many indices at the end.
            kept = window.length + window.end
            moves.append(Sliding(axis, 1, 1, 1, 0, window.length, kept))
            moves.append(window_step(axis, structs.replace(window, length=kept, end=0), pools=True))
        else:
            moves.append(window_step(axis, window, pools=True))
    return _each_output(placed, tuple(moves))


@reads("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")
@reads("QLinearGlobalAveragePool", domain="com.microsoft")
@reads("GlobalAveragePool", "GlobalMaxPool", domain="com.microsoft.nchwc")
@reads("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool", domain="com.ms.internal.nhwc")
def global_pooling(placed: PlacedNode) -> tuple[Read, ...]:
    """Read every spatial axis whole; it then has no position."""
    node_geometry = geometry(placed)
    moves = tuple(
        Whole(a, w.length, collapses=w.length > 1)
        for a, w in zip(node_geometry.axes, node_geometry.windows, strict=True)
    )
    return _each_output(placed, moves)


@reads("MaxpoolWithMask", domain="com.microsoft")
def masked_pooling(placed: PlacedNode) -> tuple[Read, ...]:
    """The same window over the data and the mask."""
    node_geometry = geometry(placed)
    moves = tuple(window_step(a, w, pools=True) for a, w in zip(node_geometry.axes, node_geometry.windows, strict=True))
    mask = spread(placed, 1) if placed.shape(1) != placed.shape(0) else Read(1, 0, moves)
    return Read(0, 0, moves), mask


def _each_output(placed: PlacedNode, moves: tuple[Step, ...]) -> tuple[Read, ...]:
    outputs = tuple(Read(0, k, moves) for k, name in enumerate(placed.node.outputs) if name)
    if windows_of_one(geometry(placed).windows):
        outputs = outputs[:1]  # the index of the only pixel of a window does not depend on its value
    return outputs + tuple(parameter(placed, i) for i in range(1, len(placed.node.inputs)) if placed.present(i))
