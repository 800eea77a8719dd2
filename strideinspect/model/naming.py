"""One name, one tensor: names inside of subgraphs that stand elsewhere in the model, too, are made unique.

ONNX lets the two branches of an If use a name for different tensors, and lets a body hide one of the graph around it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx


def make_names_unique(graph: onnx.GraphProto) -> None:
    """Rename, in place, what the subgraphs of `graph` define under names that are in use already.

    Such a tensor is called after the node that it belongs to: NODE/ATTRIBUTE/NAME.
    """
    taken = set(_defined(graph))
    for node in graph.node:
        _rename_in_bodies(node, {}, taken)


def subgraphs(node: onnx.NodeProto) -> Iterator[tuple[str, onnx.GraphProto]]:
    """The graphs among a node's attributes, with the attributes' names."""
    for attribute in node.attribute:
        if attribute.HasField("g"):
            yield attribute.name, attribute.g
        for graph in attribute.graphs:
            yield attribute.name, graph


def captured(node: onnx.NodeProto) -> tuple[str, ...]:
    """The tensors that the bodies of a node take from the graph around it, each once, in the order of reading."""
    return tuple(dict.fromkeys(name for _, graph in subgraphs(node) for name in outside(graph)))


def outside(graph: onnx.GraphProto) -> Iterator[str]:
    """The names that a body reads and does not define, as often as it reads them."""
    own = set(_defined(graph))
    for node in graph.node:
        yield from (name for name in (*node.input, *captured(node)) if name and name not in own)
    yield from (value.name for value in graph.output if value.name not in own)


def _defined(graph: onnx.GraphProto) -> Iterator[str]:
    """The names that a graph itself gives."""
    yield from (value.name for value in graph.input)
    yield from (tensor.name for tensor in graph.initializer)
    yield from (tensor.values.name for tensor in graph.sparse_initializer)
    yield from (name for node in graph.node for name in node.output if name)


def _rename_in_bodies(node: onnx.NodeProto, around: Mapping[str, str], taken: set[str]) -> None:
    """Rename within the bodies of a node; `around` are the new names of what they may take from outside."""
    owner = node.name or next(iter(node.output), "")
    for attribute, graph in subgraphs(node):
        defined = set(_defined(graph))
        names = {name: new for name, new in around.items() if name not in defined}
        for name in sorted(defined & taken):
            names[name] = _free(f"{owner}/{attribute}/{name}", taken)
            taken.add(names[name])
        taken |= defined
        _rename(graph, names)
        for inner in graph.node:
            _rename_in_bodies(inner, names, taken)


def _free(name: str, taken: set[str]) -> str:
    found, number = name, 1
    while found in taken:
        number += 1
        found = f"{name}_{number}"
    return found


def _rename(graph: onnx.GraphProto, names: Mapping[str, str]) -> None:
    """Give what a graph defines, and what its own nodes read, these names."""
    if not names:
        return
    for value in (*graph.input, *graph.output, *graph.value_info):
        value.name = names.get(value.name, value.name)
    for tensor in graph.initializer:
        tensor.name = names.get(tensor.name, tensor.name)
    for sparse in graph.sparse_initializer:
        sparse.values.name = names.get(sparse.values.name, sparse.values.name)
    for node in graph.node:
        for side in (node.input, node.output):
            for place, name in enumerate(side):
                if name in names:
                    side[place] = names[name]
