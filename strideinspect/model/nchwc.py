"""Channels in blocks, as onnxruntime lays maps out in the models that it saves (com.microsoft.nchwc).

Source: onnxruntime's NCHWc transformer. How long a block is depends on the processor on which the model was saved.
ReorderInput fills the last block up without saying how far; it is put in for convolutions alone, and their weights
have as many channels as the map then has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx

from strideinspect.limits import MOST_CHANNELS
from strideinspect.model.node import Node, Shape

DOMAIN = "com.microsoft.nchwc"


def with_channels(nodes: Sequence[Node], weights: Mapping[str, tuple[Shape, int]]) -> tuple[Node, ...]:
    """The nodes, each ReorderInput with the attribute `channels`, as ReorderOutput has it: those that it makes.

    One that no convolution with known weights reads stays as it is.
    """
    wanted: dict[str, int] = {}
    for node in nodes:
        if (node.domain, node.op) == (DOMAIN, "Conv") and len(node.inputs) > 1 and node.inputs[1] in weights:
            shape, _ = weights[node.inputs[1]]
            count = shape[1] * node.integer("group", 1) if len(shape) > 1 else 0
            if 0 < count < MOST_CHANNELS:
                wanted[node.inputs[0]] = count
    return tuple(
        _with_attribute(node, wanted[node.key])
        if (node.domain, node.op) == (DOMAIN, "ReorderInput") and node.key in wanted
        else node
        for node in nodes
    )


def _with_attribute(node: Node, channels: int) -> Node:
    return node._replace(attributes={**node.attributes, "channels": onnx.helper.make_attribute("channels", channels)})
