"""Graphs that grow: in series, in parallel, in blocks, and in their input."""

from __future__ import annotations

import onnx

from benchmarks.builder import Builder
from benchmarks.networks import densenet121


def chain(windows: int, size: int = 64) -> onnx.ModelProto:
    """3×3 windows in series over one channel."""
    b = Builder()
    x = "image"
    for _ in range(windows):
        x = b.conv(x, 1, 1, 3)
    return b.model(x, (1, 1, size, size), rank=4)


def merges(count: int) -> onnx.ModelProto:
    """Residual blocks in series: twice as many paths after each."""
    b = Builder()
    x = "image"
    for _ in range(count):
        x = b.add("Add", [x, b.conv(x, 1, 1, 3)])
    return b.model(x, (1, 1, 64, 64), rank=4)


def dense_block(layers: int) -> onnx.ModelProto:
    """One dense block: the last layer reads the maps of all before it."""
    return densenet121(64, (layers,))


def strided(size: int) -> onnx.ModelProto:
    """Ten 3×3 windows of which every other has stride 2."""
    b = Builder()
    x = "image"
    for i in range(10):
        x = b.conv(x, 1, 1, 3, 1 + i % 2)
    return b.model(x, (1, 1, size, size), rank=4)
