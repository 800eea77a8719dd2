"""What is known of every tensor at one input size: shapes, types, small constants, and why anything is unknown."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import Enum
from types import MappingProxyType

from msgspec import Struct

from strideinspect.limits import MOST_CONSTANT_INTEGERS
from strideinspect.model.geometry import Geometry, PoolIndices
from strideinspect.model.if_branches import IfBranch
from strideinspect.model.network import Constants, Network
from strideinspect.model.node import WITH_BODIES, Node, PlacedNode, Shape
from strideinspect.model.stretches import MemoKey, PlacedStretch, ShapesMemo, Stretch

_UNPOOL = frozenset({"MaxUnpool", "Scatter", "ScatterElements", "ScatterND"})
"""Operators that may take the indices of a pool, whose windows decide what they read."""

_NO_INDICES: Mapping[str, PoolIndices] = MappingProxyType({})


class Trouble(Enum):
    """Why a node has no output shape."""

    MERGE = "merge"  # shapes of merged branches that do not fit together
    HEAD = "head"  # sizes fixed in the model that do not fit this input
    BROKEN = "broken"  # a node whose attributes are invalid at any size
    EMPTY = "empty"  # a map of size 0
    FOREIGN = "foreign"  # an operator that the standard does not know


class Problem(Struct, frozen=True):
    """A node that cannot run at this size. `text` says why, with the node's actual sizes."""

    node: Node
    trouble: Trouble
    text: str


class Shapes(Struct):
    """What is known of every tensor at one input size.

    `nodes` are the graph's nodes in order, with each If replaced by the branch taken, or by both. Where both are kept,
    `branches` maps their nodes, by first output, to the branch that they are in, and `joins` the nodes that join two
    branches to those two. `unfit` says why a branch cannot run at this size: then the other one has to be taken, so it
    is not a problem of the model. `joined` maps large tables of indices to the tensors that they concatenate along
    their last axis.
    `geometries` holds the windows of each window node by its first output, `unknown` the reason for each tensor that
    has no shape.
    """

    network: Network
    constants: Constants
    nodes: list[Node] = []
    shapes: dict[str, Shape] = {}
    dtypes: dict[str, int] = {}
    problems: list[Problem] = []
    unknown: dict[str, str] = {}
    geometries: dict[str, Geometry] = {}
    size_dependent: set[str] = set()  # constants that were computed from shapes
    joined: dict[str, tuple[str, ...]] = {}
    sequences: dict[str, tuple[str, ...]] = {}  # the tensors in each known sequence
    pieces: set[str] = set()  # tensors of sequences that the file does not name
    branches: dict[str, IfBranch] = {}
    joins: dict[str, tuple[IfBranch, IfBranch]] = {}
    unfit: dict[IfBranch, str] = {}
    too_large: str | None = None  # the first node whose output is too large to follow
    depth: int = 0  # how many Loop bodies enclose these nodes
    resized: bool = False  # whether the inputs differ from what the file declares
    memo: ShapesMemo | None = None  # where many sizes of one network are asked for
    memo_keys: dict[str, MemoKey] = {}  # of nodes decided by the shapes of their inputs alone
    ends: list[tuple[int, PlacedStretch | None]] = []  # where a stretch of `nodes` ends
    operators: set[str] = set()  # of the nodes in stretches

    def memo_key(self, node: Node) -> MemoKey | None:
        """What decides the shapes of the node's outputs, if its inputs decide them; else None."""
        if not node.key or node.op in WITH_BODIES or node.op in _UNPOOL:
            return None
        return self._key(node.inputs)

    def _key(self, names: Sequence[str]) -> MemoKey | None:
        """The shapes of tensors, and the values of those computed from shapes; None where one is not known or large."""
        shapes = (self.resized, *map(self.shapes.get, names))
        if self.size_dependent.isdisjoint(names):
            return shapes
        values: list[bytes | None] = []
        for name in names:
            value = self.constants.known(name) if name in self.size_dependent else None
            if name in self.size_dependent and (value is None or value.size > MOST_CONSTANT_INTEGERS):
                return None
            values.append(None if value is None else value.tobytes())
        return (*shapes, *values)

    def kind(self, node: Node) -> int | None:
        """The number of the nodes that differ from this one in their names alone; None where that is not known.

        Nor is it for constants, which are computed from the values of their inputs.
        """
        kind = None if self.memo is None else self.memo.kinds.get(node.key)
        return None if kind is None or self.constants.has(node.inputs[0]) else kind

    def stretch_key(self, stretch: Stretch) -> MemoKey | None:
        """What decides the shapes of all that a stretch computes, if its inputs decide them; else None."""
        return self._key(stretch.inputs)

    def by_stretch(self) -> Iterator[tuple[Sequence[Node], PlacedStretch | None]]:
        """The nodes in order, by stretch, each with what is the same object at other sizes; None where nothing is."""
        done = 0
        for end, placed in self.ends:
            yield self.nodes[done:end] if placed is None else placed.nodes, placed
            done = end
        yield self.nodes[done:], None

    def having(self, operators: Collection[str]) -> Iterator[Node]:
        """The nodes with one of these operators, in order."""
        if self.ends and self.operators.isdisjoint(operators):
            return
        for nodes, placed in self.by_stretch():
            if placed is None or not placed.operators.isdisjoint(operators):
                yield from (node for node in nodes if node.op in operators)

    def placed(
        self,
        node: Node,
        data_dependent: Collection[str] | None = None,
        pool_indices: Mapping[str, PoolIndices] = _NO_INDICES,
    ) -> PlacedNode:
        """The node with the shapes and constants known so far, and the tensors that depend on an input's values.

        `pool_indices` are the tensors that hold the indices of a MaxPool.
        """
        own = self.geometries.get(node.key)
        known = self.shapes, self.constants, self.size_dependent, own, self.joined
        return PlacedNode(node, *known, data_dependent, pool_indices, self.constants.external)
