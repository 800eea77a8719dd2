"""Edits at a graph input: its end is cropped, or padded with zeros, before any node uses it."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

import numpy as np
import onnx
from onnx import helper, numpy_helper

from strideinspect.edit.edits import Edit, InsertNodes, SetInput
from strideinspect.model.network import Network
from strideinspect.model.subgraphs import captured

_SLICE_INPUTS, _PAD_INPUTS = 10, 11
"""The versions of ONNX from which on Slice and Pad get their numbers as inputs."""


def cropped(network: Network, name: str, sizes: Mapping[int, int]) -> list[Edit]:
    """Let every node use only the first `sizes` indices along these axes; empty where a subgraph uses the input."""
    axes = list(sizes)
    starts, ends = [0] * len(axes), [sizes[axis] for axis in axes]
    fresh = _fresh(network, name, "cropped")
    if network.opsets.get("", 1) >= _SLICE_INPUTS:
        numbers = [("starts", starts), ("ends", ends), ("axes", axes)]
        nodes = _with_constants("Slice", name, fresh, numbers)
    else:
        nodes = [helper.make_node("Slice", [name], [fresh], name=fresh, starts=starts, ends=ends, axes=axes)]
    return _before_all(network, name, fresh, nodes)


def padded(network: Network, name: str, rank: int, amounts: Mapping[int, int]) -> list[Edit]:
    """Let every node use the input with so many zeros behind it along these axes; empty where a subgraph uses it."""
    pads = [0] * rank + [amounts.get(axis, 0) for axis in range(rank)]
    fresh = _fresh(network, name, "padded")
    if network.opsets.get("", 1) >= _PAD_INPUTS:
        nodes = _with_constants("Pad", name, fresh, [("pads", pads)])
    else:
        nodes = [helper.make_node("Pad", [name], [fresh], name=fresh, pads=pads)]
    return _before_all(network, name, fresh, nodes)


def _with_constants(op: str, name: str, fresh: str, numbers: Sequence[tuple[str, list[int]]]) -> list[onnx.NodeProto]:
    """The node, behind nodes with its numbers: initializers of old models have to be listed among the inputs."""
    constants = [
        helper.make_node(
            "Constant", [], [f"{fresh}_{what}"], name=f"{fresh}_{what}",
            value=numpy_helper.from_array(np.array(values, np.int64)),
        )
        for what, values in numbers
    ]  # fmt: skip
    inputs = [name, *(f"{fresh}_{what}" for what, _ in numbers)]
    return [*constants, helper.make_node(op, inputs, [fresh], name=fresh)]


def _before_all(network: Network, name: str, fresh: str, nodes: Sequence[onnx.NodeProto]) -> list[Edit]:
    users = [node for node in network.nodes if name in node.proto.input]
    if not users or any(name in captured(node.proto) for node in network.nodes):
        return []
    rewired = [
        SetInput(node.key, position, fresh)
        for node in users
        for position, used in enumerate(node.proto.input)
        if used == name
    ]
    return [InsertNodes(users[0].key, tuple(nodes)), *rewired]


def _fresh(network: Network, name: str, what: str) -> str:
    """A name that no tensor or node of the model has."""
    taken = {*network.inputs, *network.weights}
    for node in network.nodes:
        taken.update((node.name, *node.outputs, *node.proto.input))
    return _free(f"{name}_{what}", taken)


def _free(name: str, taken: Container[str]) -> str:
    number, free = 1, name
    while free in taken or f"{free}_pads" in taken or f"{free}_starts" in taken:
        number += 1
        free = f"{name}_{number}"
    return free
