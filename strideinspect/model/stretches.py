"""A graph in stretches of consecutive nodes, which are inferred once for all sizes that have the same maps before them.

The later a map, the fewer sizes it has: at most sizes of an image the second half of a network is as at another one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import is_

from msgspec import Struct

from strideinspect.limits import LONGEST_STRETCH
from strideinspect.model.geometry import Geometry
from strideinspect.model.if_branches import Replacement
from strideinspect.model.network import ConstantEntries, Network
from strideinspect.model.node import Node, Shape
from strideinspect.model.window import WindowAttributes

DECIDED_BY_SHAPES = frozenset(
    {"Add", "AveragePool", "BatchNormalization", "Conv", "LeakyRelu", "MaxPool", "Mul", "Relu", "Sigmoid"}
)
"""Frequent operators whose output shape and reads never depend on the values of an input."""

MemoKey = tuple[object, ...]
"""What decides what a node makes of its inputs: their shapes, whether sizes differ from what the file declares, and the
values of those inputs that were computed from shapes."""


class Placed(Struct, frozen=True):
    """What a node makes of inputs of some shapes."""

    node: Node
    shapes: tuple[Shape | None, ...]
    dtypes: tuple[int, ...]
    geometry: Geometry | None
    constants: ConstantEntries | None = None  # values of the outputs
    size_dependent: tuple[str, ...] = ()  # those of them that were computed from shapes


class Stretch(Struct, frozen=True):
    """Consecutive nodes of a graph, and the tensors from before them that they use, initializers left out."""

    nodes: tuple[Node, ...]
    inputs: tuple[str, ...]

    def is_of(self, nodes: Sequence[Node]) -> bool:
        """Whether these are the nodes, none of them replaced by others."""
        return len(nodes) == len(self.nodes) and all(map(is_, nodes, self.nodes))


class PlacedStretch(Struct, eq=False):
    """What a stretch makes of inputs of some shapes; one object at all sizes, so that it can be a key."""

    nodes: tuple[Node, ...]
    operators: frozenset[str]
    keys: Mapping[str, MemoKey]
    shapes: Mapping[str, Shape]
    dtypes: Mapping[str, int]
    geometries: Mapping[str, Geometry]
    constants: ConstantEntries | None
    size_dependent: tuple[str, ...]


class Given(Struct, frozen=True):
    """What the file alone says of its initializers: their shapes and types, and why one has no shape."""

    shapes: dict[str, Shape]
    dtypes: dict[str, int]
    unknown: dict[str, str]


class ShapesMemo(Struct, eq=False):
    """What nodes and stretches made of their inputs, kept from size to size of one network; filled by use.

    Nodes go by their first output, stretches by their first node. `kinds` numbers nodes that differ in their names
    alone, by first output; nodes of one kind, whose key and types are the same, are `alike`.
    """

    stretches: tuple[Stretch, ...]
    kinds: Mapping[str, int]
    given: Given | None = None
    attributes: dict[str, WindowAttributes] = {}
    nodes: dict[str, dict[MemoKey, Placed]] = {}
    alike: dict[tuple[int, MemoKey, tuple[int | None, ...]], Placed] = {}
    placed: dict[tuple[str, MemoKey], PlacedStretch] = {}
    replaced: dict[tuple[str, bool | None], Replacement | None] = {}

    @classmethod
    def of(cls, network: Network) -> ShapesMemo:
        """One of which nothing is known yet."""
        return cls(tuple(_stretches(network)), _kinds(network))


def _stretches(network: Network) -> list[Stretch]:
    """The graph in stretches that double in length: the first maps are the ones that differ."""
    cut, done, length = [], 0, 1
    while done < len(network.nodes):
        nodes = network.nodes[done : done + length]
        made = {name for node in nodes for name in node.outputs} | {""}
        used = dict.fromkeys(name for node in nodes for name in node.inputs)
        inputs = tuple(name for name in used if name not in made and name not in network.weights)
        cut.append(Stretch(nodes, inputs))
        done, length = done + length, min(2 * length, LONGEST_STRETCH)
    return cut


def _kinds(network: Network) -> dict[str, int]:
    """The kind of each node whose outputs and reads follow from attributes, shapes and types alone."""
    numbers: dict[tuple[object, ...], int] = {}
    kinds = {}
    for node in network.nodes if not network.operators else ():
        if node.key and node.inputs and not node.domain and node.op in DECIDED_BY_SHAPES and len(node.outputs) == 1:
            attributes = tuple(attribute.SerializeToString() for attribute in node.attributes.values())
            what = (node.op, node.version, tuple(map(bool, node.inputs)), attributes)
            kinds[node.key] = numbers.setdefault(what, len(numbers))
    return kinds
