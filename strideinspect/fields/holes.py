"""Exact fields of single indices, and the indices missing inside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

import numpy as np
from msgspec import structs

from strideinspect.fields.actual import apply
from strideinspect.fields.axes import StepContext
from strideinspect.fields.axis_field import Fields
from strideinspect.fields.index_masks import Masks, all_marked, runs
from strideinspect.fields.liveness import seen_from
from strideinspect.fields.node_reads import NodeReads
from strideinspect.model.shapes import Shapes
from strideinspect.reads.steps import Broadcast, Statistics
from strideinspect.results.field import InputAxis, Span


def may_have_holes(shapes: Shapes) -> bool:
    """Whether some window skips indices between its taps or between two of its positions."""
    return any(
        w.dilation > 1 or w.extent < w.stride
        for geometry in shapes.geometries.values()
        for w in geometry.windows
        if not w.transposed
    )


def middle(shapes: Shapes, fields: Fields, tensor: str) -> tuple[Masks, dict[InputAxis, int]]:
    """The middle index of a tensor along each of its image axes: as masks of the tensor, and as an index by source."""
    masks = list(all_marked(shapes.shapes[tensor]))
    chosen: dict[InputAxis, int] = {}
    for source, seen in fields.get(tensor, {}).items():
        if seen.actual.local is not None and len(seen.actual.axes) == 1:
            (axis,) = seen.actual.axes
            chosen[source] = len(masks[axis]) // 2
            masks[axis] = np.arange(len(masks[axis])) == chosen[source]
    return tuple(masks), chosen


def holes_of(
    shapes: Shapes, nodes: Sequence[NodeReads], fields: Fields, tensors: Sequence[str]
) -> Mapping[str, Mapping[InputAxis, tuple[int, tuple[Span, ...]]]]:
    """Per tensor and source the middle index, and the input indices inside its local field that it does not see."""
    near: dict[InputAxis, list[NodeReads]] = {}
    holes: dict[str, dict[InputAxis, tuple[int, tuple[Span, ...]]]] = {}
    for tensor in tensors:
        masks, chosen = middle(shapes, fields, tensor)
        holes[tensor] = {}
        for (name, axis), index in chosen.items():
            if (name, axis) not in near:
                near[name, axis] = [locally(item, fields, (name, axis)) for item in nodes]
            reached = seen_from(shapes, near[name, axis], {tensor: masks})
            seen_indices = np.flatnonzero(reached[name][axis]) if name in reached else np.zeros(0, dtype=np.int64)
            if seen_indices.size:
                missing = runs(~reached[name][axis][seen_indices[0] : seen_indices[-1] + 1])
                if missing:
                    start = int(seen_indices[0])
                    holes[tensor][name, axis] = (index, tuple((a + start, b + start) for a, b in missing))
    return holes


def locally(item: NodeReads, fields: Fields, source: InputAxis) -> NodeReads:
    """The node without reads that are not local: statistics, and broadcasts of a collapsed axis."""
    kept = []
    for read in item.reads:
        seen = fields.get(item.node.inputs[read.input], {}).get(source)
        if seen is not None and (seen.actual.local is None or any(isinstance(s, Broadcast) for s in read.steps)):
            context = StepContext(item.node.outputs[read.output], item.node.label, frozenset())
            after = reduce(lambda dependence, step: apply(step, dependence, context), read.steps, seen.actual)
            if after.local is None:
                continue
        kept.append(structs.replace(read, steps=tuple(s for s in read.steps if not isinstance(s, Statistics))))
    return structs.replace(item, reads=tuple(kept))
