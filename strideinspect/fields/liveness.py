"""Liveness: which indices of each tensor are read, computed by propagating masks backwards through the graph.

These are masks of full dependence. The read indices of a tensor are the product of its vectors, which may contain too
many (two readers, one of even rows and one of even columns) but never too few: no index is wrongly unread or unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from strideinspect.fields.index_masks import Masks, all_marked, back, either, forward
from strideinspect.fields.mask_memo import MaskMemo
from strideinspect.fields.node_reads import NodeReads, ReadsGroup
from strideinspect.model.shapes import Shapes
from strideinspect.reads.families import family_of
from strideinspect.reads.steps import Read


def seen(shapes: Shapes, nodes: Sequence[NodeReads], outputs: Sequence[str]) -> dict[str, Masks]:
    """Per tensor the indices on which some of these outputs depend; tensors that none depends on are missing."""
    return seen_from(shapes, nodes, _whole(shapes, outputs))


def _whole(shapes: Shapes, names: Sequence[str]) -> dict[str, Masks]:
    return {name: all_marked(shapes.shapes[name]) for name in names if name in shapes.shapes}


def seen_from(shapes: Shapes, nodes: Sequence[NodeReads], start: Mapping[str, Masks]) -> dict[str, Masks]:
    """Per tensor the indices on which some marked index depends."""
    masks = dict(start)
    for item in reversed(nodes):
        _mark_read(masks, item, shapes, back, either)
    return masks


def seen_again(
    shapes: Shapes, groups: Sequence[ReadsGroup], outputs: Sequence[str], memo: MaskMemo
) -> dict[str, Masks]:
    """As `seen`, for one of many sizes of a network. The memo is filled and used."""
    masks = _whole(shapes, outputs)
    for group in reversed(groups):
        behind = tuple(map(masks.get, group.tensors))
        kept = memo.group(group, behind)
        if kept is not None:
            masks.update(kept)
            continue
        for item in reversed(group.reads):
            _mark_read(masks, item, shapes, memo.back, memo.either)
        memo.keep(group, behind, {name: masks[name] for name in group.tensors if name in masks})
    return masks


def _mark_read(
    masks: dict[str, Masks],
    item: NodeReads,
    shapes: Shapes,
    read_back: Callable[[Read, Masks], Masks | None],
    joined: Callable[[Masks | None, Masks], Masks],
) -> None:
    """Mark in the inputs of a node what its marked outputs read."""
    if not item.known:
        # Its reads are not known: assume that it reads everything.
        for name in item.node.inputs:
            _mark_all(masks, name, shapes)
        return
    for read in item.reads:
        wanted = masks.get(item.node.outputs[read.output])
        found = None if wanted is None else read_back(read, wanted)
        if found is not None:
            name = item.node.inputs[read.input]
            masks[name] = joined(masks.get(name), found)


def read_indices(shapes: Shapes, nodes: Sequence[NodeReads], outputs: Sequence[str]) -> dict[str, Masks]:
    """Per tensor the indices that some node reads; a node that keeps a map reads only what is read of its output.

    A map is a tensor with everything that such nodes make of it: index by index, cropped or padded. Graph outputs count
    as read completely; nodes without a path to an output do not count as readers.
    """
    masks: dict[str, Masks] = {name: all_marked(shapes.shapes[name]) for name in outputs if name in shapes.shapes}
    needed = set(outputs)
    for item in reversed(nodes):
        if needed.isdisjoint(item.node.outputs):
            continue
        needed.update(item.node.inputs)
        if not item.known:
            for name in item.node.inputs:
                _mark_all(masks, name, shapes)
            continue
        for read in item.reads:
            output = item.node.outputs[read.output]
            if output not in needed:
                continue
            wanted = masks.get(output) if keeps_map(item) else all_marked(shapes.shapes[output])
            if wanted is not None:
                name = item.node.inputs[read.input]
                _join(masks, name, back(read, wanted))
    for item in nodes:
        if item.known and keeps_map(item):
            # An index that one reader of the map reads is read in every tensor that belongs to the same map.
            _pass_on(masks, item, shapes)
    return masks


def keeps_map(item: NodeReads) -> bool:
    """Whether the output of the node is the same map as its input: index by index, or cropped or padded."""
    family = family_of(item.node)
    return family is not None and family.preserves and len(item.reads) == 1


def _pass_on(masks: dict[str, Masks], item: NodeReads, shapes: Shapes) -> None:
    read = item.reads[0]
    source, output = item.node.inputs[read.input], item.node.outputs[read.output]
    have = masks.get(source)
    if have is not None:
        _join(masks, output, forward(read, have, shapes.shapes[output]))


def _mark_all(masks: dict[str, Masks], name: str, shapes: Shapes) -> None:
    if name in shapes.shapes:
        masks[name] = all_marked(shapes.shapes[name])


def _join(masks: dict[str, Masks], name: str, more: Masks | None) -> None:
    if more is None:
        return
    masks[name] = either(masks.get(name), more)
