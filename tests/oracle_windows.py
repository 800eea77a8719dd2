"""Dependency sets of the operators that slide a window, by the text of the ONNX standard."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from tests.oracle_sets import Integers, OracleLimitError, Reads, Shape, Step, crossed, operator


def _split(total: int, auto_pad: str) -> tuple[int, int]:
    """Padding before and after; the odd one is at the end for SAME_UPPER and at the beginning for SAME_LOWER."""
    small, large = total // 2, total - total // 2
    return (small, large) if auto_pad == "SAME_UPPER" else (large, small)


class Window:
    """Kernel, stride, dilation, padding and output length of one axis, after auto_pad is resolved."""

    def __init__(self, step: Step, axis: int, length: int, kernel: int, rank: int) -> None:
        ones, zeros = [1] * rank, [0] * 2 * rank
        self.length, self.kernel = length, kernel
        self.stride = step.wholes("strides", ones)[axis]
        self.dilation = step.wholes("dilations", ones)[axis]
        self.extent = self.dilation * (kernel - 1) + 1
        pads = step.wholes("pads", zeros)
        self.begin, self.end = pads[axis], pads[axis + rank]
        auto_pad = step.word("auto_pad", "NOTSET")
        ceil_mode = step.whole("ceil_mode", 0)
        if auto_pad in {"SAME_UPPER", "SAME_LOWER"}:
            self.count = math.ceil(length / self.stride)
            total = max(0, (self.count - 1) * self.stride + self.extent - length)
            self.begin, self.end = _split(total, auto_pad)
            return
        if auto_pad == "VALID":
            self.begin = self.end = 0
        room = length + self.begin + self.end - self.extent
        self.count = (math.ceil if ceil_mode else math.floor)(room / self.stride) + 1
        # A window that would begin in the padding at the end is left out.
        if ceil_mode and (self.count - 1) * self.stride >= length + self.begin:
            self.count -= 1

    def row(self, tap: int) -> Integers:
        """Input index that each output index reads at this tap, -1 in the padding."""
        found = []
        for index in range(self.count):
            at = index * self.stride - self.begin + tap * self.dilation
            found.append(at if 0 <= at < self.length else -1)
        return np.array(found, dtype=np.int64)

    def covers(self) -> bool:
        """Whether a single output index reads the whole axis."""
        touched = {int(index) for tap in range(self.kernel) for index in self.row(tap)} - {-1}
        return self.count == 1 and self.length > 1 and len(touched) == self.length


def windows_of(step: Step, kernel: Sequence[int]) -> list[Window]:
    """One window per spatial axis of input 0."""
    return [Window(step, axis, step.shape()[2 + axis], size, len(kernel)) for axis, size in enumerate(kernel)]


@operator("Conv", "ConvInteger", "QLinearConv")
def conv(step: Step) -> list[Reads]:
    """A window over every channel of the output channel's own group; the weight may depend on what is fed as well."""
    batch, channels = step.shape()[:2]
    weight = 3 if step.op == "QLinearConv" else 1
    outputs, per_group, *kernel = step.shape(weight)
    group = step.whole("group", 1)
    windows = windows_of(step, kernel)
    shape: Shape = (batch, outputs, *(window.count for window in windows))
    taps = []
    for place in product(*(range(size) for size in kernel)):
        spatial = [window.row(tap) for window, tap in zip(windows, place, strict=True)]
        for channel in range(per_group):
            rows = np.array([(index // (outputs // group)) * per_group + channel for index in range(outputs)])
            taps.append(crossed((batch, channels, *step.shape()[2:]), [np.arange(batch), rows, *spatial]))
    every = {0: taps, weight: _weights(step.shape(weight), shape)}
    return [Reads(shape, every, axes={weight: {}})]


def _weights(weight: Shape, shape: Shape) -> list[Integers]:
    """Every weight of an output channel is a tap of its own."""
    flat = np.arange(math.prod(weight)).reshape(weight[0], -1)
    return [np.broadcast_to(flat[:, tap].reshape(-1, *[1] * (len(shape) - 2)), shape) for tap in range(flat.shape[1])]


class Transposed:
    """Output length and padding of one axis of a ConvTranspose, and which input index each output index reads."""

    def __init__(self, step: Step, axis: int, length: int, kernel: int, rank: int) -> None:
        self.length = length
        self.stride = step.wholes("strides", [1] * rank)[axis]
        self.dilation = step.wholes("dilations", [1] * rank)[axis]
        extent = self.dilation * (kernel - 1) + 1
        reach = (length - 1) * self.stride + extent + step.wholes("output_padding", [0] * rank)[axis]
        pads = step.wholes("pads", [0] * 2 * rank)
        wanted = step.wholes("output_shape", [])[-rank:]
        auto_pad = step.word("auto_pad", "NOTSET")
        begin, end = pads[axis], pads[axis + rank]
        if wanted:
            begin, _ = _split(max(0, reach - wanted[axis]), auto_pad)
            end = reach - begin - wanted[axis]  # negative: the end of the output sees nothing
        elif auto_pad in {"SAME_UPPER", "SAME_LOWER"}:
            begin, end = _split(max(0, reach - length * self.stride), auto_pad)
        elif auto_pad == "VALID":
            begin = end = 0
        self.begin, self.count = begin, reach - begin - end

    def row(self, tap: int) -> Integers:
        """Input index i reaches output index i·stride - begin + dilation·tap; -1 where none does."""
        row = np.full(self.count, -1, dtype=np.int64)
        for index in range(self.length):
            at = index * self.stride - self.begin + tap * self.dilation
            if 0 <= at < self.count:
                row[at] = index
        return row


@operator("ConvTranspose")
def conv_transpose(step: Step) -> list[Reads]:
    """Every input element is spread over a window of the output channels of its own group."""
    batch, channels, *lengths = step.shape()
    _, per_group, *kernel = step.shape(1)
    group = step.whole("group", 1)
    outputs = per_group * group
    if not step.known[1]:
        raise OracleLimitError("ConvTranspose: the weight depends on what is fed")
    windows = [
        Transposed(step, axis, length, size, len(kernel))
        for axis, (length, size) in enumerate(zip(lengths, kernel, strict=True))
    ]
    shape: Shape = (batch, outputs, *(window.count for window in windows))
    taps = []
    for place in product(*(range(size) for size in kernel)):
        spatial = [window.row(tap) for window, tap in zip(windows, place, strict=True)]
        for channel in range(channels // group):
            rows = np.array([(index // per_group) * (channels // group) + channel for index in range(outputs)])
            taps.append(crossed(step.shape(), [np.arange(batch), rows, *spatial]))
    return [Reads(shape, {0: taps})]


@operator("MaxPool", "AveragePool", "LpPool")
def pool(step: Step) -> list[Reads]:
    """A window over the spatial axes, each channel by itself; padding adds no reads, counted or not."""
    windows = windows_of(step, step.wholes("kernel_shape", []))
    lead = [np.arange(extent) for extent in step.shape()[:2]]
    shape: Shape = (*step.shape()[:2], *(window.count for window in windows))
    taps = [
        crossed(step.shape(), [*lead, *(window.row(tap) for window, tap in zip(windows, place, strict=True))])
        for place in product(*(range(window.kernel) for window in windows))
    ]
    collapses = frozenset(2 + axis for axis, window in enumerate(windows) if window.covers())
    return [Reads(shape, {0: taps}, collapses=collapses)] * step.outputs


@operator("GlobalMaxPool", "GlobalAveragePool", "GlobalLpPool")
def global_pool(step: Step) -> list[Reads]:
    """One window over all spatial axes."""
    batch, channels, *lengths = step.shape()
    shape: Shape = (batch, channels, *[1] * len(lengths))
    lead = [np.arange(batch), np.arange(channels)]
    taps = [
        crossed(step.shape(), [*lead, *(np.array([index]) for index in place)])
        for place in product(*(range(length) for length in lengths))
    ]
    collapses = frozenset(2 + axis for axis, length in enumerate(lengths) if length > 1)
    return [Reads(shape, {0: taps}, collapses=collapses)]


@operator("LRN")
def lrn(step: Step) -> list[Reads]:
    """A window over neighbouring channels: from c - floor((size-1)/2) to c + ceil((size-1)/2)."""
    size, channels = step.whole("size", 1), step.shape()[1]
    rows = [np.arange(extent) for extent in step.shape()]
    taps = []
    for offset in range(-((size - 1) // 2), math.ceil((size - 1) / 2) + 1):
        picked = np.arange(channels) + offset
        rows[1] = np.where((picked >= 0) & (picked < channels), picked, -1)
        taps.append(crossed(step.shape(), rows))
    return [Reads(step.shape(), {0: taps})]


def untouched(step: Step, axis: int, empty: set[int]) -> tuple[int, int, int]:
    """Indices along a spatial axis that no window touches: dropped pixels, dropped padding, and gaps.

    What lies behind the last window is dropped, pixels and padding apart, unless windows skips indices anyhow
    (stride over extent): then all is gap. `empty` are the indices of the map that see no pixel: padding by other means,
    which is no gap either.
    """
    window, touched = _touched(step, axis)
    padded = {place for place in range(window.begin + window.length + window.end) if place not in touched}
    behind = {place for place in padded if place > max(touched) and window.extent >= window.stride}
    real = {place for place in padded if window.begin <= place < window.begin + window.length}
    pixels = {place for place in real if place - window.begin not in empty}
    return len(pixels & behind), len(behind - pixels), len(pixels - behind)


def repeated(step: Step, axis: int, values: NDArray[np.generic]) -> set[int]:
    """The indices of the map along a spatial axis that no window touches and that hold the values of one it does."""
    window, places = _touched(step, axis)
    rows = [row.tobytes() for row in np.moveaxis(values, 2 + axis, 0)]
    touched = {place - window.begin for place in places} & set(range(len(rows)))
    held = {rows[index] for index in touched}
    return {index for index, row in enumerate(rows) if index not in touched and row in held}


def _touched(step: Step, axis: int) -> tuple[Window, set[int]]:
    kernel = step.shape(1)[2:] if step.op == "Conv" else step.wholes("kernel_shape", [])
    window = windows_of(step, list(kernel))[axis]
    return window, {
        index * window.stride + tap * window.dilation for index in range(window.count) for tap in range(window.kernel)
    }
