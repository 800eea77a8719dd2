"""A window node as it is compared with one of another file: without what exporters write in different ways.

Padding in nodes of its own counts as the window's, quantised, fused and channels-last operators are their plain forms,
axes of extent 1 that Keras adds to signals are left out, and a pooling over the whole map is global, whatever operator
computes it.
"""

from __future__ import annotations

from collections.abc import Hashable

from msgspec import Struct

from strideinspect.results.graph_nodes import WindowNode

_KINDS = ("ConvTranspose", "Conv", "MaxPool", "AveragePool", "LpPool")
"""Plain operators whose names are part of those of their other forms: QLinearConv, NhwcMaxPool, ConvInteger."""


class WindowGeometry(Struct, frozen=True):
    """The numbers of a window, per spatial axis; `size` that of the map that it makes, None where it is unknown.

    `padding` is in the order of ONNX: before index 0 along every axis, then after the last index.
    """

    operator: str
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: tuple[int, ...]
    size: tuple[int, ...] | None
    channels: int | None

    @property
    def neutral(self) -> bool:
        """Whether every index depends on the same index of the input alone, as after a convolution with kernel 1."""
        return set(self.kernel) <= {1} and set(self.stride) <= {1} and not any(self.padding)

    @property
    def labels(self) -> tuple[Hashable, ...]:
        """What it is known by: all of its numbers, then fewer."""
        kind, kernel, channels = self.operator, self.kernel, self.channels
        moves = self.stride, self.dilation, self.padding
        wide = max(kernel, default=1) > 1  # a pointwise convolution is never the counterpart of another one
        return (
            (kind, kernel, channels, moves, self.size),
            (kind, kernel, channels, moves),
            (kind, kernel, channels),
            (kind, kernel, self.stride),
            (kind, wide, channels),
            (kind, wide),
        )


def geometry(window: WindowNode) -> WindowGeometry:
    """The numbers of a window node, without those of axes that say nothing."""
    made, given, axes = window.output_shape, window.input_shape, window.spatial_axes
    kept = [
        i
        for i, axis in enumerate(axes)
        if given is None or given[axis] != 1 or window.kernel[i] != 1 or window.stride[i] != 1
    ] or list(range(len(window.kernel)))
    before, after = window.pad_nodes or ((0,) * len(axes),) * 2
    begin = tuple(window.padding_begin[i] + before[i] for i in kept)
    end = tuple(window.padding_end[i] + after[i] for i in kept)
    other = None if made is None else next((n for at, n in enumerate(made) if at and at not in axes), None)
    return WindowGeometry(
        next((kind for kind in _KINDS if kind.lower() in window.op.lower()), window.op),
        tuple(window.kernel[i] for i in kept),
        tuple(window.stride[i] for i in kept),
        tuple(window.dilation[i] for i in kept),
        begin + end,
        None if made is None else tuple(made[axes[i]] for i in kept),
        other,
    )


def is_global(window: WindowNode) -> bool:
    """Whether it is a pooling or a reduction over the whole map, which leaves no position."""
    if "Conv" in window.op:
        return False
    given, made = window.input_shape, window.output_shape
    if given is None or made is None:
        return "Global" in window.op
    covers = all(window.kernel[i] == given[axis] for i, axis in enumerate(window.spatial_axes))
    return window.dropped is None or (covers and not any(window.padding_begin + window.padding_end))
