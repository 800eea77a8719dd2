"""Col2Im: the entries that each pixel adds up are observed by running onnxruntime's operator."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Final

import numpy as np
import onnx
from msgspec import structs
from onnx import helper, numpy_helper

from strideinspect.limits import MOST_TAPS
from strideinspect.results.field import Shape
from strideinspect.verify.axis_questions import ObservedTaps
from strideinspect.verify.probe.call import Call, operators
from strideinspect.verify.probe.shaping import reshaped
from strideinspect.verify.probe.value import InexpressibleError, Value
from strideinspect.verify.run_model import session

_PER_AXIS: Final = ("dilations", "pads", "strides")


@operators("Col2Im")
def columns_to_image(call: Call) -> Sequence[Value | None]:
    """[batch, channels · block, blocks] to [batch, channels, image…]: a pixel reads the blocks that cover it."""
    call.only(0)
    value, shape = call.required(), call.shape_out()
    block = call.numbers(2, "block_shape")
    if block is None:
        raise InexpressibleError("its block is not known")
    if call.build.borders:
        raise InexpressibleError("what the ends of its image reach was not observed")
    attributes = tuple((key, tuple(call.attributes[key])) for key in _PER_AXIS if key in call.attributes)
    entries = prod(block) * value.shape[2]
    table = _adds_up(shape[2:], tuple(block), value.shape[2], attributes, call.known.opset)
    flat = reshaped(call.build, value, (*shape[:2], entries))
    spread = call.build.read(flat, 2, table)
    folded = reshaped(call.build, spread, shape)
    roles = folded.roles
    if roles.position_axes & {1, 2}:  # the channels of one position have the same field
        image = {k for k in range(2, len(shape)) if shape[k] > 1}
        roles = structs.replace(roles, position_axes=(roles.position_axes - {1}) | image)
    return [structs.replace(folded, roles=roles)]


@lru_cache
def _adds_up(
    image: Shape, block: Shape, blocks: int, attributes: tuple[tuple[str, Shape], ...], opset: int
) -> ObservedTaps:
    """Which entries of one channel, flattened from [block, blocks], each pixel reads.

    Each entry of the block is active alone, once with value 1 and once with the number of the block.
    """
    taps = prod(block)
    if 2 * taps * taps * blocks > MOST_TAPS:
        raise InexpressibleError("it is too large to ask onnxruntime what it reads")
    alone = np.eye(taps)[:, :, None] * np.ones(blocks)
    fed = np.concatenate([alone, alone * np.arange(1, blocks + 1)]).astype(np.float32)
    node = helper.make_node("Col2Im", ["active", "image", "block"], ["answer"])
    node.attribute.extend(helper.make_attribute(key, numbers) for key, numbers in attributes)
    sizes = [numpy_helper.from_array(np.array(size, np.int64), n) for n, size in (("image", image), ("block", block))]
    given = helper.make_tensor_value_info("active", onnx.TensorProto.FLOAT, fed.shape)
    graph = helper.make_graph([node], "folding", [given], [onnx.ValueInfoProto(name="answer")], sizes)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    (answer,) = session(model, threads=1).run(None, {"active": fed})
    active, numbered = answer.reshape(2, taps, -1)
    if not np.isin(active, (0, 1)).all():
        raise InexpressibleError("it adds up two blocks at the same entry")
    reads = np.where(active == 1, numbered - 1 + blocks * np.arange(taps)[:, None], -1).astype(np.int32).T
    return ObservedTaps(taps * blocks, np.sort(np.where(reads < 0, reads.max(axis=1, keepdims=True), reads), axis=1))
