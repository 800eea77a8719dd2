"""Rarer steps of generated graphs: shape arithmetic, second inputs, recurrent layers, classifiers in the middle."""

from __future__ import annotations

import math

import numpy as np
import onnx

from tests.graph_builder import Builder, UnfitError, emitter
from tests.graph_steps import join


def _length(b: Builder, axis: int) -> str:
    """The current map's extent, computed in the graph: Shape, Gather."""
    source = b.current
    extent = b.add("Gather", [b.add("Shape", [source]), b.constant([axis])], axis=0)
    b.current = source
    return extent


@emitter
def computed_crop(b: Builder, start: int, less: int) -> None:
    """A Slice whose end is computed from the map's own size."""
    if b.opset < 10:
        raise UnfitError("ends are an attribute before operator set 10")
    source = b.current
    end = b.add("Sub", [_length(b, 2), b.constant([less])])
    b.add("Slice", [source, b.constant([start]), end, b.constant([2])])


@emitter
def computed_resize(b: Builder, factor: int, mode: str) -> None:
    """A Resize whose sizes are computed from the map's own size, by a whole factor."""
    if b.opset < 11:
        raise UnfitError("sizes since operator set 11")
    source, rank = b.current, len(b.now())
    kept = b.add("Slice", [b.add("Shape", [source]), b.constant([0]), b.constant([2])])
    b.current = source
    lengths = b.add("Slice", [b.add("Shape", [source]), b.constant([2]), b.constant([rank])])
    sizes = b.add("Concat", [kept, b.add("Mul", [lengths, b.constant([factor])])], axis=0)
    empty = b.constant(np.zeros(0, dtype=np.float32))
    b.add("Resize", [source, empty, empty, sizes], mode=mode, coordinate_transformation_mode="asymmetric")


@emitter
def expanded(b: Builder, times: int) -> None:
    """Nearest upsampling of the last axis by Unsqueeze, Expand, Reshape."""
    shape = b.now()
    if b.opset < 13:
        b.add("Unsqueeze", [b.current], axes=[len(shape)])
    else:
        b.add("Unsqueeze", [b.current, b.constant([-1])])
    b.add("Expand", [b.current, b.constant([*shape, times])])
    b.add("Reshape", [b.current, b.constant([0] * (len(shape) - 1) + [-1])])


@emitter
def channel_norm(b: Builder, op: str) -> None:
    """Group normalisation, or local response normalisation over channels."""
    shape = b.now()
    if op == "LRN":
        b.add(op, [b.current], size=3)
        return
    if b.opset < 21 or shape[1] % 2:
        raise UnfitError("one scale per channel since operator set 21")
    b.add(op, [b.current, b.weight(shape[1]), b.weight(shape[1])], num_groups=2)


@emitter
def recurrent(b: Builder, direction: str) -> None:
    """A GRU along the only spatial axis."""
    batch, channels, *lengths = b.now()
    if len(lengths) != 1 or batch != 1:
        raise UnfitError("one axis only")
    sides = 2 if direction == "bidirectional" else 1
    b.add("Transpose", [b.current], perm=[2, 0, 1])
    gates = [b.weight(sides, 3 * channels, channels), b.weight(sides, 3 * channels, channels)]
    b.add("GRU", [b.current, *gates], hidden_size=channels, direction=direction)
    b.add("Transpose", [b.current], perm=[2, 1, 3, 0])
    b.add("Reshape", [b.current, b.constant([1, sides * channels, lengths[0]])])


@emitter
def dense(b: Builder) -> None:
    """Flatten, Gemm and back: every index sees everything."""
    shape = b.now()
    size = math.prod(shape[1:])
    b.add("Flatten", [b.current])
    b.add("Gemm", [b.current, b.weight(size, size)])
    b.add("Reshape", [b.current, b.constant([-1, *shape[1:]])])


@emitter
def second_input(b: Builder, merge: str) -> None:
    """Another graph input beside the current map, with a convolution of its own."""
    name, shape = b.fresh(), b.now()
    b.inputs.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape))
    ends = [b.current, b.add("Conv", [name, b.weight(shape[1], shape[1], *[2] * (len(shape) - 2))])]
    join(b, ends, merge, 1)


@emitter
def adaptive_pool(b: Builder, count: int) -> None:
    """Adaptive average pooling of the last axis as PyTorch exports it: windows picked element by element."""
    shape = b.now()
    length = shape[-1]
    if b.opset < 13:
        raise UnfitError("GatherND with a Where of floats")
    starts = np.arange(count) * length // count
    ends = -(-(np.arange(count) + 1) * length // count)
    taps = starts[:, None] + np.arange((ends - starts).max())
    last = len(shape) - 1
    b.add("Transpose", [b.current], perm=[last, *range(last)])
    b.add("GatherND", [b.current, b.constant(np.minimum(taps, length - 1)[..., None])])
    b.add("Transpose", [b.current], perm=[*range(2, last + 2), 0, 1])
    b.add("Where", [b.constant(taps >= ends[:, None]), b.constant(np.zeros((), dtype=np.float32)), b.current])
    b.add("ReduceMean", [b.current], axes=[-1], keepdims=0) if b.opset < 18 else b.add(
        "ReduceMean", [b.current, b.constant([-1])], keepdims=0
    )


@emitter
def depthwise_by_input(b: Builder) -> None:
    """A convolution whose weight is cut from the map itself, as in Siamese tracking."""
    shape = b.now()
    if b.opset < 10 or any(extent < 2 for extent in shape[2:]):
        raise UnfitError("needs a map of two indices")
    source, axes = b.current, list(range(2, len(shape)))
    b.add("Slice", [source, b.constant([0] * len(axes)), b.constant([2] * len(axes)), b.constant(axes)])
    b.add("Conv", [source, b.current])
