"""How each tensor is reached from a graph input: the node, the tensor before it, and the size of its map.

Where branches merge, the path follows the branch that still has a position along most axes, of those the one with the
smallest map on it, of those the one that changes the stride least often: through the bottleneck of a U-Net, past the
gate of a squeeze-and-excite block, straight down in a detector that goes up and down again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import assert_never

from msgspec import Struct, structs

from strideinspect.fields.axis_field import AxisField, Fields
from strideinspect.fields.closed_form import Closed, Listed
from strideinspect.fields.node_reads import NodeReads
from strideinspect.model.geometry import Window
from strideinspect.model.node import Node
from strideinspect.model.shapes import Shapes
from strideinspect.reads.periodic import Periodic
from strideinspect.reads.steps import AxisStep, Read, Reshape, Sliding, Table, Transposed, Whole
from strideinspect.results.field import InputAxis

_Place = tuple[int | None, ...]
"""Per spatial axis of the graph input the axis of a tensor along which its position runs; None where it is pooled."""


_ONE = Fraction(1)
"""The factor of a node that leaves the stride as it is: one object, which is compared by identity first."""


class MapLink(Struct, frozen=True):
    """A tensor on the way from a graph input.

    `before` is the tensor before it (the empty name for the graph input itself) and `node` the node between. `size` and
    `place` are those of the map; `shared` says that the position has no axis of its own here, so that they are those of
    the last map before. `factor` is by how much `node` changes the stride; an average where it is `uneven`. `smallest`
    is the smallest number of indices of a map so far, `changes` the number of nodes that changed the stride, which
    `node` did if it `rescales`, and `map` the tensor that is the map.
    """

    before: str
    node: Node | None
    size: tuple[int, ...]
    place: _Place
    factor: tuple[Fraction, ...]
    smallest: int
    changes: int
    map: str = ""
    shared: bool = False
    rescales: bool = False
    uneven: bool = False

    @property
    def positions(self) -> int:
        """How many axes still have a position."""
        return len(self.place) - self.place.count(None)


def map_paths(
    shapes: Shapes, nodes: Sequence[NodeReads], fields: Fields, name: str, axes: tuple[int, ...]
) -> dict[str, MapLink]:
    """How each tensor is reached from the graph input `name` along its spatial `axes`, in graph order."""
    sources = [(name, axis) for axis in axes]
    size = tuple(shapes.shapes[name][axis] for axis in axes)
    links = {name: MapLink("", None, size, axes, (_ONE,) * len(axes), math.prod(size), 0, name)}
    placed = _Placed(shapes, fields, sources)
    for item in nodes:
        found: dict[str, list[tuple[Read, MapLink, MapLink]]] = {}
        for read in item.reads:
            before, output = links.get(item.node.inputs[read.input]), item.node.outputs[read.output]
            if before is not None and output in shapes.shapes:
                link = _linked(placed, item.node, read, before)
                found.setdefault(output, []).append((read, link, before))
        for output, ways in found.items():
            links[output] = ways[0][1] if len(ways) == 1 else max(ways, key=_rank)[1]
    return links


def _rank(way: tuple[Read, MapLink, MapLink]) -> tuple[int, ...]:
    """What decides between the branches of a merge; of a concatenation along the map its largest part is the map."""
    read, link, before = way
    part = read.place.length if read.place is not None and read.place.axis in link.place else 0
    return before.positions, part, -link.smallest, -link.changes


class _Placed:
    """Where maps lie and what their strides are: asked for each read, of which a Concat has many."""

    def __init__(self, shapes: Shapes, fields: Fields, sources: Sequence[InputAxis]) -> None:
        self.shapes = shapes
        self.fields = fields
        self.sources = sources
        self._known: dict[tuple[str, bool], tuple[tuple[int, ...], _Place] | None] = {}
        self._strides: dict[str, tuple[tuple[int, int], ...] | None] = {}

    def at(self, output: str, *, moved: bool) -> tuple[tuple[int, ...], _Place] | None:
        """Size and axes of the map in an output; `moved` says that a Reshape lies behind the last map before it."""
        if (output, moved) not in self._known:
            seen = self.fields.get(output, {})
            self._known[output, moved] = _placed(self.shapes, output, seen, self.sources, moved=moved)
        return self._known[output, moved]

    def stride(self, tensor: str) -> tuple[tuple[int, int], ...] | None:
        """Step and period of the closed form per source; None where one is missing, or its step is 0."""
        if tensor not in self._strides:
            seen = self.fields.get(tensor, {})
            forms = [seen[source].form for source in self.sources if source in seen]
            known = [(form.step, form.period) for form in forms if isinstance(form, Closed) and form.step]
            self._strides[tensor] = tuple(known) if len(known) == len(self.sources) else None
        return self._strides[tensor]


def _linked(placed: _Placed, node: Node, read: Read, before: MapLink) -> MapLink:
    tensor, output = node.inputs[read.input], node.outputs[read.output]
    unchanged = (_ONE,) * len(placed.sources)
    if not read.steps and read.place is None and not before.shared:
        # An elementwise node.
        return MapLink(tensor, node, before.size, before.place, unchanged, before.smallest, before.changes, output)
    found = placed.at(output, moved=before.shared or _moves(placed, tensor, read))
    if found is None:
        return structs.replace(before, before=tensor, node=node, factor=unchanged, shared=True, rescales=False)
    size, place = found
    smallest = min(before.smallest, math.prod(size))
    stride = placed.stride(before.map)
    if None not in place and stride is not None and stride == placed.stride(output):
        return MapLink(tensor, node, size, place, unchanged, smallest, before.changes, output)
    factor, uneven = [], False
    seen, made = placed.fields.get(before.map, {}), placed.fields.get(output, {})
    for source, old, new, axis, now in zip(placed.sources, before.size, size, before.place, place, strict=True):
        ratio = None if now is None else _closed_ratio(seen.get(source), made.get(source))
        if ratio is None:
            ratio = _factor(placed.shapes, node, read, (old, new), axis, pooled=now is None)
            uneven = uneven or (
                old != new and now is not None and _is_uneven(seen.get(source), made.get(source), read, axis)
            )
        factor.append(ratio)
    rescales = factor.count(_ONE) < len(factor)
    changes = before.changes + rescales
    return MapLink(
        tensor, node, size, place, tuple(factor), smallest, changes, output, rescales=rescales, uneven=uneven
    )


def _moves(placed: _Placed, tensor: str, read: Read) -> bool:
    """Whether the axes of the map may be others after a read: a Reshape, or a pool along one of several axes of it."""
    spread = any(len(seen.actual.axes) > 1 for seen in placed.fields.get(tensor, {}).values())
    return any(
        isinstance(step, Reshape) or (spread and isinstance(step, Sliding | Whole) and step.collapses)
        for step in read.steps
    )


def _placed(
    shapes: Shapes, output: str, seen: Mapping[InputAxis, AxisField], sources: Sequence[InputAxis], *, moved: bool
) -> tuple[tuple[int, ...], _Place] | None:
    """Size and axes of the map in a tensor; None where some position has no axis of its own."""
    place: list[int | None] = []
    shape, rank = shapes.shapes[output], len(shapes.shapes[sources[0][0]])
    for source in sources:
        if source not in seen:
            return None
        actual, form = seen[source].actual, seen[source].form
        if not actual.axes and (actual.collapsed or actual.any_single_axis):
            place.append(None)
        elif len(actual.axes) == 1 and (isinstance(form, Closed | Listed) or not moved):
            place.append(next(iter(actual.axes)))
        elif isinstance(form, Closed) and form.axis in actual.axes and len(shape) == rank:
            place.append(form.axis)  # a part of the position is among the channels, as after SpaceToDepth
        else:
            return None
    own = [axis for axis in place if axis is not None]
    if len(set(own)) < len(own):
        return None
    return tuple(1 if axis is None else shape[axis] for axis in place), tuple(place)


def _closed_ratio(before: AxisField | None, after: AxisField | None) -> Fraction | None:
    """By how much the effective stride changes from one map to another, where it is known in both."""
    if before is None or after is None:
        return None
    old, new = before.form, after.form
    if not (isinstance(old, Closed) and isinstance(new, Closed) and old.step):
        return None
    if (old.step, old.period) == (new.step, new.period):
        return _ONE
    return abs(new.stride / old.stride)


def _is_uneven(seen: AxisField | None, made: AxisField | None, read: Read, axis: int | None) -> bool:
    """Whether this read made a map whose indices lie at unequal distances, of one whose do not."""
    before, after = (field is not None and isinstance(field.form, Listed) for field in (seen, made))
    return (after and not before) or any(
        isinstance(step, Table) and step.axis == axis and not isinstance(step.periodic_form, Periodic)
        for step in read.steps
    )


def _factor(
    shapes: Shapes, node: Node, read: Read, sizes: tuple[int, int], axis: int | None, *, pooled: bool
) -> Fraction:
    """By how much a node changes the stride along an axis of its input: from what it reads, else from the sizes."""
    before, after = sizes
    if axis is None or before == after:
        return _ONE
    if pooled:
        return Fraction(before)
    window = _window(shapes, node, axis)
    if window is not None:
        return Fraction(1, window.stride) if window.transposed else Fraction(window.stride)
    if read.place is not None and read.place.axis == axis:
        return _ONE
    step = next((step for step in read.steps if isinstance(step, AxisStep) and step.axis == axis), None)
    return Fraction(before, after or 1) if step is None else _of_step(step)


def _of_step(step: AxisStep) -> Fraction:
    """The stride of a step; of an irregular table the average over what it spans."""
    match step:
        case Sliding():
            return Fraction(step.stride)
        case Transposed():
            return Fraction(1, step.stride)
        case Table(periodic_form=Periodic() as form) if form.step:
            return abs(Fraction(form.step, len(form.taps)))
        case Table():
            read = step.taps[step.taps >= 0]
            return Fraction(int(read.max() - read.min()) + 1, step.size) if read.size else Fraction(1)
        case _:
            assert_never(step)


def _window(shapes: Shapes, node: Node, axis: int) -> Window | None:
    geometry = shapes.geometries.get(node.key)
    if geometry is None or axis not in geometry.axes:
        return None
    return geometry.windows[geometry.axes.index(axis)]
