"""The claims that verification checks by running the model.

They are plain data, so that verification stays independent of the code that computed them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from strideinspect.analysis import Analysis
from strideinspect.claims import enlarged_sizes
from strideinspect.fields.hulls import Hulls
from strideinspect.fields.index_masks import runs, unmarked
from strideinspect.limits import MOST_CLAIMED_ENTRIES, MOST_OVERWRITTEN
from strideinspect.model.node import Shape
from strideinspect.model.shapes import Shapes, Trouble
from strideinspect.results.field import NOTHING
from strideinspect.verify.claims import Claims, FieldClaim
from strideinspect.verify.impulses import ImpulsePlan, plan
from strideinspect.verify.messages import Reach, UnseenClaim


def claims_of(analysis: Analysis, *, full: bool) -> Claims:
    """The shapes, fields, unseen indices and closed forms of an analysis that a run at this size can check.

    With `full`, also the closed forms that need larger input sizes, and the impulse tests; without it, these
    closed forms can still be contradicted.
    """
    shapes = analysis.shapes
    own = {name for node in shapes.nodes for name in node.outputs}
    theory = enlarged_sizes.theory(analysis)
    macs = sum(window.macs or 0 for window in analysis.windows)
    left_open = {claim.key: claim for claim, count in theory if not claim.settled_at(count)}
    return Claims(
        shapes={name: shape for name, shape in shapes.shapes.items() if name in own - shapes.pieces},
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
            for window in analysis.windows
            for f in window.fields
        ],
        unseen=analysis.unseen,
        nodes=_producers(shapes),
        theory=[claim for claim, _ in theory if full or claim.key not in left_open],
        refutable=() if full else list(left_open.values()),
        enlarged=enlarged_sizes.enlarged(analysis, list(left_open.values()), macs) if full else (),
        impulses=_impulses(analysis) if full else None,
        unread=_unread(analysis) if full else (),
        runs=not any(analysis.assumed.values()) and all(p.trouble is Trouble.FOREIGN for p in analysis.problems),
        unknown={name: shapes.unknown[name] for name in shapes.network.outputs if name in shapes.unknown},
        foreign=_foreign(shapes),
    )


def _unread(analysis: Analysis) -> list[UnseenClaim]:
    """The unseen indices of graph inputs, and those of maps that a window drops or skips and no other node uses."""
    claims = [UnseenClaim(unseen.input, unseen.axis, unseen.ranges) for unseen in analysis.unseen]
    maps: dict[tuple[str, int], UnseenClaim] = {}
    for window in analysis.windows:
        lost = () if window.dropped is None else (*window.dropped.pixels, *window.dropped.gap)
        if window.output not in analysis.needed or not any(lost):
            continue
        tensor = analysis.data_tensor(window)
        for axis in window.spatial_axes:
            unread = runs(unmarked(analysis.used, tensor, axis, analysis.shapes.shapes[tensor][axis]))
            if unread and tensor not in analysis.sizes:
                maps[tensor, axis] = UnseenClaim(tensor, axis, unread)
    return [*claims, *maps.values()][:MOST_OVERWRITTEN]


def _foreign(shapes: Shapes) -> Mapping[str, Shape]:
    """The tensors of operators outside the standard domain whose shapes are known."""
    names = (name for node in shapes.nodes if node.domain for name in node.outputs)
    return {name: shapes.shapes[name] for name in names if name in shapes.shapes}


def _impulses(analysis: Analysis) -> ImpulsePlan:
    """The impulses along each source, and which indices of window outputs and graph outputs they may affect."""
    shapes = analysis.shapes
    outputs = shapes.network.outputs
    tensors = [
        name for name in dict.fromkeys((*outputs, *(w.output for w in analysis.windows))) if name in shapes.shapes
    ]
    producers = _producers(shapes)
    whole = all(item.known for item in analysis.reads)  # otherwise a tensor without a field may depend on the source
    unseen = {(entry.input, entry.axis): entry.ranges for entry in analysis.unseen}
    reaches = []
    for tensor in tensors:
        shape = shapes.shapes[tensor]
        for source in analysis.input_axes:
            seen = analysis.fields.get(tensor, {}).get(source)
            if seen is None and not whole:
                continue
            full = np.full((2, *(1,) * len(shape)), NOTHING) if seen is None else _coarse(seen.actual.full)
            reaches.append(
                Reach(
                    *source,
                    tensor=tensor,
                    node=producers.get(tensor),
                    shape=shape,
                    extents=full.shape[1:],
                    first=tuple(full[0].reshape(-1).tolist()),
                    last=tuple((-full[1]).reshape(-1).tolist()),
                    unseen=unseen.get(source, ()) if tensor in outputs else (),
                )
            )
    return plan(reaches, {(name, axis): shapes.shapes[name][axis] for name, axis in analysis.input_axes})


def _coarse(spans: Hulls) -> Hulls:
    """The same hulls, or wider ones where they are too many to hand over."""
    while spans.size > 2 * MOST_CLAIMED_ENTRIES:
        spans = spans.min(axis=1 + int(np.argmax(spans.shape[1:])), keepdims=True)
    return spans


def _producers(shapes: Shapes) -> Mapping[str, str | None]:
    return {name: node.name or None for node in shapes.nodes for name in node.outputs if name}
