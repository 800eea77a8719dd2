"""The blocked channel layout of models saved by onnxruntime (com.microsoft.nchwc).

Source: onnxruntime's NCHWc transformer. The block size depends on the processor on which the model was saved.
ReorderInput pads the channels to whole blocks, but the file does not give the padded number. It is inserted only before
convolutions, so it is taken from their weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import onnx
from msgspec import structs

from strideinspect.limits import MOST_CHANNELS
from strideinspect.model.node import Node, Shape

DOMAIN = "com.microsoft.nchwc"


def with_channels(nodes: Sequence[Node], weights: Mapping[str, tuple[Shape, int]]) -> tuple[Node, ...]:
    """The nodes, each ReorderInput with the attribute `channels` that ReorderOutput has too: its output channels.

    A ReorderInput whose output no convolution with known weights reads is not changed.
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
    return structs.replace(
        node, attributes={**node.attributes, "channels": onnx.helper.make_attribute("channels", channels)}
    )
