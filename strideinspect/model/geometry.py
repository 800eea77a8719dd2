"""The window of a node along each axis of its input, with every default resolved."""

from __future__ import annotations

import math
from enum import Enum

from msgspec import Struct


class Kind(Enum):
    """Kind of a window operator."""

    __hash__ = object.__hash__  # a part of cache keys; that of Enum is computed in Python

    CONVOLUTION = "convolution"
    TRANSPOSED = "transposed"
    POOL = "pool"
    GLOBAL = "global"


class Window(Struct, frozen=True):
    """A window along one axis: output index o covers input indices o·stride − begin + dilation·j, j < kernel.

    For a transposed window input and output are swapped. `length` and `size` are the extents of input and output in
    indices; `end` is the padding after the input. `size_dependent` says that the padding was computed from `length`.
    """

    kernel: int
    stride: int
    dilation: int
    begin: int
    end: int
    length: int
    size: int
    transposed: bool = False
    output_padding: int = 0
    size_dependent: bool = False

    @property
    def extent(self) -> int:
        """How many indices the window spans, dilation included."""
        return self.dilation * (self.kernel - 1) + 1

    @property
    def overhang(self) -> int:
        """How many indices the last window extends past the padded input (ceil_mode, or an input that is too small)."""
        return max(0, (self.size - 1) * self.stride + self.extent - self.length - self.begin - self.end)

    @property
    def truncated(self) -> int:
        """Trailing indices of the padded input that no window reaches because the division floors."""
        extent = self.extent
        if self.transposed or extent < self.stride or self.size < 1:
            return 0
        return max(0, self.length + self.begin + self.end - (self.size - 1) * self.stride - extent)


class Geometry(Struct, frozen=True):
    """The windows of one node, one per spatial axis; `axes` are those axes in the node's input and output."""

    kind: Kind
    axes: tuple[int, ...]
    windows: tuple[Window, ...]
    channel_axis: int
    output_channels: int
    groups: int
    data: int  # index of the input that the window slides over
    weight: int | None  # index of the input that holds the weight

    def output_shape(self, batch: int) -> tuple[int, ...]:
        """Shape of the node's output."""
        sizes = tuple(window.size for window in self.windows)
        if self.channel_axis == 1:
            return (batch, self.output_channels, *sizes)
        return (batch, *sizes, self.output_channels)


class PoolIndices(Struct, frozen=True):
    """Indices into a MaxPool's input, of shape `map`, one for each element of its output, of shape `pooled`.

    `in_planes`: each counts from the beginning of its own plane (image and channel), not of the whole tensor.
    """

    geometry: Geometry
    map: tuple[int, ...]
    pooled: tuple[int, ...]
    in_planes: bool = False

    @property
    def plane(self) -> int:
        """How many indices of the map one plane has."""
        return math.prod(self.map[axis] for axis in self.geometry.axes)
