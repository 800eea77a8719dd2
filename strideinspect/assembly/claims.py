"""What verification is asked to hold against running: plain data, for it is to know nothing of how it was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from strideinspect.fields.forward import Described, Fields, Source
from strideinspect.fields.spans import EMPTY, Spans
from strideinspect.model.shapes import Shapes
from strideinspect.report.model import Unseen, WindowNode
from strideinspect.verify.claims import Claims, FieldClaim
from strideinspect.verify.impulses import Reach, Sending, plan

_MOST_ENTRIES = 1 << 16
"""Of one tensor's hulls; where they are more, neighbours share one."""


def claims(shapes: Shapes, windows: Sequence[WindowNode], unseen: Sequence[Unseen], sending: Sending | None) -> Claims:
    """Shapes, fields and unseen indices; `sending` are the impulses, None where they are not asked for."""
    producers = _producers(shapes)
    own = {name for node in shapes.nodes for name in node.outputs}
    return Claims(
        shapes={name: shape for name, shape in shapes.shapes.items() if name in own},
        fields=[
            FieldClaim(
                input=f.input,
                axis=f.axis,
                tensor=window.output,
                node=window.name or None,
                node_axis=f.node_axis,
                first=f.positions.first,
                last=f.positions.last,
                full=(f.full.first, f.full.last) if f.full else None,
            )
            for window in windows
            for f in window.fields
        ],
        unseen=unseen,
        nodes=producers,
        sending=sending,
    )


def sending(
    shapes: Shapes,
    nodes: Sequence[Described],
    fields: Fields,
    sources: Sequence[Source],
    windows: Sequence[WindowNode],
    unseen: Sequence[Unseen],
) -> Sending:
    """The impulses to send along each source, and what they may reach of the windows' and of the graph's outputs."""
    outputs = shapes.network.outputs
    tensors = [name for name in dict.fromkeys((*outputs, *(w.output for w in windows))) if name in shapes.shapes]
    producers = _producers(shapes)
    whole = all(item.known for item in nodes)  # else a tensor without a field may depend on the source all the same
    dark = {(entry.input, entry.axis): entry.ranges for entry in unseen}
    reaches = []
    for tensor in tensors:
        shape = shapes.shapes[tensor]
        for source in sources:
            seen = fields.get(tensor, {}).get(source)
            if seen is None and not whole:
                continue
            full = np.full((2, *(1,) * len(shape)), EMPTY) if seen is None else _coarse(seen.actual.full)
            first, last = full[0].reshape(-1).tolist(), (-full[1]).reshape(-1).tolist()
            reaches.append(
                Reach(
                    *source,
                    tensor=tensor,
                    node=producers.get(tensor),
                    shape=shape,
                    extents=full.shape[1:],
                    first=tuple(first),
                    last=tuple(last),
                    dark=dark.get(source, ()) if tensor in outputs else (),
                )
            )
    return plan(reaches, {(name, axis): shapes.shapes[name][axis] for name, axis in sources})


def _coarse(spans: Spans) -> Spans:
    """The same hulls, or wider ones where they are too many to hand over."""
    while spans.size > 2 * _MOST_ENTRIES:
        spans = spans.min(axis=1 + int(np.argmax(spans.shape[1:])), keepdims=True)
    return spans


def _producers(shapes: Shapes) -> Mapping[str, str | None]:
    return {name: node.name or None for node in shapes.nodes for name in node.outputs if name}
