"""Edits of a graph, as data, and what they make of its nodes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import assert_never

import onnx
from msgspec import Struct, structs
from onnx import helper

from strideinspect.model.load import LoadedModel

Setting = tuple[int, ...] | int | str


class SetAttribute(Struct, frozen=True):
    """Give the node with this first output an attribute; with None, take it away."""

    node: str
    name: str
    value: Setting | None


class SetInput(Struct, frozen=True):
    """Let a node use another tensor as one of its inputs."""

    node: str
    position: int
    tensor: str


class InsertNodes(Struct, frozen=True):
    """Put nodes before the node with this first output."""

    before: str
    nodes: tuple[onnx.NodeProto, ...]


class SetWeightShape(Struct, frozen=True):
    """Give a weight another shape. It has no values then, so that the model can be analysed, but not saved."""

    tensor: str
    shape: tuple[int, ...]


Edit = SetAttribute | SetInput | InsertNodes | SetWeightShape


def key_of(node: onnx.NodeProto) -> str:
    """The name of the first output: what edits call a node."""
    return next(filter(None, node.output), "")


def apply_to_node(node: onnx.NodeProto, edits: Iterable[Edit]) -> None:
    """Change a node in place by those edits that are about a node itself."""
    for edit in edits:
        match edit:
            case SetAttribute():
                _set_attribute(node, edit)
            case SetInput():
                node.input[edit.position] = edit.tensor
            case InsertNodes() | SetWeightShape():
                pass
            case _:
                assert_never(edit)


def _set_attribute(node: onnx.NodeProto, edit: SetAttribute) -> None:
    for at, attribute in enumerate(node.attribute):
        if attribute.name == edit.name:
            if edit.value is None:
                del node.attribute[at]
            else:
                attribute.CopyFrom(helper.make_attribute(edit.name, edit.value))
            return
    if edit.value is not None:
        node.attribute.append(helper.make_attribute(edit.name, edit.value))


def node_of(edit: Edit) -> str | None:
    """The node that an edit is about; None for one about a weight."""
    match edit:
        case SetAttribute() | SetInput():
            return edit.node
        case InsertNodes():
            return edit.before
        case SetWeightShape():
            return None
        case _:
            assert_never(edit)


def editable(model: LoadedModel) -> frozenset[str]:
    """The nodes that edits reach, by first output: those of the graph itself, none of a branch or a Loop."""
    return frozenset(map(key_of, model.proto.graph.node))


def edited(model: LoadedModel, edits: Sequence[Edit]) -> LoadedModel:
    """The model with the edits in memory; its weights stay in the file."""
    proto = onnx.ModelProto()
    proto.CopyFrom(model.proto)
    nodes: list[onnx.NodeProto] = []
    for node in proto.graph.node:
        own = [edit for edit in edits if node_of(edit) == key_of(node)]
        nodes += [inserted for edit in own if isinstance(edit, InsertNodes) for inserted in edit.nodes]
        apply_to_node(node, own)
        nodes.append(node)
    if len(nodes) > len(proto.graph.node):
        copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
        del proto.graph.node[:]
        proto.graph.node.extend(copies)
    shapes = {edit.tensor: edit.shape for edit in edits if isinstance(edit, SetWeightShape)}
    for tensor in proto.graph.initializer:
        if tensor.name in shapes:
            del tensor.dims[:]
            tensor.dims.extend(shapes[tensor.name])
    return structs.replace(model, proto=proto)
