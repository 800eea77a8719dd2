"""What is known of every tensor at one input size: shapes, types, small constants, and why anything is unknown."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from strideinspect.model.geometry import Geometry
from strideinspect.model.if_branches import IfBranch
from strideinspect.model.network import Constants, Network
from strideinspect.model.node import Node, PlacedNode, Shape


class Trouble(Enum):
    """Why a node has no output shape."""

    MERGE = "merge"  # branches that do not fit together
    HEAD = "head"  # sizes baked into the model that do not fit this input
    BROKEN = "broken"  # a node whose own attributes fit no input
    EMPTY = "empty"  # a map with no index
    FOREIGN = "foreign"  # an operator that the standard does not know


class Problem(NamedTuple):
    """A node that cannot run at this size. `text` says why, in the node's own numbers."""

    node: Node
    trouble: Trouble
    text: str


@dataclass(slots=True)
class Shapes:
    """What is known of every tensor at one input size.

    `nodes` are the graph's nodes in order, with the branches of an If in its place: the one taken, or both. `branches`
    gives for the nodes of both, by first output, the branch that they are in, `joins` for nodes that join two branches
    those two, and `unfit` why a branch cannot run at this size: then the other has to be taken, which is no problem.
    `joined` gives for large tables of indices the tensors that they concatenate along their last axis.
    `geometries` holds the windows of each window node by its first output, `unknown` the reason for each tensor that
    has no shape.
    """

    network: Network
    constants: Constants
    nodes: list[Node] = field(default_factory=list)
    shapes: dict[str, Shape] = field(default_factory=dict)
    dtypes: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)
    geometries: dict[str, Geometry] = field(default_factory=dict)
    size_dependent: set[str] = field(default_factory=set)  # constants that were computed from shapes
    joined: dict[str, tuple[str, ...]] = field(default_factory=dict)
    branches: dict[str, IfBranch] = field(default_factory=dict)
    joins: dict[str, tuple[IfBranch, IfBranch]] = field(default_factory=dict)
    unfit: dict[IfBranch, str] = field(default_factory=dict)
    depth: int = 0  # in how many bodies of Loops this stands
    resized: bool = False  # whether the inputs differ from what the file declares

    def placed(self, node: Node, data_dependent: Collection[str] | None = None) -> PlacedNode:
        """The node with the shapes and constants around it, and with the tensors that depend on an input's values."""
        geometry = self.geometries.get(node.key)
        return PlacedNode(node, self.shapes, self.constants, self.size_dependent, geometry, self.joined, data_dependent)
