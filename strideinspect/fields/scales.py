"""The maps that a tensor holds side by side along one axis, each with its own receptive field."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from strideinspect.fields import merged_axes
from strideinspect.fields.actual import Dependence
from strideinspect.fields.closed_form import Closed, Form, Piece, Role, Scales, Suspended
from strideinspect.fields.forward import AxisField
from strideinspect.fields.hulls import Hulls, along
from strideinspect.model.node import Shape
from strideinspect.results.field import Field, InputAxis
from strideinspect.results.scale import Scale

_Report = Callable[[InputAxis, AxisField, Shape], Field]


def scales_of(
    seen: Mapping[InputAxis, AxisField], shape: Shape, report: _Report, origin: Callable[[str], str]
) -> tuple[Scale, ...]:
    """The maps in a tensor of this shape; none for a tensor that is one map, with its axes.

    `report` converts a field, and `origin` finds the map before it was turned and flattened.
    """
    found = ((source, _pieces(field.form, shape)) for source, field in seen.items())
    split = {source: pieces for source, pieces in found if pieces is not None}
    ranges = {(axis, tuple((p.offset, p.length) for p in pieces)) for axis, pieces in split.values()}
    if len(ranges) != 1:
        return ()
    scales = []
    for i in range(len(next(iter(ranges))[1])):
        fields = []
        grid: tuple[int, ...] = ()
        tensor, count = "", 0
        for source, (axis, pieces) in split.items():
            piece = pieces[i]
            flat = _flat(piece, axis)
            if flat is not None:
                form, sizes, digit = flat
                tensor, count = piece.form.tensor if isinstance(piece.form, Suspended) else piece.tensor, piece.length
                grid = grid or tuple(size for size, is_grid in sizes if is_grid)
                dependence = _cut(seen[source].actual, shape, axis, piece, [size for size, _ in sizes], digit)
                positions = [1] * len(shape)
                positions[axis] = sizes[digit][0]
                part = AxisField(dependence, form._replace(axis=axis), seen[source].paths)
                fields.append(report(source, part, tuple(positions)))
        if fields:
            scales.append(Scale(origin(tensor), grid, count, tuple(fields)))
    return tuple(scales)


def _pieces(form: Form, shape: Shape) -> tuple[int, tuple[Piece, ...]] | None:
    match form:
        case Scales():
            return form.axis, form.pieces
        case Suspended():
            axis = merged_axes.position_axis(form)
            return axis, (Piece(0, shape[axis], form, form.tensor),)
        case _:
            return None


def _flat(piece: Piece, axis: int) -> tuple[Closed, list[tuple[int, bool]], int] | None:
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
            return piece.form.form._replace(spans=line), sizes, at - group.start
        case _:
            return None


def _cut(dependence: Dependence, shape: Shape, axis: int, piece: Piece, sizes: list[int], digit: int) -> Dependence:
    """The actual field of one map: its range of the axis, with only the position's digit left of it."""

    def change(spans: Hulls) -> Hulls:
        wide = along(spans, axis, shape[axis])[:, piece.offset : piece.offset + piece.length]
        low = wide.reshape(2, *sizes).min(axis=tuple(i + 1 for i in range(len(sizes)) if i != digit))
        return np.asarray(low).reshape(2, *(sizes[digit] if i == axis else 1 for i in range(len(shape))))

    return dependence.changed(change, axes=frozenset({axis}))
