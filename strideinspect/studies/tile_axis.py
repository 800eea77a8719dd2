"""How one axis of a graph input can be cut for one output, from the closed form of its field."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from msgspec import Struct, structs

from strideinspect.analysis import Analysis
from strideinspect.fields.alignment import reach
from strideinspect.fields.axis_field import AxisField
from strideinspect.fields.closed_form import Closed
from strideinspect.fields.hulls import along
from strideinspect.reads.steps import Sliding, Table, Transposed
from strideinspect.results.field import NOTHING, InputAxis, Span, sees_nothing
from strideinspect.results.tile_parts import TiledAxis, WholeAxis

_HOLE = (NOTHING, -NOTHING)
"""The field of a cell that sees nothing: it lies in every tile."""


def cut(analysis: Analysis, output: str, source: InputAxis) -> TiledAxis | WholeAxis:
    """How this axis of a graph input can be cut for this output; a WholeAxis, with the reason, where it cannot.

    A cell that a tile computes is that of the whole input where its theoretical field lies in the tile: then every
    index on its way exists in both, and none is padding. This needs tiles that begin at the same phase of every map.
    """
    seen = analysis.fields[output][source]
    form, reason = seen.form, _reason(analysis, seen)
    if reason is not None or not isinstance(form, Closed):
        return WholeAxis(*source, reason or "there is no closed form")
    (node_axis,) = seen.actual.axes
    length = analysis.sizes[source[0]][source[1]]
    cells = analysis.shapes.shapes[output][node_axis]
    inner = _inner_padding(analysis, output, source, length)
    if isinstance(inner, str):
        return WholeAxis(*source, inner)
    phases = [phase or _HOLE for phase in form.phases]
    crop = _crop(form, phases, cells, length, inner)
    step = math.lcm(*(found.form.step for found in _forms(analysis, output, source)))
    turns = range(step // form.step * form.period)
    spans = [(first + k * form.step, last + k * form.step) for k, (first, last) in _turned(phases, turns)]
    halo = (
        max(0, inner[0] - min(first for first, _ in spans)),
        max(0, inner[1] + max(last for _, last in spans) - step + 1),
    )
    scale = 1 / form.stride
    border = _border_reach(seen, form, phases, length)
    reached = reach(form)
    axis = TiledAxis(*source, node_axis, step, halo, crop, 0, scale, reached.lookahead, reached.lookback, length, cells)
    smallest = length % step or step
    while axis.kept(smallest) < step:
        smallest += step
    if border > max(smallest, length // 2):
        return WholeAxis(
            *source, f"cells at one border depend on pixels {border - 1} pixels away, as circular padding does"
        )
    return structs.replace(axis, smallest_tile=smallest + max(0, -(-(border - smallest) // step)) * step)


def _turned(phases: list[Span], turns: range) -> Iterator[tuple[int, Span]]:
    """The phases of several periods, each with the number of whole periods before it."""
    for index in turns:
        yield index // len(phases), phases[index % len(phases)]


def _reason(analysis: Analysis, seen: AxisField) -> str | None:
    """Why the axis has to be whole; None where nothing speaks against cutting it."""
    actual, form = seen.actual, seen.form
    if actual.unknown is not None:
        return actual.unknown
    if actual.collapsed_at is not None:
        node = analysis.producers.get(actual.collapsed_at)
        what = actual.collapsed_at if node is None else f"{node.op} {node.label!r}"
        return f"{what} depends on all of the axis, so that a tile would get other values"
    if not isinstance(form, Closed):
        return form.text
    return _without_position(seen, form)


def _without_position(seen: AxisField, form: Closed) -> str | None:
    """Why there is nothing to cut although there is a closed form; None where there is."""
    if len(seen.actual.axes) != 1 or seen.actual.local is None:
        return "the output has no single axis of positions for it"
    if form.step <= 0:
        return "its order is reversed on the way to the output"
    return None if any(form.phases) else "the output depends on none of its pixels"


class _Found(Struct, frozen=True):
    tensor: str
    form: Closed


def _forms(analysis: Analysis, output: str, source: InputAxis) -> Iterator[_Found]:
    """The tensors between a graph input and an output that have positions along the axis."""
    for name in analysis.needed_by(output):
        seen = analysis.fields.get(name, {}).get(source)
        if seen is not None and isinstance(seen.form, Closed) and seen.form.step > 0:
            yield _Found(name, seen.form)


def _inner_padding(analysis: Analysis, output: str, source: InputAxis, length: int) -> Span | str:
    """How many pixels inside a border, at the beginning and at the end, padding may still stand for pixels.

    Padding lies outside the image, unless a map was cropped before it is padded: the index before such a map sees
    pixels that exist. Of an index that sees nothing it is not known where it lies: then the reason is returned.
    """
    begin = end = 0
    needed = analysis.needed_by(output)
    padded = {
        (item.node.inputs[read.input], side)
        for item in analysis.reads
        if any(name in needed for name in item.node.outputs)
        for read in item.reads
        for step in read.steps
        for side, pads in enumerate(_pads(step))
        if pads
    }
    for found in _forms(analysis, output, source):
        name, form = found.tensor, found.form
        cells = analysis.shapes.shapes[name][form.axis]
        if None in form.phases and {(name, 0), (name, 1)} & padded:
            return f"indices of {name!r} that see nothing are beside padding: what a tile computes there is not known"
        if (name, 0) in padded:
            begin = max(begin, _field(form, -1)[0] + 1)
        if (name, 1) in padded:
            end = max(end, length - _field(form, cells)[1])
    return begin, end


def _pads(step: object) -> tuple[bool, bool]:
    """Whether a step may read indices before the first and behind the last of its input."""
    match step:
        case Sliding():
            reach = (step.size - 1) * step.stride + step.dilation * (step.kernel - 1) - step.begin
            return step.begin > 0, reach >= step.length
        case Transposed() | Table():
            return True, True
        case _:
            return False, False


def _field(form: Closed, index: int) -> Span:
    """The field of any index of a closed form without holes, existing or not."""
    turns, phase = divmod(index, form.period)
    first, last = form.phases[phase] or _HOLE
    return first + turns * form.step, last + turns * form.step


def _crop(form: Closed, phases: list[Span], cells: int, length: int, inner: Span) -> tuple[int, int]:
    """How many cells at the beginning and at the end of a tile see past it."""
    before = max((inner[0] - 1 - first) // form.step * form.period + r for r, (first, _) in enumerate(phases))
    after = min(-((last - length + inner[1]) // form.step) * form.period + r for r, (_, last) in enumerate(phases))
    return max(0, before + 1), max(0, cells - after)


def _border_reach(seen: AxisField, form: Closed, phases: list[Span], length: int) -> int:
    """The smallest tile for which cells at a border of the image see no more than it.

    Mirrored padding makes a cell at the border depend on pixels outside its theoretical field.
    """
    (axis,) = seen.actual.axes
    if seen.actual.local is None:
        return 0
    low = along(seen.actual.local, axis, seen.actual.local.shape[axis + 1])
    index = np.arange(low.shape[1])
    if len(index) == 1:
        return 0
    moved = index // form.period * form.step
    firsts, lasts = (np.array(side)[index % form.period] + moved for side in zip(*phases, strict=True))
    there = ~sees_nothing(low[0])
    far_last = there & (-low[1] > lasts) & (firsts < 0)
    far_first = there & (low[0] < firsts) & (lasts >= length)
    reached = int((-low[1]).max(where=far_last, initial=-1)) + 1
    return max(reached, length - int(low[0].min(where=far_first, initial=length)))
