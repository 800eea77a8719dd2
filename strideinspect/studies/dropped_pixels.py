"""Whether a window of a network drops pixels that no other node reads, asked at many sizes of one network."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from msgspec import Struct

from strideinspect.analysis import Analysis
from strideinspect.fields.axis_field import Fields
from strideinspect.fields.copies import repeated
from strideinspect.fields.coverage import lost, padding_mask
from strideinspect.fields.forward import carried_on, propagate
from strideinspect.fields.index_masks import Masks, Vector, all_marked, forward, unmarked
from strideinspect.fields.liveness import keeps_map
from strideinspect.fields.node_reads import NodeReads, ReadsGroup
from strideinspect.model.geometry import Kind
from strideinspect.model.shapes import Shapes
from strideinspect.model.window import is_window
from strideinspect.reads.steps import Everything
from strideinspect.results.field import InputAxis


class _Feature(Struct, frozen=True):
    """What makes the nodes of a group worth a look: those whose reads are not known, and windows that drop indices."""

    unknown: frozenset[str]
    dropping: tuple[int, ...]  # positions in the group


class Features:
    """The features of groups of nodes, looked for once per group: most groups are the same at most sizes."""

    def __init__(self) -> None:
        self._kept: dict[ReadsGroup, _Feature] = {}

    def of(self, group: ReadsGroup, shapes: Shapes) -> _Feature:
        """The features of a group of an analysis with these shapes."""
        if group not in self._kept:
            windows = shapes.geometries
            dropping = [
                at
                for at, item in enumerate(group.reads)
                if item.known and item.node.key in windows and _drops(item, shapes)
            ]
            unknown = [item.node.key for item in group.reads if not item.known or _is_assumed(item)]
            self._kept[group] = _Feature(frozenset(unknown), tuple(dropping))
        return self._kept[group]


def _is_assumed(item: NodeReads) -> bool:
    """Whether a node is assumed to read everything."""
    for read in item.reads:
        for step in read.steps:
            if type(step) is Everything and step.reason:
                return True
    return False


def _drops(item: NodeReads, shapes: Shapes) -> bool:
    """Whether the node is a window node whose windows end before the map does."""
    if not is_window(item.node):
        return False
    geometry = shapes.geometries[item.node.key]
    return geometry.kind is not Kind.GLOBAL and any([w.truncated > w.end for w in geometry.windows])  # noqa: C419 - a generator takes longer


def drops_anywhere(analysis: Analysis, sources: list[InputAxis], fields: Fields, features: Features) -> bool:
    """Whether some window node drops a pixel that no other node reads, along the axes of these sources.

    `fields` may be of another size of the same model: they give the axes along which the sources run.
    """
    shapes = analysis.shapes

    def runs_along(item: NodeReads, axis: int) -> bool:
        here = fields.get(item.node.inputs[shapes.geometries[item.node.key].data], {})
        return any(source in here and axis in here[source].actual.axes for source in sources)

    suspects, done = [], 0
    for group in analysis.read_groups:
        suspects += [(done + at, group.reads[at]) for at in features.of(group, shapes).dropping]
        done += len(group.reads)
    if not suspects:
        return False
    nodes = analysis.reads
    read = analysis.used
    producers = {name: item for item in nodes for name in item.node.outputs}
    left = [
        (at, item)
        for at, item in suspects
        if _drops_unread(shapes, producers, item, read, _nearby_padding(shapes, producers, item), runs_along)
    ]
    if not left:
        return False
    # Padding may also come from earlier nodes, which only the fields show.
    exact, done = propagate(shapes, (), sources), 0
    for at, item in left:
        exact, done = carried_on(shapes, nodes[done:at], exact), at
        if _drops_unread(shapes, producers, item, read, _all_padding(shapes, exact, item), runs_along):
            return True
    return False


def _drops_unread(
    shapes: Shapes,
    producers: Mapping[str, NodeReads],
    item: NodeReads,
    read: Mapping[str, Masks],
    padding: Callable[[int], Vector],
    counts: Callable[[NodeReads, int], bool],
) -> bool:
    geometry = shapes.geometries[item.node.key]
    tensor = item.node.inputs[geometry.data]
    for axis, window in zip(geometry.axes, geometry.windows, strict=True):
        if not counts(item, axis):
            continue
        # Only pixels dropped at the end count here, so all others may be passed as touched: gaps play no role.
        touched = np.arange(window.length) < window.length - max(0, window.truncated - max(0, window.end))
        left = lost(window, touched, padding(axis))
        dropped = left.pixels & unmarked(read, tensor, axis, window.length)
        if dropped.any() and (dropped & ~repeated(shapes, producers, tensor, axis, touched)).any():
            return True
    return False


def _nearby_padding(shapes: Shapes, producers: Mapping[str, NodeReads], item: NodeReads) -> Callable[[int], Vector]:
    """Per axis of a window node's input the indices that Pad nodes directly before it added."""
    tensor = item.node.inputs[shapes.geometries[item.node.key].data]
    chain: list[NodeReads] = []
    at = tensor
    while at in producers and producers[at].known and keeps_map(producers[at]):
        chain.append(producers[at])
        at = producers[at].node.inputs[producers[at].reads[0].input]
    masks = all_marked(shapes.shapes[at])
    for link in reversed(chain):
        masks = forward(link.reads[0], masks, shapes.shapes[link.node.outputs[link.reads[0].output]])
    return lambda axis: ~masks[axis]


def _all_padding(shapes: Shapes, fields: Fields, item: NodeReads) -> Callable[[int], Vector]:
    """Per axis of a window node's input all indices that see no pixel."""
    tensor = item.node.inputs[shapes.geometries[item.node.key].data]
    return lambda axis: padding_mask(fields, tensor, axis, shapes.shapes[tensor][axis])
