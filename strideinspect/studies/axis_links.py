"""Whether a network does nothing along an axis but slide windows, pad and join; and these windows, paddings and joins.

Decided at one size, for every length of the axis: by operators of which that is known, whatever the length.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from functools import partial

from msgspec import Struct, structs

from strideinspect.analysis import Analysis
from strideinspect.fields.index_masks import back
from strideinspect.fields.node_reads import NodeReads
from strideinspect.limits import LONGEST_MAP, MOST_ELEMENTS
from strideinspect.model.geometry import Kind, Window
from strideinspect.model.node import Node, Shape, normal_axis
from strideinspect.model.pointwise import BROADCAST, UNARY
from strideinspect.model.recurrent_states import refused_state
from strideinspect.model.window import refitting
from strideinspect.reads.families import family_of
from strideinspect.reads.reduction import REDUCTIONS
from strideinspect.reads.steps import Permute, Read, Sliding, Statistics, Whole
from strideinspect.results.field import InputAxis
from strideinspect.studies.axis_network import AxisLink, AxisNetwork
from strideinspect.windows.pad_nodes import added_by


class _Place(Struct, frozen=True):
    """Where a tensor has the axis that is followed: the number of its map, and which axis of the tensor it is."""

    map: int
    axis: int


class _UnfollowedError(Exception):
    """A node does something else along the axis, or may do so at another length."""


def network_along(analysis: Analysis, source: InputAxis) -> AxisNetwork | None:
    """The network along an axis of a graph input; None where a node does anything else along it."""
    shapes = analysis.shapes
    if analysis.problems or shapes.branches or refused_state(shapes) or not all(map(_is_standard, shapes.nodes)):
        return None
    along = _Along(analysis, source)
    try:
        for node in shapes.nodes:
            along.enter(node)
    except _UnfollowedError:
        return None
    return along.network()


def _is_standard(node: Node) -> bool:
    """Whether what a node makes is known at other sizes than the ones that the file declares."""
    return not node.domain and node.declared is None and family_of(node) is not None


class _Along:
    """Enters node after node. Windows and joins that do the same to the same maps make one map."""

    def __init__(self, analysis: Analysis, source: InputAxis) -> None:
        self.analysis = analysis
        self._source = source
        self._places = {source[0]: _Place(0, source[1])}
        self._links: list[AxisLink] = []
        self._numbers: dict[Hashable, int] = {}
        self._read_whole: set[int] = set()

    def enter(self, node: Node) -> None:
        """Find out where the output of a node has the axis. Raises _UnfollowedError."""
        given = {index: self._places[name] for index, name in enumerate(node.inputs) if name in self._places}
        if not given:
            return
        item = self.analysis.makers.get(node.key)
        follow = _window if node.key in self.analysis.shapes.geometries else _FOLLOWED.get(node.op)
        if item is None or not item.known or follow is None or sum(map(bool, node.outputs)) != 1:
            raise _UnfollowedError
        if given.keys() - {read.input for read in item.reads}:
            raise _UnfollowedError
        wanted = self.analysis.needed.get(node.key)
        # What windows along other axes leave out altogether is left out at every length.
        if wanted is not None and any(back(read, wanted) is None for read in item.reads if read.input in given):
            raise _UnfollowedError
        place = follow(self, item, given)
        if place is not None:
            self._places[node.key] = place

    def shape(self, name: str) -> Shape:
        """The shape of a tensor."""
        return self.analysis.shapes.shapes[name]

    def read_whole(self, item: NodeReads, place: _Place) -> None:
        """Enter that every index of a map is read if any of the node's output is."""
        if item.node.key in self.analysis.needed:
            self._read_whole.add(place.map)

    def make(self, what: Hashable, link: AxisLink) -> int:
        """The number of a map that is made of others in some way."""
        key = (link.sources, what)
        if key not in self._numbers:
            self._links.append(link)
            self._numbers[key] = len(self._links)
        return self._numbers[key]

    def join(self, given: Mapping[int, _Place], axis: int, *, broadcasts: bool) -> _Place:
        """Where the output of a node has the axis that joins maps along it."""
        maps = tuple(sorted({place.map for place in given.values()}))
        if len(maps) == 1:
            return _Place(maps[0], axis)
        return _Place(self.make(broadcasts, AxisLink(maps, broadcasts=broadcasts)), axis)

    def network(self) -> AxisNetwork | None:
        """The network, if it says of the present length what the analysis says."""
        for name in self.analysis.network.outputs:
            if name in self._places:
                self._read_whole.add(self._places[name].map)
                if self._places[name].axis == 0:
                    return None  # the batch of the output is that of the input
        rest = max(math.prod(self.shape(name)) // self.shape(name)[place.axis] for name, place in self._places.items())
        longest = min(LONGEST_MAP, MOST_ELEMENTS // max(1, rest))
        network = AxisNetwork(self._links, frozenset(self._read_whole), longest)
        name, axis = self._source
        present = network.at(self.shape(name)[axis])
        if present is None or not present.runs:
            return None
        as_analysed = (present.maps[place.map] == self.shape(t)[place.axis] for t, place in self._places.items())
        sees_everything, needed = network.sees_everything(present), self.analysis.needed.get(name)
        if sees_everything is not None and needed is not None and sees_everything != bool(needed[axis].all()):
            return None
        return network if all(as_analysed) else None


_Given = Mapping[int, _Place]


def _window(along: _Along, item: NodeReads, given: _Given) -> _Place | None:
    geometry = along.analysis.shapes.geometries[item.node.key]
    place = _only(given, geometry.data)
    if place.axis not in geometry.axes:
        raise _UnfollowedError
    if geometry.kind is Kind.GLOBAL:
        along.read_whole(item, place)
        return None
    position = geometry.axes.index(place.axis)
    window = geometry.windows[position]
    if (window.kernel, window.stride, window.begin, window.end, window.transposed) == (1, 1, 0, 0, False):
        return place
    refitted = refitting(item.node, geometry, position)
    maker = along.analysis.makers.get(item.node.inputs[geometry.data])
    padding = None if maker is None or maker.node.op != "Pad" else added_by(maker, place.axis)
    spare = 0 if padding is None else padding[1]
    return _Place(along.make((refitted.args, spare), AxisLink((place.map,), refitted, spare)), place.axis)


def _kept(along: _Along, item: NodeReads, given: _Given) -> _Place:
    """An output of the shape of the first input; other inputs are numbers, or vectors along one axis."""
    node, place = item.node, _only(given, 0)
    vectors = any(math.prod(along.shape(name)) > 1 for name in filter(None, node.inputs[1:]))
    if vectors and place.axis in {1, node.integer("axis", 1) % len(along.shape(node.key))}:
        raise _UnfollowedError
    for step in _read(item, 0).steps:
        if isinstance(step, Statistics):
            if place.axis in step.axes:
                along.read_whole(item, place)
        elif getattr(step, "axis", place.axis) == place.axis:
            raise _UnfollowedError
    return place


def _broadcast(along: _Along, item: NodeReads, given: _Given) -> _Place:
    rank = len(along.shape(item.node.key))
    shapes = {index: along.shape(name) for index, name in enumerate(item.node.inputs) if name}
    axes = {place.axis + rank - len(shapes[index]) for index, place in given.items()}
    axis = axes.pop()
    others = [shape[axis - rank :] for index, shape in shapes.items() if index not in given]
    if axes or any(len(shape) == rank - axis and shape[0] != 1 for shape in others):
        raise _UnfollowedError
    return along.join(given, axis, broadcasts=True)


def _concatenated(along: _Along, item: NodeReads, given: _Given) -> _Place:
    axes = {place.axis for place in given.values()}
    axis = axes.pop()
    if axes or len(given) < len(item.node.inputs):
        raise _UnfollowedError
    if normal_axis(item.node.integer("axis", 0), len(along.shape(item.node.key))) == axis:
        raise _UnfollowedError
    return along.join(given, axis, broadcasts=False)


def _transposed(_along: _Along, item: NodeReads, given: _Given) -> _Place:
    place = _only(given, 0)
    for step in _read(item, 0).steps:
        if not isinstance(step, Permute):
            raise _UnfollowedError
        place = structs.replace(place, axis=step.perm.index(place.axis))
    return place


def _padded(along: _Along, item: NodeReads, given: _Given) -> _Place:
    place = _only(given, 0)
    steps = [step for step in _read(item, 0).steps if getattr(step, "axis", place.axis) == place.axis]
    if not steps:
        return place
    added = added_by(item, place.axis)
    if added is None or not isinstance(steps[0], Sliding):
        raise _UnfollowedError
    link = AxisLink((place.map,), partial(_padding, *added))
    return _Place(along.make(added, link), place.axis)


def _padding(before: int, after: int, length: int) -> Window:
    return Window(1, 1, 1, before, after, length, length + before + after)


def _reduced(along: _Along, item: NodeReads, given: _Given) -> None:
    place = _only(given, 0)
    if not any(isinstance(step, Whole) and step.axis == place.axis for step in _read(item, 0).steps):
        raise _UnfollowedError
    along.read_whole(item, place)


def _only(given: _Given, index: int) -> _Place:
    if given.keys() != {index}:
        raise _UnfollowedError
    return given[index]


def _read(item: NodeReads, index: int) -> Read:
    return next(read for read in item.reads if read.input == index)


_NORMALISING = ("InstanceNormalization", "GroupNormalization", "LpNormalization", "Softmax")

_FOLLOWED: Mapping[str, Callable[[_Along, NodeReads, _Given], _Place | None]] = {
    **dict.fromkeys((*UNARY, *_NORMALISING), _kept),
    **dict.fromkeys(BROADCAST - {"Where"}, _broadcast),
    **dict.fromkeys(REDUCTIONS, _reduced),
    "Concat": _concatenated,
    "Transpose": _transposed,
    "Pad": _padded,
}
"""How an operator that is no window treats the axis. Its output has the same axis at every length, or none."""
