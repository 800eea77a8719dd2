"""Search for the nearest input sizes at which no pixel is lost, by analysing the network at other sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np

from strideinspect.analysis import Analysis
from strideinspect.fields.coverage import lost, padding_mask
from strideinspect.fields.forward import Fields, NodeReads, carried_on, propagate
from strideinspect.fields.index_masks import Masks, Vector, all_marked, forward, unmarked
from strideinspect.fields.liveness import keeps_map
from strideinspect.limits import FARTHEST_SIZE
from strideinspect.model.geometry import Kind
from strideinspect.model.node import Shape
from strideinspect.model.shapes import Shapes
from strideinspect.model.window import is_window
from strideinspect.results.field import InputAxis
from strideinspect.studies.followed_axis import drops, followed

Aim = Literal["unseen", "dropped"]
"""What to avoid: unseen pixels of the input, or pixels dropped by any window."""


class LosslessSizes(NamedTuple):
    """The nearest sizes with no loss: extents, in pixels, of the input `axes` that change together; None for none."""

    axes: tuple[int, ...]
    smaller: tuple[int, ...] | None
    larger: tuple[int, ...] | None


class SizeSearch:
    """Searches the sizes near those of one analysis; answers are cached.

    Most sizes are ruled out by following one axis through windows and padding (`followed_axis`), which takes
    microseconds each; only those that pass are analysed in full.
    """

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        shapes = analysis.shapes.shapes
        self._outputs = {name: shapes[name] for name in analysis.network.outputs if name in shapes}
        self._unknown = _unknown(analysis.reads)
        self._answers: dict[tuple[str, tuple[int, ...], Aim], LosslessSizes] = {}
        self._analyses: dict[tuple[str, Shape], Analysis] = {}

    def nearest(self, name: str, axes: tuple[int, ...], aim: Aim) -> LosslessSizes:
        """The nearest sizes of these axes of a graph input. The spatial axes of a square image change together."""
        spatial = self._analysis.spatial_axes[name]
        square = len({self._analysis.sizes[name][axis] for axis in spatial}) == 1
        question = (name, spatial if square else axes, aim)
        if question not in self._answers:
            self._answers[question] = self._search(*question)
        return self._answers[question]

    def _search(self, name: str, moving: tuple[int, ...], aim: Aim) -> LosslessSizes:
        shape = self._analysis.sizes[name]
        links = {axis: followed(self._analysis, name, axis) for axis in moving}

        def nearest(direction: int) -> tuple[int, ...] | None:
            for distance in range(1, FARTHEST_SIZE + 1):
                sizes = {axis: shape[axis] + direction * distance for axis in moving}
                if min(sizes.values()) < 1:
                    return None
                ruled_out = any(drops(links[axis], n, only_first=aim == "unseen") for axis, n in sizes.items())
                if not ruled_out and self._lossless(name, sizes, aim):
                    return tuple(sizes.values())
            return None

        return LosslessSizes(moving, nearest(-1), nearest(1))

    def _lossless(self, name: str, sizes: Mapping[int, int], aim: Aim) -> bool:
        shape = tuple(sizes.get(axis, n) for axis, n in enumerate(self._analysis.sizes[name]))
        if (name, shape) not in self._analyses:
            self._analyses[name, shape] = self._analysis.at({name: shape}, whole=False)
        other = self._analyses[name, shape]
        if other.problems or not _unknown(other.reads) <= self._unknown:
            return False  # it does not run at this size
        shapes = other.shapes.shapes
        if not self._outputs.keys() <= shapes.keys():
            return False  # the shape of an output is not known at this size
        batch = self._analysis.sizes[name][0]
        if any(now[:1] == (batch,) != shapes[key][:1] for key, now in self._outputs.items()):
            return False  # a Reshape to (-1, …) with constant sizes splits one image into several
        if aim == "unseen":
            return not any(unmarked(other.needed, name, axis, shape[axis]).any() for axis in sizes)
        return not _drops_anywhere(other, [(name, axis) for axis in sizes], self._analysis.fields)


def _unknown(nodes: Sequence[NodeReads]) -> set[str]:
    """The nodes whose reads are not known."""
    return {
        item.node.key
        for item in nodes
        if not item.known or any(getattr(step, "reason", None) for read in item.reads for step in read.steps)
    }


def _drops_anywhere(analysis: Analysis, sources: list[InputAxis], fields: Fields) -> bool:
    """Whether some window node drops a pixel that no other node reads, along the axes of these sources.

    `fields` may be of another size of the same model: they give the axes along which the sources run.
    """
    shapes, nodes = analysis.shapes, analysis.reads

    def runs_along(item: NodeReads, axis: int) -> bool:
        here = fields.get(item.node.inputs[shapes.geometries[item.node.key].data], {})
        return any(source in here and axis in here[source].actual.axes for source in sources)

    suspects = [
        (at, item)
        for at, item in enumerate(nodes)
        if item.known
        and is_window(item.node)
        and shapes.geometries[item.node.key].kind is not Kind.GLOBAL
        and any(w.truncated > w.end for w in shapes.geometries[item.node.key].windows)
    ]
    if not suspects:
        return False
    read = analysis.used
    producers = {name: item for item in nodes for name in item.node.outputs}
    left = [
        (at, item)
        for at, item in suspects
        if _drops_unread(shapes, item, read, _nearby_padding(shapes, producers, item), runs_along)
    ]
    if not left:
        return False
    # Padding may also come from earlier nodes, which only the fields show.
    exact, done = propagate(shapes, (), sources), 0
    for at, item in left:
        exact, done = carried_on(shapes, nodes[done:at], exact), at
        if _drops_unread(shapes, item, read, _all_padding(shapes, exact, item), runs_along):
            return True
    return False


def _drops_unread(
    shapes: Shapes,
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
        # Only pixels dropped at the end count here, so all indices may be passed as touched: gaps play no role.
        left = lost(window, np.ones(window.length, dtype=bool), padding(axis))
        if (left.pixels & unmarked(read, tensor, axis, window.length)).any():
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
