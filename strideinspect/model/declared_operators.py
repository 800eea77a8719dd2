"""Operators that the settings declare: what stands for them in the analysis, and the shapes of their outputs."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import structs

from strideinspect.model.node import Node, PlacedNode, Shape, UnresolvedError
from strideinspect.settings import Operator

ELEMENTWISE = ("strideinspect.declared", "elementwise")
"""The domain and name under which elementwise operators are described."""


def stand_in(node: Node, operators: Mapping[str, Operator], opsets: Mapping[str, int]) -> Node:
    """The node as its operator is declared; the node itself where it is not.

    One that is like a standard operator becomes that operator, with its own attributes and inputs.
    """
    declared = operators.get(f"{node.domain}:{node.op}" if node.domain else node.op)
    if declared is None:
        return node
    if not declared.like:
        return structs.replace(node, declared=declared)
    return structs.replace(node, op=declared.like, domain="", version=opsets.get("", 1), declared=declared)


def declared_shape(placed: PlacedNode) -> Shape | None:
    """The shape of every output of a declared operator; None where that of the operator that it is like holds.

    Raises UnresolvedError for a shape that takes over an axis that the first input does not have.
    """
    declared = placed.node.declared
    if declared is None or (declared.like and declared.shape is None):
        return None
    before = placed.shape(0)
    if declared.shape is None:
        return before
    if any(size == 0 and axis >= len(before) for axis, size in enumerate(declared.shape)):
        raise UnresolvedError(
            f"its declared shape takes over an axis that its input of {len(before)} axes does not have"
        )
    return tuple(size or before[axis] for axis, size in enumerate(declared.shape))
