"""The padding that Pad nodes add to the map of a window node."""

from __future__ import annotations

from collections.abc import Mapping

from strideinspect.fields.copies import kept_axes
from strideinspect.fields.node_reads import NodeReads
from strideinspect.model.node import Node
from strideinspect.model.shapes import Shapes
from strideinspect.reads.periodic import Periodic
from strideinspect.reads.steps import Permute, Reshape, Sliding, Statistics, Table

Pads = tuple[tuple[int, ...], tuple[int, ...]]
"""Indices added before and after each spatial axis of a window node."""


def pads_before(shapes: Shapes, makers: Mapping[str, NodeReads], node: Node) -> Pads | None:
    """What Pad nodes directly before a window node add along its axes; None where there is none.

    `makers` are the nodes by the tensors that they compute. Between the Pad and the window may stand what moves no
    index and joins no tensors: an activation, a Transpose, a quantisation, an axis of extent 1 that is added (Keras
    convolves signals as images).
    """
    geometry = shapes.geometries[node.key]
    tensor = node.inputs[geometry.data]
    axes: list[int | None] = list(geometry.axes)
    begin, end = [0] * len(axes), [0] * len(axes)
    found = False
    while (item := makers.get(tensor)) is not None and item.known:
        reads = [read for read in item.reads if item.node.outputs[read.output] == tensor]
        if len(reads) != 1:
            break
        (read,) = reads
        steps = [step for step in read.steps if not isinstance(step, Statistics)]
        permuted = [step for step in steps if isinstance(step, Permute)]
        if permuted and len(steps) == 1:
            axes = [None if axis is None else permuted[0].perm[axis] for axis in axes]
        elif len(steps) == 1 and isinstance(steps[0], Reshape):
            kept = kept_axes(shapes.shapes[item.node.inputs[read.input]], shapes.shapes[tensor])
            if kept is None:
                break
            axes = [None if axis is None else kept.get(axis) for axis in axes]
        elif item.node.op == "Pad":
            for position, axis in enumerate(axes):
                added = None if axis is None else added_by(item, axis)
                begin[position] += added[0] if added else 0
                end[position] += added[1] if added else 0
            found = True
        elif steps or read.place is not None:
            break
        tensor = item.node.inputs[read.input]
    return (tuple(begin), tuple(end)) if found and any(begin + end) else None


def added_by(item: NodeReads, axis: int) -> tuple[int, int] | None:
    """Number of indices that a node adds before and after an axis; None if it does anything else along the axis."""
    touching = [step for read in item.reads for step in read.steps if getattr(step, "axis", None) == axis]
    if len(touching) != 1 or any(read.place for read in item.reads):
        return None
    step = touching[0]
    if isinstance(step, Sliding):
        before, plain = step.begin, (step.kernel, step.stride, step.size_dependent) == (1, 1, False)
    elif item.node.op == "Pad" and isinstance(step, Table) and isinstance(step.periodic_form, Periodic):
        before, plain = -int(step.periodic_form.taps[0, 0]), not step.periodic_form.size_dependent
    else:
        return None
    after = step.size - step.length - before
    return (before, after) if plain and before >= 0 and after >= 0 else None
