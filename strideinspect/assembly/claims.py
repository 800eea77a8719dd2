"""What verification is asked to hold against running: plain data, for it is to know nothing of how it was found."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from strideinspect.assembly import enlarging
from strideinspect.fields.hulls import EMPTY, Hulls
from strideinspect.model.shapes import Shapes
from strideinspect.rules.inspection import Inspection
from strideinspect.verify.claims import Claims, FieldClaim
from strideinspect.verify.impulses import ImpulsePlan, plan
from strideinspect.verify.messages import Reach

_MOST_ENTRIES = 1 << 16
"""Of one tensor's hulls; where they are more, neighbours share one."""


def claims(found: Inspection, *, full: bool) -> Claims:
    """Shapes, fields, unseen indices, and the closed forms that this size can settle.

    With `full` all closed forms, those that are left open at larger sizes, and the impulses to send.
    """
    shapes = found.shapes
    own = {name for node in shapes.nodes for name in node.outputs}
    theory = enlarging.theory(found.windows, found.outputs)
    macs = sum(window.macs or 0 for window in found.windows)
    left_open = {claim.key: claim for claim, count in theory if not claim.settled_at(count)}
    return Claims(
        shapes={name: shape for name, shape in shapes.shapes.items() if name in own},
        fields=[
            FieldClaim(
                input=f.input,
                axis=f.axis,
                tensor=window.output,
                node=window.name or None,
                node_axis=f.node_axis,
                positions=f.positions,
                full=(f.full.first, f.full.last) if f.full else None,
            )
            for window in found.windows
            for f in window.fields
        ],
        unseen=found.unseen,
        nodes=_producers(shapes),
        theory=[claim for claim, _ in theory if full or claim.key not in left_open],
        enlarged=enlarging.enlarged(shapes, found.sources, list(left_open.values()), macs) if full else (),
        impulses=_sending(found) if full else None,
    )


def _sending(found: Inspection) -> ImpulsePlan:
    """The impulses to send along each source, and what they may reach of the windows' and of the graph's outputs."""
    shapes = found.shapes
    outputs = shapes.network.outputs
    tensors = [name for name in dict.fromkeys((*outputs, *(w.output for w in found.windows))) if name in shapes.shapes]
    producers = _producers(shapes)
    whole = all(item.known for item in found.described)  # else a tensor without a field may depend on a source too
    dark = {(entry.input, entry.axis): entry.ranges for entry in found.unseen}
    reaches = []
    for tensor in tensors:
        shape = shapes.shapes[tensor]
        for source in found.sources:
            seen = found.fields.get(tensor, {}).get(source)
            if seen is None and not whole:
                continue
            full = np.full((2, *(1,) * len(shape)), EMPTY) if seen is None else _coarse(seen.actual.full)
            reaches.append(
                Reach(
                    *source,
                    tensor=tensor,
                    node=producers.get(tensor),
                    shape=shape,
                    extents=full.shape[1:],
                    first=tuple(full[0].reshape(-1).tolist()),
                    last=tuple((-full[1]).reshape(-1).tolist()),
                    unseen=dark.get(source, ()) if tensor in outputs else (),
                )
            )
    return plan(reaches, {(name, axis): shapes.shapes[name][axis] for name, axis in found.sources})


def _coarse(spans: Hulls) -> Hulls:
    """The same hulls, or wider ones where they are too many to hand over."""
    while spans.size > 2 * _MOST_ENTRIES:
        spans = spans.min(axis=1 + int(np.argmax(spans.shape[1:])), keepdims=True)
    return spans


def _producers(shapes: Shapes) -> Mapping[str, str | None]:
    return {name: node.name or None for node in shapes.nodes for name in node.outputs if name}
