"""Which axes of the graph inputs are spatial: those along which a window slides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from strideinspect.fields import actual
from strideinspect.fields.actual import Dependence
from strideinspect.fields.axes import StepContext
from strideinspect.fields.hulls import index_spans
from strideinspect.fields.node_reads import NodeReads
from strideinspect.model.shapes import Shapes
from strideinspect.reads.steps import AxisPart
from strideinspect.results.field import InputAxis

_RESIZES = frozenset({"Resize", "Upsample"})


def spatial_axes(shapes: Shapes, nodes: Sequence[NodeReads]) -> dict[str, tuple[int, ...]]:
    """Per graph input the axes along which a first window slides; without one, those that are resized.

    Axis 0 is the batch, unless windows of more than one index slide along it: the frames of a spectrogram that a model
    takes without a batch.
    """
    sources = [(name, axis) for name in shapes.network.inputs for axis in range(len(shapes.shapes[name]))]
    seen: dict[str, dict[InputAxis, Dependence]] = {name: {} for name in shapes.network.inputs}
    for name, axis in sources:
        shape = shapes.shapes[name]
        spans = index_spans(len(shape), axis, shape[axis])
        seen[name][name, axis] = Dependence(spans, spans, spans, frozenset({axis}))
    window_axes: set[InputAxis] = set()
    resized: set[InputAxis] = set()
    for item in nodes:
        node = item.node
        geometry = shapes.geometries.get(node.key) if item.known else None
        if geometry is not None:
            for source, dependence in seen.get(node.inputs[geometry.data], {}).items():
                along = (w for a, w in zip(geometry.axes, geometry.windows, strict=True) if a in dependence.axes)
                if any(source[1] > 0 or w.extent > 1 for w in along):
                    window_axes.add(source)
            continue
        if node.op in _RESIZES and item.reads:
            before, after = shapes.shapes[node.inputs[0]], shapes.shapes[node.key]
            changed = {axis for axis, sizes in enumerate(zip(before, after, strict=False)) if sizes[0] != sizes[1]}
            resized |= {s for s, d in seen.get(node.inputs[0], {}).items() if s[1] > 0 and d.axes & changed}
        for name, parts in _contributions(item, seen).items():
            seen[name] = {s: actual.merge([(place, d) for place, d in p], ()) for s, p in parts.items()}
    return {
        name: tuple(
            sorted(axis for owner, axis in window_axes if owner == name)
            or sorted(axis for owner, axis in resized if owner == name)
        )
        for name in shapes.network.inputs
    }


_Parts = dict[str, dict[InputAxis, list[tuple[AxisPart | None, Dependence]]]]


def _contributions(item: NodeReads, seen: Mapping[str, Mapping[InputAxis, Dependence]]) -> _Parts:
    parts: _Parts = {}
    for read in item.reads:
        output = item.node.outputs[read.output]
        context = StepContext(output, item.node.label, frozenset())
        for source, before in seen.get(item.node.inputs[read.input], {}).items():
            dependence = before
            for step in read.steps:
                dependence = actual.apply(step, dependence, context)
            parts.setdefault(output, {}).setdefault(source, []).append((read.place, dependence))
    return parts
