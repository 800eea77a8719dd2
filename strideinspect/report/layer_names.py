"""What the window table calls its rows: by the layer in the model's source, where the export has its path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from strideinspect.results.report import WindowNode


def layer_names(nodes: Sequence[WindowNode]) -> Mapping[str, str]:
    """A name for each window node, by its first output.

    The path of its layer; where several nodes share that, as two pools in one `forward` do, with the end of the node's
    own name behind it, and its whole name where that is not enough. Without a path the node's name.
    """
    layers = {node.output: _layer(node) for node in nodes}
    paths = Counter(layers.values())
    ends = Counter((layers[node.output], _end(node)) for node in nodes)

    def name(node: WindowNode) -> str:
        layer = layers[node.output]
        if not layer:
            return node.label
        if paths[layer] == 1:
            return layer
        return f"{layer} ({_end(node) if ends[layer, _end(node)] == 1 else node.label})"

    return {node.output: name(node) for node in nodes}


def _layer(node: WindowNode) -> str:
    return (node.source.scope if node.source else None) or ""


def _end(node: WindowNode) -> str:
    return node.label.rpartition("/")[2]
