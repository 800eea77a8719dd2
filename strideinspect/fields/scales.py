"""The maps that a tensor holds side by side along one axis, each with its own receptive field."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from msgspec import Struct, structs

from strideinspect.fields import merged_axes
from strideinspect.fields.actual import Dependence
from strideinspect.fields.axis_field import AxisField
from strideinspect.fields.closed_form import Closed, Piece, Role, Scales, Suspended
from strideinspect.fields.hulls import Hulls, along
from strideinspect.model.node import Shape
from strideinspect.results.field import Field, InputAxis
from strideinspect.results.scale import Scale

_Report = Callable[[InputAxis, AxisField, Shape], Field]

_Flat = tuple[Closed, list[tuple[int, bool]], int]


class Map(Struct, frozen=True):
    """A map by itself, before it was turned and flattened: its tensor, the size of its grid, and its fields."""

    tensor: str
    grid: Shape
    fields: tuple[Field, ...]


def scales_of(
    seen: Mapping[InputAxis, AxisField], shape: Shape, report: _Report, before: Callable[[str], Map]
) -> tuple[Scale, ...]:
    """The maps in a tensor of this shape; none for a tensor that is one map, with its axes.

    `report` converts a field, and `before` finds the map of which a tensor holds the values.
    """
    found = ((source, _pieces(field, shape)) for source, field in seen.items())
    split = {source: pieces for source, pieces in found if pieces is not None}
    ranges = {(axis, tuple((p.offset, p.length) for p in pieces)) for axis, pieces in split.values()}
    if len(ranges) != 1:
        return ()
    scales = []
    for i in range(len(next(iter(ranges))[1])):
        pieces = {source: (axis, listed[i], _flat(listed[i], axis)) for source, (axis, listed) in split.items()}
        fields = []
        grid: Shape = ()
        tensor, count = "", 0
        for source, (axis, piece, flat) in pieces.items():
            tensor, count = piece.form.tensor if isinstance(piece.form, Suspended) else piece.tensor, piece.length
            if flat is not None:
                form, sizes, digit = flat
                grid = grid or tuple(size for size, is_grid in sizes if is_grid)
                dependence = _cut(seen[source].actual, shape, axis, piece, [size for size, _ in sizes], digit)
                positions = [1] * len(shape)
                positions[axis] = sizes[digit][0]
                part = AxisField(dependence, structs.replace(form, axis=axis), piece.paths)
                fields.append(report(source, part, tuple(positions)))
        itself = before(tensor)
        if len(fields) < len(pieces):  # without a closed form here: as in the map by itself
            grid, fields = itself.grid, list(itself.fields)
        if fields:
            scales.append(Scale(itself.tensor, grid, count, tuple(fields)))
    return tuple(scales)


def _pieces(seen: AxisField, shape: Shape) -> tuple[int, tuple[Piece, ...]] | None:
    match form := seen.form:
        case Scales():
            return form.axis, form.pieces
        case Suspended():
            axis = merged_axes.position_axis(form)
            return axis, (Piece(0, shape[axis], form, form.tensor, seen.paths),)
        case _:
            return None


def _flat(piece: Piece, axis: int) -> _Flat | None:
    """The form along the position, the digits of the axis with whether each is one of the grid, and the position's."""
    match piece.form:
        case Closed():
            return piece.form, [(piece.length, True)], 0
        case Suspended():
            group = merged_axes.groups(piece.form)[axis]
            digits = [piece.form.digits[i] for i in group]
            sizes = [(digit.size, digit.role is not Role.PLAIN) for digit in digits]
            at = piece.form.form.axis
            spans = along(piece.form.form.spans, at, piece.form.form.period)
            line = spans.reshape(2, *(spans.shape[1] if i == axis else 1 for i in range(len(piece.form.counts))))
            return structs.replace(piece.form.form, spans=line), sizes, at - group.start
        case _:
            return None


def _cut(dependence: Dependence, shape: Shape, axis: int, piece: Piece, sizes: list[int], digit: int) -> Dependence:
    """The actual field of one map: its range of the axis, with only the position's digit left of it."""

    def change(spans: Hulls) -> Hulls:
        wide = along(spans, axis, shape[axis])[:, piece.offset : piece.offset + piece.length]
        low = wide.reshape(2, *sizes).min(axis=tuple(i + 1 for i in range(len(sizes)) if i != digit))
        return np.asarray(low).reshape(2, *(sizes[digit] if i == axis else 1 for i in range(len(shape))))

    return dependence.changed(change, axes=frozenset({axis}))
