"""Where fields become upper bounds, or end: nodes of which nobody can say what they read, or what comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from strideinspect.fields.forward import Fields, NodeReads
from strideinspect.limits import MOST_LISTED_WINDOWS
from strideinspect.model.bodies import windows_inside
from strideinspect.model.node import Node
from strideinspect.model.shapes import Shapes
from strideinspect.reads.registry import family_of
from strideinspect.reads.steps import Everything


def unknown_reads(shapes: Shapes, nodes: Sequence[NodeReads], fields: Fields) -> Iterator[tuple[Node, str]]:
    """Such nodes with the reason: those that a field passes, and those whose bodies hold windows.

    Where no window runs along any input, an operator that a field might have passed may be why.
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
    """What there is to say of a node whose body holds windows that nothing here looks at."""
    inside = list(windows_inside(node))
    if not inside:
        return None
    shown = ", ".join(inside[:MOST_LISTED_WINDOWS]) + (", …" if len(inside) > MOST_LISTED_WINDOWS else "")
    return (
        f"{node.op} {node.label!r} runs its body a number of times: what it makes is taken to depend on all that goes "
        f"in, and what slides in it ({shown}) is not analysed"
    )


def _end(shapes: Shapes, item: NodeReads, fields: Fields) -> str | None:
    """Why a field ends at a node: shapes are known before it, and not behind."""
    node = item.node
    if item.known or not all(name in shapes.shapes for name in node.inputs if name):
        return None
    if not _passes(shapes, node, node.inputs, fields):
        return None
    why = next((shapes.unknown[name] for name in node.outputs if name in shapes.unknown), "")
    return f"{why}, so that nothing can be said of what lies behind it"


def _whole(shapes: Shapes, item: NodeReads, fields: Fields) -> str | None:
    """Why a node that a field passes is taken to read all of it."""
    for read in item.reads:
        reason = next((step.reason for step in read.steps if isinstance(step, Everything) and step.reason), None)
        if reason and _passes(shapes, item.node, [item.node.inputs[read.input]], fields):
            return f"{reason}: it is taken to read its whole input"
    return None


def _passes(shapes: Shapes, node: Node, inputs: Iterable[str], fields: Fields) -> bool:
    """Whether one of these inputs has a field, or none has one and such a node may be the reason."""
    if fields:
        return any(name in fields for name in inputs)
    return bool(shapes.geometries) or family_of(node) is None
