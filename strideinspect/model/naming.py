"""Make the tensor names of subgraphs unique throughout the model.

ONNX allows the two branches of an If to use one name for different tensors, and a body to shadow an outer name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from strideinspect.model.subgraphs import defined, named_subgraphs

if TYPE_CHECKING:
    import onnx


def make_names_unique(graph: onnx.GraphProto) -> None:
    """Rename, in place, what the subgraphs of `graph` define under names that are in use already.

    The new name contains the node that the subgraph belongs to: NODE/ATTRIBUTE/NAME.
    """
    taken = set(defined(graph))
    for node in graph.node:
        _rename_in_bodies(node, {}, taken)


def _rename_in_bodies(node: onnx.NodeProto, around: Mapping[str, str], taken: set[str]) -> None:
    """Rename within the bodies of a node; `around` are the new names of the outer tensors that they may use."""
    owner = node.name or next(iter(node.output), "")
    for attribute, graph in named_subgraphs(node):
        own = set(defined(graph))
        names = {name: new for name, new in around.items() if name not in own}
        for name in sorted(own & taken):
            names[name] = _free(f"{owner}/{attribute}/{name}", taken)
            taken.add(names[name])
        taken |= own
        _rename(graph, names)
        for inner in graph.node:
            _rename_in_bodies(inner, names, taken)


def _free(name: str, taken: set[str]) -> str:
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    return candidate


def _rename(graph: onnx.GraphProto, names: Mapping[str, str]) -> None:
    """Rename the tensors that a graph defines, and the inputs of its own nodes."""
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
