"""Conversion of computed fields to those of the report."""

from __future__ import annotations

from functools import cached_property, lru_cache

import numpy as np

from strideinspect.fields.alignment import alignment
from strideinspect.fields.axis_field import AxisField, Fields
from strideinspect.fields.closed_form import Closed, Listed, Reason, Scales, Suspended, largest
from strideinspect.fields.hulls import Hulls, along, hull
from strideinspect.fields.scales import Map, scales_of
from strideinspect.limits import MOST_REPORTED_PHASES
from strideinspect.model.node import Node, Shape
from strideinspect.model.shapes import Shapes
from strideinspect.results.field import NOTHING, ROUNDED, Field, FullField, InputAxis, LastLocal, Positions, Span
from strideinspect.results.report import TensorReport
from strideinspect.results.scale import Scale

_MOVES = frozenset({"Transpose", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Identity"})
"""Operators that only move a map's indices."""

_KEPT = 1 << 13
"""Arrays of more entries than this are not cached, which bounds the size of the cache."""


def field(source: InputAxis, seen: AxisField, shape: Shape, extent: int, *, dynamic: bool) -> Field:
    """One source's field in a tensor of this shape; `dynamic` says that the input axis has no size in the file."""
    name, axis = source
    actual = seen.actual
    node_axis = _node_axis(seen)
    if actual.local is None:
        low = np.full((2, 1), NOTHING)
    else:
        low = along(actual.local, node_axis, shape[node_axis] if node_axis is not None else 1)
    full = None
    if actual.local is not actual.full and (actual.local is None or bool((actual.full < actual.local).any())):
        whole = hull(actual.full)
        if whole is not None:
            full = FullField(actual.collapsed_at or "", *whole)
    reason = actual.unknown
    size = stride = smallest = aligned = None
    zero: Span | None = None
    last_local: LastLocal | None = None
    phases: tuple[Span | None, ...] = ()
    if isinstance(seen.form, Closed):
        all_phases = seen.form.phases
        size, stride, zero = largest(all_phases), seen.form.stride, all_phases[0]
        phases = all_phases if len(all_phases) <= MOST_REPORTED_PHASES else ()
        # At most the size: channels are told apart in the closed form, and not along a path.
        smallest = None if seen.paths.smallest is None else min(size, seen.paths.smallest.size)
        if node_axis is not None and not seen.form.caveat.attended:
            aligned = alignment(seen.form.step, all_phases, seen.paths)
        reason = reason or _caveat(seen.form, len(all_phases), dynamic=dynamic)
    else:
        reason = reason or seen.form.text
        last_local = _last_local(seen.form)
    if node_axis is None and reason is None:
        reason = (
            f"the position is spread over axes {sorted(actual.axes)}"
            if len(actual.axes) > 1
            else f"the axis was collapsed at {actual.collapsed_at}, so that it has no position any more"
            if actual.collapsed_at
            else "the axis was taken away, so that it has no position any more"
        )
    positions, widest = _positions(low)
    return Field(
        input=name,
        axis=axis,
        extent=extent,
        node_axis=node_axis,
        size=size,
        stride=stride,
        first=zero[0] if zero else None,
        last=zero[1] if zero else None,
        phases=phases,
        reason=reason,
        full=full,
        positions=positions,
        widest=widest,
        last_local=last_local,
        smallest=smallest,
        alignment=aligned,
        upper_bound=bool(actual.unknown),
    )


def _node_axis(seen: AxisField) -> int | None:
    """The axis of the tensor along which the position runs; None where there is none, or no single one."""
    if len(seen.actual.axes) != 1 or seen.actual.local is None:
        return None
    (axis,) = seen.actual.axes
    return axis


def _last_local(form: Suspended | Scales | Listed | Reason) -> LastLocal | None:
    if isinstance(form, Reason | Listed) and form.last is not None:
        return LastLocal(form.last.tensor, form.last.form.size, form.last.form.stride)
    return None


def _caveat(form: Closed, period: int, *, dynamic: bool) -> str | None:
    if form.caveat.size and dynamic:
        return "padding depends on the size: first and last hold for this size"
    if form.caveat.rounded:
        return ROUNDED
    if period > MOST_REPORTED_PHASES:
        return f"its {period} phases are too many to list"
    return None


def _positions(low: Hulls) -> tuple[Positions, int]:
    """Hulls of shape [2, indices] in the form of the report, and the size of the widest one in pixels."""
    make = _packed if low.size <= _KEPT else _packed.__wrapped__
    return make(low.astype(np.intc, copy=False).tobytes())


@lru_cache(maxsize=128)  # rows and columns usually have the same hulls
def _packed(hulls: bytes) -> tuple[Positions, int]:
    low = np.frombuffer(hulls, dtype=np.intc).reshape(2, -1)
    widest = max(0, int((1 - low[0] - low[1]).max(initial=0)))
    return Positions(low[0].tobytes(), np.where(low[1] == NOTHING, NOTHING, -low[1]).tobytes()), widest


class TensorFields:
    """The fields of all tensors in the form of the report, each converted once.

    Elementwise nodes and convolutions of size 1 leave a field as it is, so that many tensors share it.
    """

    def __init__(self, shapes: Shapes, fields: Fields) -> None:
        self._shapes = shapes
        self._fields = fields  # keeps the fields that `_converted` knows by identity
        self._converted: dict[tuple[InputAxis, int, int], Field] = {}

    def of(self, tensor: str) -> tuple[Field, ...]:
        """The fields of one tensor, one per image axis that it depends on."""
        shape = self._shapes.shapes.get(tensor)
        if shape is None:
            return ()
        return tuple([self._field(source, seen, shape) for source, seen in self._ordered(tensor).items()])

    def report(self, tensor: str) -> TensorReport:
        """Shape and fields of one tensor, and the maps of which it is made."""
        shapes = self._shapes
        shape = shapes.shapes.get(tensor)
        return TensorReport(tensor, shape, self.of(tensor), shapes.unknown.get(tensor), self._scales(tensor, shape))

    def _ordered(self, tensor: str) -> dict[InputAxis, AxisField]:
        """The fields of a tensor in the order of the graph inputs and their axes."""
        seen = self._fields.get(tensor, {})
        return {source: seen[source] for source in sorted(seen, key=self._order.__getitem__)}

    def _field(self, source: InputAxis, seen: AxisField, shape: Shape) -> Field:
        axis = _node_axis(seen)
        key = source, id(seen), 1 if axis is None else shape[axis]
        if key not in self._converted:
            self._converted[key] = self._new(source, seen, shape)
        return self._converted[key]

    def _new(self, source: InputAxis, seen: AxisField, shape: Shape) -> Field:
        extent = self._shapes.shapes[source[0]][source[1]]
        return field(source, seen, shape, extent, dynamic=self._dynamic[source])

    def _scales(self, tensor: str, shape: Shape | None) -> tuple[Scale, ...]:
        return () if shape is None else scales_of(self._ordered(tensor), shape, self._new, self._before)

    def _before(self, name: str) -> Map:
        """The map before it was only turned and reshaped."""
        node = self._producers.get(name)
        while node is not None and node.op in _MOVES:
            name = node.inputs[0]
            node = self._producers.get(name)
        axes = sorted(frozenset().union(*(seen.actual.axes for seen in self._fields.get(name, {}).values())))
        return Map(name, tuple(self._shapes.shapes[name][axis] for axis in axes), self.of(name))

    @cached_property
    def _order(self) -> dict[InputAxis, int]:
        """All axes of the graph inputs, numbered in order."""
        axes = [(name, axis) for name in self._shapes.network.inputs for axis in range(len(self._shapes.shapes[name]))]
        return {source: number for number, source in enumerate(axes)}

    @cached_property
    def _dynamic(self) -> dict[InputAxis, bool]:
        return {source: _is_dynamic(self._shapes, source) for source in self._order}

    @cached_property
    def _producers(self) -> dict[str, Node]:
        return {name: node for node in self._shapes.nodes for name in node.outputs if name}


def _is_dynamic(shapes: Shapes, source: InputAxis) -> bool:
    dims = shapes.network.inputs[source[0]].dims
    return dims is None or not isinstance(dims[source[1]], int)
