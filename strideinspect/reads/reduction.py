"""Reductions: the reduced axes are read whole and no longer have a position.

Source: ONNX ReduceX (axes as attribute, or as input from 13 or 18), ArgMax, ArgMin, TopK;
com.microsoft QLinearReduceMean, ReduceSumInteger.
"""

from __future__ import annotations

from collections.abc import Sequence

from strideinspect.model.node import PlacedNode, normal_axes, normal_axis
from strideinspect.reads.elementwise import parameter
from strideinspect.reads.families import reads
from strideinspect.reads.steps import Broadcast, Read, Reshape, Step, Whole

REDUCTIONS = (
    "ReduceL1",
    "ReduceL2",
    "ReduceLogSum",
    "ReduceLogSumExp",
    "ReduceMax",
    "ReduceMean",
    "ReduceMin",
    "ReduceProd",
    "ReduceSum",
    "ReduceSumSquare",
)


@reads(*REDUCTIONS)
@reads("ReduceSumInteger", domain="com.microsoft")
def reduction(placed: PlacedNode) -> tuple[Read, ...]:
    """Reduce over the given axes, by default all."""
    axes = reduced_axes(placed)
    return (Read(0, 0, reduce_steps(placed, axes, keeps=placed.node.integer("keepdims", 1) == 1)),)


@reads("QLinearReduceMean", domain="com.microsoft")
def quantised_reduction(placed: PlacedNode) -> tuple[Read, ...]:
    """Reduce over `axes`, by default all; the inputs after the data are scales and zero points."""
    rank = len(placed.shape(0))
    axes = normal_axes(placed.node.integers("axes") or tuple(range(rank)), rank)
    data = Read(0, 0, reduce_steps(placed, axes, keeps=placed.node.integer("keepdims", 1) == 1))
    return (data, *(parameter(placed, i) for i in range(1, len(placed.node.inputs)) if placed.present(i)))


def reduced_axes(placed: PlacedNode) -> tuple[int, ...]:
    """Axes that a ReduceX node reduces. Raises UnresolvedError where they are computed from the data."""
    rank = len(placed.shape(0))
    axes = placed.integers(1, "axes")
    if axes:
        return normal_axes(axes, rank)
    return () if placed.node.integer("noop_with_empty_axes", 0) else tuple(range(rank))


@reads("ArgMax", "ArgMin")
def position_of_extreme(placed: PlacedNode) -> tuple[Read, ...]:
    """Read one axis whole."""
    axis = normal_axis(placed.node.integer("axis", 0), len(placed.shape(0)))
    return (Read(0, 0, reduce_steps(placed, (axis,), keeps=placed.node.integer("keepdims", 1) == 1)),)


@reads("TopK")
def top(placed: PlacedNode) -> tuple[Read, ...]:
    """Every output depends on the whole axis, since its values are compared with each other."""
    shape = placed.shape(0)
    axis = normal_axis(placed.node.integer("axis", -1), len(shape))
    kept = tuple(1 if i == axis else n for i, n in enumerate(shape))
    outputs = [(k, placed.shapes[name]) for k, name in enumerate(placed.node.outputs) if name in placed.shapes]
    return tuple(
        Read(0, k, (Whole(axis, shape[axis], collapses=False), Broadcast(kept, after))) for k, after in outputs
    )


def reduce_steps(placed: PlacedNode, axes: Sequence[int], *, keeps: bool) -> tuple[Step, ...]:
    """Reduce these axes of the first input to one index each, and remove them unless `keeps`."""
    shape = placed.shape(0)
    moves: list[Step] = [Whole(axis, shape[axis], collapses=shape[axis] > 1) for axis in axes]
    if not keeps and axes:
        ones = tuple(1 if axis in axes else n for axis, n in enumerate(shape))
        moves.append(Reshape(ones, tuple(n for axis, n in enumerate(shape) if axis not in axes)))
    return tuple(moves)
