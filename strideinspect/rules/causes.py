"""The nodes at which indices of an input are lost."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence

import numpy as np
from msgspec import Struct

from strideinspect.analysis import Analysis
from strideinspect.fields.hulls import along
from strideinspect.fields.index_masks import Vector, all_marked, back, unmarked
from strideinspect.fields.node_reads import NodeReads
from strideinspect.model.node import Node
from strideinspect.results.field import NOTHING, Span
from strideinspect.results.report import Input
from strideinspect.spelling import axis_noun


class Cause(Struct, frozen=True):
    """A node that does not use `lost` of the `of` indices of its input map; no other node uses them either.

    `noun` is what these indices are called; `of` is None where the map is the input itself.
    """

    node: Node
    window: bool
    lost: int
    of: int | None
    noun: str

    @property
    def text(self) -> str:
        """`MaxPool pool1 (1 row of 54)`."""
        of = "" if self.of is None else f" of {self.of}"
        return f"{self.node.op} {self.node.label} ({self.lost} {self.noun}{of})"


class Lost(Struct, frozen=True):
    """Indices of a graph input that reach no output: the same `ranges` along all `axes`, and where they are lost."""

    given: Input
    axes: tuple[int, ...]
    ranges: tuple[Span, ...]
    causes: tuple[Cause, ...]

    @property
    def cause(self) -> Hashable:
        """What is common to all that the same nodes lose: rows and columns, even where they are others."""
        return "lost pixels", self.given.name, tuple(cause.node.key for cause in self.causes) or self.ranges


def lost_pixels(analysis: Analysis) -> list[Lost]:
    """Per input and set of rows or columns, what reaches no output."""
    found = []
    for given in analysis.inputs:
        groups: dict[tuple[tuple[Span, ...], int], list[int]] = {}
        for unseen in analysis.unseen:
            if unseen.input == given.name:
                groups.setdefault((unseen.ranges, given.shape[unseen.axis]), []).append(unseen.axis)
        for (ranges, _), axes in groups.items():
            causes = tuple(causes_of(analysis, given.name, axes[0], ranges))
            found.append(Lost(given, tuple(axes), ranges, causes))
    return found


def causes_of(analysis: Analysis, name: str, axis: int, ranges: Sequence[Span]) -> list[Cause]:
    """The nodes at which indices of an input axis are lost, in graph order."""
    given = next(given for given in analysis.inputs if given.name == name)
    lost = np.zeros(given.shape[axis], dtype=bool)
    for first, last in ranges:
        lost[first : last + 1] = True
    later = lost & ~unmarked(analysis.used, name, axis, len(lost))
    causes = []
    for item in analysis.reads:
        for tensor in dict.fromkeys(item.node.inputs[read.input] for read in item.reads) if item.known else ():
            seen = analysis.fields.get(tensor, {}).get((name, axis))
            if seen is None:
                continue
            for node_axis, unread in _left_out(analysis, item, tensor, seen.actual.axes):
                low, high = along(seen.actual.full, node_axis, len(unread))
                # A field wider than one pixel may span indices that are lost at the input already: those do not count.
                touches = np.where(low == -high, _hits(lost, low, -high), _hits(later, low, -high))
                count = int((unread & touches).sum())
                if count:
                    noun = axis_noun(given.spatial_axes.index(axis), len(given.spatial_axes), count)
                    window = item.node.key in analysis.shapes.geometries
                    causes.append(Cause(item.node, window, count, None if tensor == name else len(unread), noun))
    return causes


def _hits(marked: Vector, first: Vector, last: Vector) -> Vector:
    """Per pair of first and last, whether an index in between is marked; False for an empty field."""
    before = np.concatenate([[0], np.cumsum(marked)])
    sees = first < NOTHING
    hits: Vector = sees & (before[np.where(sees, last + 1, 0)] > before[np.where(sees, first, 0)])
    return hits


def _left_out(analysis: Analysis, item: NodeReads, tensor: str, axes: frozenset[int]) -> Iterator[tuple[int, Vector]]:
    """Per axis the indices of a tensor that no node reads, this one included; axes without such indices are omitted.

    Reads for an output of the node on which no graph output depends do not count.
    """
    shapes = analysis.shapes.shapes
    needed = [
        back(read, all_marked(shapes[item.node.outputs[read.output]]))
        for read in item.reads
        if item.node.inputs[read.input] == tensor and item.node.outputs[read.output] in analysis.needed
    ]
    for axis in axes if needed else ():
        length = shapes[tensor][axis]
        unread = unmarked(analysis.used, tensor, axis, length)
        for masks in needed:
            if masks is not None:
                unread &= ~masks[axis]
        if unread.any():
            yield axis, unread
