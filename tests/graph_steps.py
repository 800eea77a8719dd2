"""What a generated graph is made of: one emitter per kind of step."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import onnx

from tests.graph_builder import Attribute, Builder, Step, UnfitError, emitter


@emitter
def conv(b: Builder, kernel: list[int], channels: int, group: str, **attributes: Attribute) -> None:
    """A convolution: dense, in two groups or depthwise."""
    own = b.now()[1]
    groups = {"dense": 1, "two": 2, "depthwise": own}[group]
    if own % groups or channels % groups:
        raise UnfitError("channels do not divide")
    b.add("Conv", [b.current, b.weight(channels, own // groups, *kernel)], group=groups, **attributes)


@emitter
def conv_transpose(b: Builder, kernel: list[int], channels: int, **attributes: Attribute) -> None:
    """A transposed convolution."""
    b.add("ConvTranspose", [b.current, b.weight(b.now()[1], channels, *kernel)], **attributes)


@emitter
def pool(b: Builder, op: str, kernel_shape: list[int], **attributes: Attribute) -> None:
    """A pooling. A window larger than the padded map is left out: onnxruntime makes an output, the standard none."""
    pads, dilations = attributes.get("pads"), attributes.get("dilations")
    for axis, (size, length) in enumerate(zip(kernel_shape, b.now()[2:], strict=True)):
        room = length + (int(pads[axis] + pads[axis + len(kernel_shape)]) if isinstance(pads, list) else 0)
        extent = (int(dilations[axis]) if isinstance(dilations, list) else 1) * (size - 1) + 1
        if extent > room:
            raise UnfitError("the window exceeds the map")
    b.add(op, [b.current], kernel_shape=kernel_shape, **attributes)


@emitter
def global_pool(b: Builder, op: str) -> None:
    """One window over everything."""
    b.add(op, [b.current])


@emitter
def pointwise(b: Builder, op: str) -> None:
    """An activation, or a normalisation at inference."""
    channels = b.now()[1]
    if op == "BatchNormalization":
        b.add(op, [b.current, *(b.weight(channels) for _ in range(4))])
    elif op == "Add":
        b.add(op, [b.current, b.weight(channels, *[1] * (len(b.now()) - 2))])
    else:
        b.add(op, [b.current])


@emitter
def pad(b: Builder, mode: str, pads: list[int]) -> None:
    """A Pad node over the spatial axes."""
    shape = b.now()
    rank = len(pads) // 2
    reach = [extent + min(0, pads[axis]) + min(0, pads[axis + rank]) for axis, extent in enumerate(shape[2:])]
    most = {"reflect": -1, "wrap": 0}.get(mode, 99)
    if any(left < 1 or max(pads[axis], pads[axis + rank]) > left + most for axis, left in enumerate(reach)):
        raise UnfitError("more padding than there is to repeat")
    amounts = [0, 0, *pads[:rank], 0, 0, *pads[rank:]]
    if b.opset < 11:
        b.add("Pad", [b.current], mode=mode, pads=amounts)
    else:
        b.add("Pad", [b.current, b.constant(amounts)], mode=mode)


@emitter
def crop(b: Builder, starts: list[int], ends: list[int], steps: list[int]) -> None:
    """A Slice over the spatial axes; a negative step runs from the end."""
    axes = list(range(2, 2 + len(starts)))
    if b.opset < 10:
        if any(step != 1 for step in steps):
            raise UnfitError("no steps before operator set 10")
        b.add("Slice", [b.current], starts=starts, ends=ends, axes=axes)
        return
    begin = [start if step > 0 else end for start, end, step in zip(starts, ends, steps, strict=True)]
    stop = [end if step > 0 else start - 2**31 for start, end, step in zip(starts, ends, steps, strict=True)]
    b.add("Slice", [b.current, b.constant(begin), b.constant(stop), b.constant(axes), b.constant(steps)])


@emitter
def resize(b: Builder, scales: list[float], mode: str, coordinates: str, nearest: str, *, by_size: bool) -> None:
    """Resize or, in old operator sets, Upsample."""
    factors = np.array([1, 1, *scales], dtype=np.float32)
    if b.opset < 9:
        b.add("Upsample", [b.current], mode=mode, scales=[float(factor) for factor in factors])
    elif b.opset < 11:
        b.add("Upsample" if b.opset < 10 else "Resize", [b.current, b.constant(factors)], mode=mode)
    else:
        sizes = [math.ceil(extent * factor) for extent, factor in zip(b.now(), factors, strict=True)]
        roi = b.constant(np.zeros(0, dtype=np.float32))
        steering = [b.constant(np.zeros(0, np.float32)), b.constant(sizes)] if by_size else [b.constant(factors)]
        attributes: dict[str, Attribute] = {"nearest_mode": nearest} if mode == "nearest" else {}
        b.add(
            "Resize",
            [b.current, roi, *steering],
            mode=mode,
            coordinate_transformation_mode=coordinates,
            **attributes,
        )


@emitter
def shuffle(b: Builder, factor: int, *, up: bool) -> None:
    """Pixel shuffle of the first spatial axis, spelled as exporters do: Reshape, Transpose, Reshape."""
    batch, channels, length, *rest = b.now()
    if (channels if up else length) % factor:
        raise UnfitError("not divisible")
    tail = list(range(4, 4 + len(rest)))
    if up:
        b.add("Reshape", [b.current, b.constant([batch, channels // factor, factor, length, *rest])])
        b.add("Transpose", [b.current], perm=[0, 1, 3, 2, *tail])
        b.add("Reshape", [b.current, b.constant([batch, channels // factor, length * factor, *rest])])
    else:
        b.add("Reshape", [b.current, b.constant([batch, channels, length // factor, factor, *rest])])
        b.add("Transpose", [b.current], perm=[0, 1, 3, 2, *tail])
        b.add("Reshape", [b.current, b.constant([batch, channels * factor, length // factor, *rest])])


@emitter
def block(b: Builder, op: str, size: int, mode: str) -> None:
    """DepthToSpace or SpaceToDepth (four axes only)."""
    shape = b.now()
    if len(shape) != 4 or (op == "DepthToSpace" and shape[1] % size**2):
        raise UnfitError("needs four axes and enough channels")
    attributes: dict[str, Attribute] = {"mode": mode} if op == "DepthToSpace" and b.opset >= 11 else {}
    b.add(op, [b.current], blocksize=size, **attributes)


@emitter
def gather(b: Builder, stride: int, axis: int) -> None:
    """Constant indices along one axis: every `stride`-th, from the end when negative."""
    extent = b.now()[axis]
    b.add("Gather", [b.current, b.constant(list(range(extent))[::stride])], axis=axis)


@emitter
def repeat(b: Builder, times: int) -> None:
    """Nearest upsampling of the last axis as Keras spells it: Reshape, Tile, Reshape."""
    shape = b.now()
    b.add("Reshape", [b.current, b.constant([*shape, 1])])
    b.add("Tile", [b.current, b.constant([1] * len(shape) + [times])])
    b.add("Reshape", [b.current, b.constant([*shape[:-1], shape[-1] * times])])


@emitter
def channels_last(b: Builder) -> None:
    """To channels last, an activation there, and back."""
    rank = len(b.now())
    b.add("Transpose", [b.current], perm=[0, *range(2, rank), 1])
    b.add("Relu", [b.current])
    b.add("Transpose", [b.current], perm=[0, rank - 1, *range(1, rank - 1)])


@emitter
def swap_spatial(b: Builder) -> None:
    """Exchange the last two spatial axes."""
    rank = len(b.now())
    if rank < 4:
        raise UnfitError("only one spatial axis")
    b.add("Transpose", [b.current], perm=[*range(rank - 2), rank - 1, rank - 2])


@emitter
def gate(b: Builder, op: str) -> None:
    """Squeeze and excite: a statistic of the whole map multiplies it."""
    source = b.current
    shape = b.now()
    if op == "ReduceMean" and b.opset >= 18:
        b.add(op, [source, b.constant(list(range(2, len(shape))))], keepdims=1)
    elif op == "ReduceMean":
        b.add(op, [b.current], axes=list(range(2, len(shape))), keepdims=1)
    else:
        b.add(op, [b.current])
    b.add("Conv", [b.current, b.weight(shape[1], shape[1], *[1] * (len(shape) - 2))])
    b.add("Mul", [source, b.current])


@emitter
def normalise(b: Builder, op: str, axis: int) -> None:
    """Softmax, instance, layer or group normalisation."""
    shape = b.now()
    if op == "InstanceNormalization":
        b.add(op, [b.current, b.weight(shape[1]), b.weight(shape[1])])
    elif op == "LayerNormalization":
        if b.opset < 17:
            raise UnfitError("since operator set 17")
        b.add(op, [b.current, b.weight(*shape[axis:])], axis=axis)
    else:
        b.add(op, [b.current], axis=axis)


@emitter
def prefix(b: Builder, *, reverse: int, exclusive: int) -> None:
    """CumSum along the first spatial axis."""
    if b.opset < 11 or b.now()[2] == 1:
        raise UnfitError("since operator set 11, and of one index an exclusive sum is nothing")
    b.add("CumSum", [b.current, b.constant(np.array(2, dtype=np.int64))], reverse=reverse, exclusive=exclusive)


@emitter
def mix(b: Builder) -> None:
    """A matrix product along the last axis, as in token mixing."""
    extent = b.now()[-1]
    b.add("MatMul", [b.current, b.weight(extent, extent)])


@emitter
def split_and_join(b: Builder, left: list[Step], right: list[Step]) -> None:
    """Half of the channels through each branch, joined along channels."""
    channels = b.now()[1]
    if channels % 2:
        raise UnfitError("odd channels")
    source, pieces = b.current, (b.fresh(), b.fresh())
    attributes: dict[str, Any] = {} if b.opset < 18 else {"num_outputs": 2}
    b.nodes.append(onnx.helper.make_node("Split", [source], pieces, axis=1, **attributes))
    ends = []
    for piece, steps in zip(pieces, (left, right), strict=True):
        b.current = piece
        for step in steps:
            b.apply(step)
        ends.append(b.current)
    join(b, ends, "Concat", axis=1)


@emitter
def diamond(b: Builder, left: list[Step], right: list[Step], merge: str, axis: int) -> None:
    """Two branches from the current tensor, cut to one size and merged."""
    source, ends = b.current, []
    for steps in (left, right):
        b.current = source
        for step in steps:
            b.apply(step)
        ends.append(b.current)
    join(b, ends, merge, axis)


def join(b: Builder, ends: list[str], merge: str, axis: int) -> None:
    """Cut the larger branch at its end where sizes differ, and merge."""
    ran = b.run().values
    shapes = [b.shape if name == "x" else ran[name].shape for name in ends]
    spatial = range(2, len(shapes[0]))
    fit = [min(shape[other] for shape in shapes) for other in spatial]
    cut = []
    for name, shape in zip(ends, shapes, strict=True):
        b.current = name
        if any(shape[other] != fit[other - 2] and not (merge == "Concat" and other == axis) for other in spatial):
            ends_at = [shape[other] if merge == "Concat" and other == axis else fit[other - 2] for other in spatial]
            crop(b, [0] * len(fit), ends_at, [1] * len(fit))
        cut.append(b.current)
    if merge == "Concat":
        b.add(merge, cut, axis=axis)
    else:
        b.add(merge, cut)
