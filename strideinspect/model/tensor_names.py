"""Look up tensors as a report calls them: by their own names, by their nodes' names and by layer paths.

A node's name stands for its first output, a layer's path for what leaves the layer: the tensors that something outside
of it uses, or that are outputs of the graph.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from strideinspect.model.node import Node
from strideinspect.model.shapes import Shapes
from strideinspect.model.source import layer_of
from strideinspect.nearest_name import nearest_name
from strideinspect.results.layer_paths import enclosing
from strideinspect.results.report import Unmatched


def matching(
    shapes: Shapes, patterns: Sequence[str], data_dependent: Container[str]
) -> tuple[tuple[str, ...], tuple[Unmatched, ...]]:
    """Tensors that a pattern matches, in graph order, and the patterns that match none.

    A pattern with wildcards means the tensors that depend on a graph input's values, not the weights beside them.
    """
    if not patterns:
        return (), ()
    names = _by_name(shapes)
    of_pattern = {
        pattern: names.get(pattern)
        or [
            tensor
            for name, tensors in names.items()
            if fnmatchcase(name, pattern)
            for tensor in tensors
            if tensor in data_dependent or tensor in shapes.unknown
        ]
        for pattern in patterns
    }
    chosen = {tensor for tensors in of_pattern.values() for tensor in tensors}
    missing = (pattern for pattern, tensors in of_pattern.items() if not tensors)
    return (
        tuple(name for name in _tensors(shapes) if name in chosen),
        tuple(_unmatched("tensors", pattern, names) for pattern in missing),
    )


def without_match(shapes: Shapes, setting: str, patterns: Sequence[str]) -> tuple[Unmatched, ...]:
    """The patterns of a setting that match no tensor, node or layer."""
    names = _by_name(shapes) if patterns else {}
    return tuple(_unmatched(setting, p, names) for p in patterns if not any(fnmatchcase(n, p) for n in names))


def outputs_without_match(shapes: Shapes, setting: str, patterns: Sequence[str]) -> tuple[Unmatched, ...]:
    """The patterns of a setting that match no output of the graph."""
    outputs = shapes.network.outputs
    return tuple(_unmatched(setting, p, outputs) for p in patterns if not any(fnmatchcase(o, p) for o in outputs))


def _unmatched(setting: str, pattern: str, names: Iterable[str]) -> Unmatched:
    return Unmatched(setting, pattern, nearest_name(pattern, names))


def named(shapes: Shapes, name: str) -> tuple[str, ...]:
    """The tensor with this name, else the first outputs of the nodes with it, else what leaves the layer with it."""
    if name in shapes.shapes or name in shapes.unknown:
        return (name,)
    return tuple(_by_name(shapes).get(name, ()))


def _by_name(shapes: Shapes) -> dict[str, list[str]]:
    """Tensors by their own names, else by their nodes' names, else by layer paths."""
    names = {tensor: [tensor] for tensor in _tensors(shapes)}
    for others in (_by_node(shapes.nodes), _by_layer(shapes)):
        for name, tensors in others.items():
            names.setdefault(name, tensors)
    return names


def _tensors(shapes: Shapes) -> Iterable[str]:
    """The graph's inputs, and every tensor that a node computes, in graph order; those of unknown shape, too."""
    yield from shapes.network.inputs
    yield from (name for node in shapes.nodes for name in node.outputs if name)


def _by_node(nodes: Iterable[Node]) -> Mapping[str, list[str]]:
    """First outputs by the node's name, which several may share."""
    names: dict[str, list[str]] = {}
    for node in nodes:
        if node.name and node.key:
            names.setdefault(node.name, []).append(node.key)
    return names


def _by_layer(shapes: Shapes) -> Mapping[str, list[str]]:
    """What leaves each layer, and each module around it, by path."""
    layers = {node.key: layer_of(node) for node in shapes.nodes}
    around = {key: enclosing(layer) if layer else () for key, layer in layers.items()}
    users: dict[str, list[set[str]]] = {}
    for node in shapes.nodes:
        own = set(around[node.key])
        for name in node.inputs:
            users.setdefault(name, []).append(own)
    outputs = set(shapes.network.outputs)
    names: dict[str, list[str]] = {}
    for node in shapes.nodes:
        for name in filter(None, node.outputs):
            for path in around[node.key]:
                if name in outputs or any(path not in user for user in users.get(name, ())):
                    names.setdefault(path, []).append(name)
    return names
