"""What is known of a stretch of nodes at one size, taken from the shapes of all tensors and entered at another size."""

from __future__ import annotations

from collections.abc import Sequence

from strideinspect.model.node import Node
from strideinspect.model.shapes import Shapes
from strideinspect.model.stretches import PlacedStretch, Stretch


def placed_stretch(result: Shapes, stretch: Stretch, nodes: Sequence[Node]) -> PlacedStretch | None:
    """What a stretch made of its inputs, inferred as `nodes`; None unless the shapes of its inputs decide all of it."""
    if not stretch.is_of(nodes) or not result.memo_keys.keys() >= {node.key for node in nodes}:
        return None
    outputs = [name for node in nodes for name in node.outputs if name]
    if not result.shapes.keys() >= set(outputs):
        return None
    return PlacedStretch(
        nodes=stretch.nodes,
        operators=frozenset([node.op for node in nodes]),
        keys={node.key: result.memo_keys[node.key] for node in nodes},
        shapes={name: result.shapes[name] for name in outputs},
        dtypes={name: result.dtypes[name] for name in outputs if name in result.dtypes},
        geometries={node.key: result.geometries[node.key] for node in nodes if node.key in result.geometries},
        constants=result.constants.entries(outputs),
        size_dependent=tuple([name for name in outputs if name in result.size_dependent]),
    )


def enter_stretch(result: Shapes, placed: PlacedStretch) -> None:
    """Enter at another size what a stretch makes of inputs of the same shapes."""
    result.nodes.extend(placed.nodes)
    result.memo_keys.update(placed.keys)
    result.shapes.update(placed.shapes)
    result.dtypes.update(placed.dtypes)
    result.geometries.update(placed.geometries)
    result.size_dependent.update(placed.size_dependent)
    if placed.constants is not None:
        result.constants.enter(placed.constants)
