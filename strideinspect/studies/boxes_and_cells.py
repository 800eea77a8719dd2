"""Receptive and projective fields of one index: from a cell to the pixels, and from a pixel to the cells.

Hulls come from the index arrays, which keep channels apart; what is missing inside them from masks that are propagated
through the same reads, backwards for a cell and forwards for a pixel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from strideinspect.analysis import Analysis
from strideinspect.errors import UsageError
from strideinspect.fields.axis_field import AxisField, Fields
from strideinspect.fields.closed_form import Reason
from strideinspect.fields.forward import propagate
from strideinspect.fields.holes import locally
from strideinspect.fields.hulls import Hulls, hull
from strideinspect.fields.index_masks import Masks, Vector, all_marked, runs
from strideinspect.fields.liveness import seen_from
from strideinspect.fields.node_reads import NodeReads
from strideinspect.fields.projection import depending_on
from strideinspect.fields.tensor_fields import field
from strideinspect.model.node import Shape
from strideinspect.results.boxes import Box, BoxAxis, Cells, CellsAxis, Place
from strideinspect.results.field import Field, InputAxis, Span
from strideinspect.results.where_result import Where
from strideinspect.studies import places
from strideinspect.studies.opening import stopped


def boxes(analysis: Analysis, path: str, at: str, source: str | None = None) -> Where:
    """What an index of a tensor depends on, in every graph input or in the tensor `source` instead.

    Raises UsageError where there is no such tensor or index, or it does not depend on `source`.
    """
    place = places.place(analysis, at, analysis.network.outputs, "--at")
    return Where(path, place, box_of(analysis, place, source), ())


def box_of(analysis: Analysis, place: Place, source: str | None = None) -> tuple[Box, ...]:
    """What one index depends on. Raises UsageError as `boxes`."""
    if source is None:
        fields = analysis.fields
    else:
        source = places.tensor(analysis, source)
        fields = fields_from(analysis, source)
    seen = fields.get(place.tensor, {})
    if not seen:
        raise UsageError(f"{place.tensor!r} does not depend on {'any image axis' if source is None else repr(source)}")
    masks = marked(place.shape, dict(zip(place.axes, place.indices, strict=True)))
    sides: dict[str, list[BoxAxis]] = {}
    for name, axis in sorted(seen, key=lambda one: (list(analysis.shapes.shapes).index(one[0]), one[1])):
        side = _side(analysis, fields, (name, axis), place, masks)
        sides.setdefault(name, []).append(side)
    return tuple(Box(name, tuple(axes)) for name, axes in sides.items())


def cells(analysis: Analysis, path: str, pixel: str, to: str | None = None) -> Where:
    """The indices that depend on a pixel of a graph input or another tensor: of every graph output, or of `to` instead.

    Raises UsageError where there is no such tensor or pixel.
    """
    place = places.place(analysis, pixel, list(analysis.network.inputs), "--pixel")
    if not place.axes:
        raise UsageError(f"--pixel {pixel}: {place.tensor} has no position")
    fields = fields_from(analysis, place.tensor)
    outputs = analysis.network.outputs if to is None else (places.tensor(analysis, to),)
    near = {axis: _near(analysis.reads, fields, (place.tensor, axis)) for axis in place.axes}
    reached = {
        axis: depending_on(analysis.shapes, near[axis], {place.tensor: marked(place.shape, {axis: index})})
        for axis, index in zip(place.axes, place.indices, strict=True)
    }
    found = tuple(_cells(analysis, fields, place, reached, output) for output in outputs)
    why = stopped(analysis)
    if why is not None and all(one.unknown is not None for one in found):
        hint = "give another size, or name a tensor before that node with --to"
        raise UsageError(f"--pixel {pixel}: the model {why}", hint)
    return Where(path, place, (), found)


def fields_from(analysis: Analysis, source: str) -> Fields:
    """The fields of all tensors in one tensor, along the axes on which its position runs."""
    axes = places.position_axes(analysis, source)
    if not axes:
        raise UsageError(f"{source!r} has no position: it has been pooled, or no window slides over it")
    return propagate(analysis.shapes, analysis.reads, [(source, axis) for axis in axes])


def _near(nodes: Sequence[NodeReads], fields: Fields, source: InputAxis) -> list[NodeReads]:
    return [locally(item, fields, source) for item in nodes]


def marked(shape: Shape, index: Mapping[int, int]) -> Masks:
    """These indices along these axes, all along the others."""
    whole = all_marked(shape)
    return tuple(np.arange(len(v)) == index[axis] if axis in index else v for axis, v in enumerate(whole))


def _side(analysis: Analysis, fields: Fields, source: InputAxis, place: Place, masks: Masks) -> BoxAxis:
    name, axis = source
    seen = fields[place.tensor][source]
    index = dict(zip(place.axes, place.indices, strict=True))
    extent = analysis.shapes.shapes[name][axis]
    described = field(source, seen, place.shape, extent, dynamic=False)
    spans = seen.actual.full if seen.actual.local is None else seen.actual.local
    span = hull(_at(spans, index))
    holes: tuple[Span, ...] = ()
    if span is not None:
        nodes = analysis.reads if seen.actual.local is None else _near(analysis.reads, fields, source)
        reached = seen_from(analysis.shapes, nodes, {place.tensor: masks}).get(name)
        holes = () if reached is None else _missing(reached[axis], span)
    theoretical = _theoretical(described, index)
    padding = None
    if theoretical is not None and span is not None:
        padding = (span[0] - theoretical[0], theoretical[1] - span[1])
    middle = theoretical or span
    return BoxAxis(
        axis=axis,
        extent=extent,
        first=None if span is None else span[0],
        last=None if span is None else span[1],
        center=None if middle is None else Fraction(sum(middle), 2),
        padding=padding,
        holes=holes,
        full=None if seen.actual.local is None else described.full,
        reason=described.reason,
    )


def _at(spans: Hulls, index: Mapping[int, int]) -> Hulls:
    """The spans at one index along some axes; along an axis of extent 1 they are constant."""
    for axis, number in index.items():
        if spans.shape[axis + 1] > 1:
            spans = spans.take([number], axis + 1)
    return spans


def _theoretical(described: Field, index: Mapping[int, int]) -> Span | None:
    """The theoretical field of one index; None without a closed form, and for an index that sees nothing."""
    if not described.phases or described.stride is None or described.node_axis is None:
        return None
    periods, phase = divmod(index[described.node_axis], len(described.phases))
    span = described.phases[phase]
    shift = int(periods * len(described.phases) * described.stride)
    return None if span is None else (span[0] + shift, span[1] + shift)


def _missing(reached: Vector, span: Span) -> tuple[Span, ...]:
    """The ranges inside a span that are not reached."""
    first, last = span
    return tuple((a + first, b + first) for a, b in runs(~reached[first : last + 1]))


def _cells(
    analysis: Analysis, fields: Fields, place: Place, reached: Mapping[int, Mapping[str, Masks]], output: str
) -> Cells:
    """The indices of one output that depend on a pixel."""
    if output not in analysis.shapes.shapes:
        return Cells(output, (), None, analysis.shapes.unknown.get(output, "its shape is not known"))
    known = [fields.get(output, {}).get((place.tensor, axis)) for axis in place.axes]
    seen = [one for one in known if one is not None]
    if len(seen) < len(known) or not _depends(analysis, place, output):
        return Cells(output, (), None)
    full = next((text for one in seen if (text := _spread(one))), None)
    vectors: dict[int, Vector] = {}
    for axis, index, one in zip(place.axes, place.indices, seen, strict=True):
        masks = reached[axis].get(output)
        if masks is None or one.actual.local is None:
            return Cells(output, (), full or _whole(one))
        inside = _inside(one.actual.local, index, masks)
        for at in one.actual.axes:
            vectors[at] = vectors[at] & inside[at] if at in vectors else inside[at]
    if not vectors:
        return Cells(output, (), full or _whole(seen[0]))
    if not all(vector.any() for vector in vectors.values()):
        return Cells(output, (), full)
    sides = []
    for at, vector in sorted(vectors.items()):
        ends = np.flatnonzero(vector)
        span = int(ends[0]), int(ends[-1])
        sides.append(CellsAxis(at, len(vector), *span, _missing(vector, span)))
    return Cells(output, tuple(sides), full)


def _depends(analysis: Analysis, place: Place, output: str) -> bool:
    """Whether the output depends on the pixel in any way at all."""
    start = {place.tensor: marked(place.shape, dict(zip(place.axes, place.indices, strict=True)))}
    return output in depending_on(analysis.shapes, analysis.reads, start)


def _spread(seen: AxisField) -> str | None:
    """Why every index of a tensor depends on a pixel; None where only those do whose field holds it."""
    actual = seen.actual
    if actual.unknown is not None:
        return actual.unknown
    wider = actual.local is None or (actual.local is not actual.full and bool((actual.full < actual.local).any()))
    return f"through {actual.collapsed_at}" if (wider or not actual.axes) and actual.collapsed_at else None


def _whole(seen: AxisField) -> str:
    """Why all of a tensor without a position depends on a pixel: the node behind which it has none."""
    return seen.form.text if isinstance(seen.form, Reason) else "it has no position along this axis"


def _inside(spans: Hulls, index: int, masks: Masks) -> list[Vector]:
    """Per axis of a tensor the indices whose span holds an index, and which depend on it according to the masks."""
    holds = (spans[0] <= index) & (index <= -spans[1])
    vectors = []
    for axis, mask in enumerate(masks):
        others = tuple(other for other in range(holds.ndim) if other != axis)
        along = holds.any(axis=others)
        vectors.append(mask & (along if along.size == mask.size else np.broadcast_to(along, mask.shape)))
    return vectors
