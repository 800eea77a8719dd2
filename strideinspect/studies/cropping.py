"""The part of the inputs that is enough for one cell: its theoretical field, aligned to every stride on the way."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import lcm, prod

from msgspec import Struct

from strideinspect.analysis import Analysis
from strideinspect.fields.closed_form import Closed
from strideinspect.model.node import Shape
from strideinspect.results.boxes import Box, Place
from strideinspect.studies.boxes_and_cells import box_of


class Crop(Struct, frozen=True):
    """The network at smaller inputs: where each begins in the whole one, and where the cell is there."""

    analysis: Analysis
    place: Place
    first: Mapping[str, tuple[int, ...]]
    sizes: Mapping[str, Shape]


def cropped(analysis: Analysis, place: Place, boxes: tuple[Box, ...]) -> Crop | None:
    """A crop that gives the same gradient with at most half the pixels; None where there is none.

    The cell's theoretical field has to lie inside, so that it meets the padding that it meets in the whole input and no
    other; beginning and end move by multiples of all strides, so that windows fall on the same pixels. One such step is
    left around the field, where a gradient would be wrong, and would show.
    """
    first: dict[str, tuple[int, ...]] = {}
    sizes: dict[str, Shape] = {}
    for box in boxes:
        sides = [_side(analysis, place, box, position) for position in range(len(box.axes))]
        known = [side for side in sides if side is not None]
        if len(known) < len(sides):
            return None
        first[box.input] = tuple(side[0] for side in known)
        shape = [*analysis.sizes[box.input]]
        for side, (begin, end) in zip(box.axes, known, strict=True):
            shape[side.axis] = end - begin
        sizes[box.input] = tuple(shape)
    if 2 * sum(map(prod, sizes.values())) > sum(prod(analysis.sizes[name]) for name in sizes):
        return None
    smaller = analysis.at(sizes)
    moved = _moved(analysis, place, smaller, first)
    if moved is None or smaller.problems or not _same(boxes, box_of(smaller, moved), first):
        return None
    return Crop(smaller, moved, first, sizes)


def _side(analysis: Analysis, place: Place, box: Box, position: int) -> tuple[int, int] | None:
    """Begin and end of the crop along one axis."""
    side = box.axes[position]
    if side.padding is None or side.first is None or side.last is None or side.full is not None:
        return None
    step = _step(analysis, (box.input, side.axis))
    if step is None:
        return None
    before, after = side.first - side.padding[0], side.extent - 1 - side.last - side.padding[1]
    begin, end = max(0, before // step - 1) * step, side.extent - max(0, after // step - 1) * step
    if place.tensor in analysis.network.inputs or end <= begin:
        return None
    return begin, end


def _step(analysis: Analysis, source: tuple[str, int]) -> int | None:
    """The least common multiple of the effective strides along one axis of an input."""
    forms = [fields[source].form for fields in analysis.fields.values() if source in fields]
    return lcm(*(form.stride.numerator for form in forms if isinstance(form, Closed)), 1)


def _moved(analysis: Analysis, place: Place, smaller: Analysis, first: Mapping[str, tuple[int, ...]]) -> Place | None:
    """The cell in the smaller map."""
    shape = smaller.shapes.shapes.get(place.tensor)
    if shape is None or len(shape) != len(place.shape):
        return None
    indices = dict(zip(place.axes, place.indices, strict=True))
    moved: dict[int, Fraction] = {}
    for field in analysis.tensor(place.tensor).fields:
        if field.node_axis is None or field.stride is None or field.input not in first:
            return None
        axes = analysis.spatial_axes[field.input]
        by = first[field.input][axes.index(field.axis)] / field.stride
        here = indices[field.node_axis] - by
        if by.denominator != 1 or moved.setdefault(field.node_axis, here) != here:
            return None
    if {*moved} != {*place.axes} or not all(0 <= index < shape[axis] for axis, index in moved.items()):
        return None
    return Place(place.tensor, shape, place.axes, tuple(int(moved[axis]) for axis in place.axes))


def _same(boxes: tuple[Box, ...], smaller: tuple[Box, ...], first: Mapping[str, tuple[int, ...]]) -> bool:
    """Whether the cell depends on the same pixels in both, with the same padding."""
    if [box.input for box in boxes] != [box.input for box in smaller]:
        return False
    for box, other in zip(boxes, smaller, strict=True):
        for a, b, begin in zip(box.axes, other.axes, first[box.input], strict=True):
            shifted = tuple((x - begin, y - begin) for x, y in a.holes)
            if (a.first, a.last) != (_plus(b.first, begin), _plus(b.last, begin)):
                return False
            if a.padding != b.padding or shifted != b.holes or b.full is not None:
                return False
    return True


def _plus(index: int | None, by: int) -> int | None:
    return None if index is None else index + by
