"""What every node of a graph reads of the tensors that depend on the values of a graph input."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from strideinspect.model.geometry import PoolIndices
from strideinspect.model.node import Node
from strideinspect.model.pool_indices import pool_indices
from strideinspect.model.shapes import Shapes
from strideinspect.model.stretches import MemoKey, PlacedStretch
from strideinspect.reads.families import describe, everything
from strideinspect.reads.steps import Read
from strideinspect.reads.validate import fits


class NodeReads(Struct, frozen=True):
    """A node and its reads, computed once for all passes. Reads of constants are left out.

    `known` is False where a shape is missing, so that the reads are not known. `joins_slices`: the node is a Concat of
    slices of one map, which moves resolution into channels (the first layers of YOLOv5 and YOLOX).
    """

    node: Node
    reads: tuple[Read, ...]
    known: bool = True
    joins_slices: bool = False


class ReadsGroup(Struct, eq=False):
    """What the nodes of a stretch read; one object at all sizes at which that is the same, so that it can be a key.

    `made` are the tensors that depend on a graph input's values by these reads, `tensors` these and all that are read.
    """

    reads: tuple[NodeReads, ...]
    made: frozenset[str]
    tensors: tuple[str, ...]

    @classmethod
    def of(cls, items: tuple[NodeReads, ...]) -> ReadsGroup:
        """The group of these nodes."""
        made = frozenset([item.node.outputs[read.output] for item in items for read in item.reads])
        used = [item.node.inputs[read.input] for item in items for read in item.reads]
        return cls(items, made, tuple(dict.fromkeys((*made, *used))))


class ReadsMemo(Struct, eq=False):
    """What nodes and stretches read of inputs of some shapes, kept from size to size of one network; filled by use."""

    nodes: dict[tuple[str, MemoKey], NodeReads] = {}
    alike: dict[tuple[int, MemoKey, tuple[bool, ...]], tuple[Read, ...]] = {}
    groups: dict[PlacedStretch, ReadsGroup] = {}


def described(shapes: Shapes) -> tuple[tuple[NodeReads, ...], frozenset[str]]:
    """Every node's reads of what depends on a graph input's values, and the names of all tensors that do."""
    groups, data_dependent = grouped(shapes, ReadsMemo())
    return tuple(item for group in groups for item in group.reads), data_dependent


def grouped(shapes: Shapes, memo: ReadsMemo) -> tuple[tuple[ReadsGroup, ...], frozenset[str]]:
    """As `described`, by stretches of the graph. The memo is filled and used."""
    asked = _Asked(
        shapes=shapes,
        memo=memo,
        shaped={"", *shapes.shapes},  # an optional input or output that is left out has no shape
        data_dependent=set(shapes.network.inputs),
        chosen=pool_indices(shapes),
        sliced=_sliced(shapes),
    )
    groups = []
    for nodes, placed in shapes.by_stretch():
        group = None if placed is None else memo.groups.get(placed)
        if group is None:
            group = ReadsGroup.of(tuple([item for node in nodes if (item := _item(asked, node)) is not None]))
            if placed is not None:
                memo.groups[placed] = group
        asked.data_dependent.update(group.made)
        groups.append(group)
    return tuple(groups), frozenset(asked.data_dependent)


class _Asked(Struct, frozen=True):
    """What describes a node besides the node itself; `data_dependent` grows.

    `sliced` names the map that a tensor is a slice of.
    """

    shapes: Shapes
    memo: ReadsMemo
    shaped: set[str]
    data_dependent: set[str]
    chosen: Mapping[str, PoolIndices]
    sliced: Mapping[str, str]


def _sliced(shapes: Shapes) -> dict[str, str]:
    sliced: dict[str, str] = {}
    for node in shapes.having({"Slice", "Unsqueeze"}):
        sliced |= {name: sliced.get(node.inputs[0], node.inputs[0]) for name in node.outputs}
    return sliced


def _item(asked: _Asked, node: Node) -> NodeReads | None:
    """A node with its reads; None for one that depends on no graph input's values, or has no output."""
    shapes, memo, shaped, data_dependent = asked.shapes, asked.memo, asked.shaped, asked.data_dependent
    if not node.key or data_dependent.isdisjoint(node.inputs):
        return None
    key = shapes.memo_keys.get(node.key)
    item = None if key is None else memo.nodes.get((node.key, key))
    if item is None and not (shaped.issuperset(node.inputs) and shaped.issuperset(node.outputs)):
        data_dependent.update(name for name in node.outputs if name)
        unfit = shapes.branches.get(node.key) in shapes.unfit
        return None if unfit else NodeReads(node, (), known=False)
    if item is None:
        of_one = node.op == "Concat" and len({asked.sliced.get(name) for name in node.inputs}) == 1
        joins_slices = of_one and node.inputs[0] in asked.sliced
        item = NodeReads(node, _reads(asked, node, key), joins_slices=joins_slices)
        if key is not None:
            memo.nodes[node.key, key] = item
    data_dependent.update([node.outputs[read.output] for read in item.reads])
    return item


def _reads(asked: _Asked, node: Node, key: MemoKey | None) -> tuple[Read, ...]:
    """What a node reads of data-dependent inputs; of nodes that are alike, found once."""
    kind = None if key is None else asked.shapes.kind(node)
    if key is None or kind is None:
        return _fitting(node, asked.shapes, asked.data_dependent, asked.chosen)
    place = (kind, key, tuple([name in asked.data_dependent for name in node.inputs]))
    reads = asked.memo.alike.get(place)
    if reads is None:
        reads = _fitting(node, asked.shapes, asked.data_dependent, asked.chosen)
        if not any(getattr(step, "reason", None) for read in reads for step in read.steps):  # a reason names the node
            asked.memo.alike[place] = reads
    return reads


def _fitting(
    node: Node, shapes: Shapes, data_dependent: set[str], chosen: Mapping[str, PoolIndices]
) -> tuple[Read, ...]:
    """What a node reads of data-dependent inputs; everything, with the reason, if its description does not fit."""
    placed = shapes.placed(node, data_dependent, chosen)
    known = shapes.shapes
    reads = tuple([r for r in describe(placed) if node.inputs[r.input] in data_dependent])
    if all([fits(r, known[node.inputs[r.input]], known[node.outputs[r.output]]) for r in reads]):  # noqa: C419 - a generator takes longer
        return reads
    inputs = [i for i, name in enumerate(node.inputs) if name in data_dependent]
    return everything(placed, f"{node.op} {node.label!r} does not fit its inputs", inputs)
