"""Nodes whose reads or output shapes are not known: after them, fields are upper bounds or missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from strideinspect.fields.axis_field import Fields
from strideinspect.fields.node_reads import NodeReads
from strideinspect.limits import MOST_LISTED_WINDOWS
from strideinspect.model.bodies import windows_inside
from strideinspect.model.node import Node
from strideinspect.model.shapes import Shapes
from strideinspect.reads.families import family_of
from strideinspect.reads.steps import Everything


def unknown_reads(shapes: Shapes, nodes: Sequence[NodeReads], fields: Fields) -> Iterator[tuple[Node, str]]:
    """Nodes on the path of a field whose reads are not known, and nodes with windows in their bodies; with the reason.

    In a model without any field all such nodes are included, since one of them may be the reason for that.
    """
    broken = {problem.node.key for problem in shapes.problems}
    for item in nodes:
        reason = _body(item.node)
        if reason is None and item.node.key not in broken:
            reason = _end(shapes, item, fields)
        if reason is None:
            reason = _whole(shapes, item, fields)
        if reason is not None:
            yield item.node, reason


def _body(node: Node) -> str | None:
    """The reason for a node with windows in its body, which are not analysed."""
    inside = list(windows_inside(node))
    if not inside:
        return None
    shown = ", ".join(inside[:MOST_LISTED_WINDOWS]) + (", …" if len(inside) > MOST_LISTED_WINDOWS else "")
    return (
        f"{node.op} {node.label!r} repeats its body: its outputs are assumed to depend on all of its inputs, and the "
        f"windows in the body ({shown}) are not analysed"
    )


def _end(shapes: Shapes, item: NodeReads, fields: Fields) -> str | None:
    """Why a field ends at a node: the shapes of its inputs are known, but not those of its outputs."""
    node = item.node
    if item.known or not all(name in shapes.shapes for name in node.inputs if name):
        return None
    if not _passes(shapes, node, node.inputs, fields):
        return None
    why = next((shapes.unknown[name] for name in node.outputs if name in shapes.unknown), "")
    return f"{why}; what depends on it cannot be analysed"


def _whole(shapes: Shapes, item: NodeReads, fields: Fields) -> str | None:
    """Why a node on the path of a field is assumed to read its whole input."""
    for read in item.reads:
        reason = next((step.reason for step in read.steps if isinstance(step, Everything) and step.reason), None)
        if reason and _passes(shapes, item.node, [item.node.inputs[read.input]], fields):
            return f"{reason}: it is assumed to read its whole input"
    return None


def _passes(shapes: Shapes, node: Node, inputs: Iterable[str], fields: Fields) -> bool:
    """Whether one of these inputs has a field, or no tensor has one and this node may be the reason."""
    if fields:
        return any(name in fields for name in inputs)
    return bool(shapes.geometries) or family_of(node) is None
