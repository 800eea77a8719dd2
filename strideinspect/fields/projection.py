"""Projective fields: the indices of every tensor that depend on some marked ones, by masks propagated forwards.

As in `liveness`, the marked indices of a tensor are the product of its vectors: maybe too many, never too few.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from strideinspect.fields.index_masks import Masks, all_marked, either, forward
from strideinspect.fields.node_reads import NodeReads
from strideinspect.model.shapes import Shapes


def depending_on(shapes: Shapes, nodes: Sequence[NodeReads], start: Mapping[str, Masks]) -> dict[str, Masks]:
    """Per tensor the indices that depend on a marked one; tensors without such an index are missing."""
    masks = dict(start)
    for item in nodes:
        if not item.known:
            if not masks.keys().isdisjoint(item.node.inputs):
                masks |= {name: all_marked(shapes.shapes[name]) for name in item.node.outputs if name in shapes.shapes}
            continue
        for read in item.reads:
            have, output = masks.get(item.node.inputs[read.input]), item.node.outputs[read.output]
            if have is None or output in start:
                continue
            after = forward(read, have, shapes.shapes[output])
            if all(vector.any() for vector in after):
                masks[output] = either(masks.get(output), after)
    return masks
