"""Normalisation: each index reads itself, and through mean and variance the whole of the normalised axes.

The second is full dependence only, so that the fused operators agree with their ReduceMean–Sub–Div spelling.
Source: ONNX Softmax (axis semantics changed at 13), LayerNormalization, InstanceNormalization, GroupNormalization,
LpNormalization, MeanVarianceNormalization, RMSNormalization, BatchNormalization, LRN, DynamicQuantizeLinear.
"""

from __future__ import annotations

from collections.abc import Iterable

from strideinspect.model.node import PlacedNode, normal_axes, normal_axis
from strideinspect.reads.elementwise import parameter, spread
from strideinspect.reads.reduction import reduce_steps
from strideinspect.reads.registry import reads
from strideinspect.reads.steps import Broadcast, Read, Reshape, Sliding, Statistics, Step


@reads("Softmax", "LogSoftmax", "Hardmax")
def softmax(placed: PlacedNode) -> tuple[Read, ...]:
    """One axis; before opset 13 all axes from the given one on."""
    rank = len(placed.shape(0))
    if placed.node.version < 13:
        first = normal_axis(placed.node.integer("axis", 1), rank + 1)
        return _normalised(placed, range(first, rank))
    return _normalised(placed, [normal_axis(placed.node.integer("axis", -1), rank)])


@reads("QLinearSoftmax", domain="com.microsoft")
def quantised_softmax(placed: PlacedNode) -> tuple[Read, ...]:
    """As the Softmax of the opset that it names."""
    rank = len(placed.shape(0))
    axis = normal_axis(placed.node.integer("axis", -1), rank)
    axes = (axis,) if placed.node.integer("opset", 13) >= 13 else range(axis, rank)
    return (Read(0, 0, (Statistics(tuple(axes)),)),)


@reads("LpNormalization")
def lp_normalisation(placed: PlacedNode) -> tuple[Read, ...]:
    """One axis."""
    return _normalised(placed, [normal_axis(placed.node.integer("axis", -1), len(placed.shape(0)))])


@reads("LayerNormalization", "RMSNormalization")
@reads("SimplifiedLayerNormalization")
@reads("LayerNormalization", "SimplifiedLayerNormalization", domain="com.microsoft")
def layer_normalisation(placed: PlacedNode) -> tuple[Read, ...]:
    """All axes from the given one on; further outputs are the statistics themselves."""
    rank = len(placed.shape(0))
    axes = range(normal_axis(placed.node.integer("axis", -1), rank), rank)
    statistics = [k for k, name in enumerate(placed.node.outputs) if k and name]
    return _normalised(placed, axes) + tuple(Read(0, k, reduce_steps(placed, axes, keeps=True)) for k in statistics)


@reads("SkipLayerNormalization", "SkipSimplifiedLayerNormalization", domain="com.microsoft")
def skip_layer_normalisation(placed: PlacedNode) -> tuple[Read, ...]:
    """The sum of two tensors, normalised over the last axis."""
    last = (len(placed.shape(0)) - 1,)
    second = (*spread(placed, 1).steps, Statistics(last))
    others = [i for i in range(2, len(placed.node.inputs)) if placed.present(i)]
    sums = [Read(i, 3) for i in (0, 1) if len(placed.node.outputs) > 3 and placed.node.outputs[3]]
    return (Read(0, 0, (Statistics(last),)), Read(1, 0, second), *(spread(placed, i) for i in others), *sums)


@reads("InstanceNormalization")
def instance_normalisation(placed: PlacedNode) -> tuple[Read, ...]:
    """All spatial axes, channel by channel."""
    return _normalised(placed, range(2, len(placed.shape(0))))


@reads("MeanVarianceNormalization")
def mean_variance_normalisation(placed: PlacedNode) -> tuple[Read, ...]:
    """The given axes, by default all but the channels."""
    rank = len(placed.shape(0))
    return _normalised(placed, normal_axes(placed.node.integers("axes") or (0, 2, 3), rank))


@reads("GroupNormalization")
def group_normalisation(placed: PlacedNode) -> tuple[Read, ...]:
    """All spatial axes and the channels of a group."""
    shape = placed.shape(0)
    groups = placed.node.integer("num_groups", 1)
    split = (shape[0], groups, shape[1] // groups, *shape[2:])
    moves = (Reshape(shape, split), Statistics(tuple(range(2, len(split)))), Reshape(split, shape))
    return (Read(0, 0, moves), *_vectors(placed))


@reads("BatchNormalization", preserves=True)
def batch_normalisation(placed: PlacedNode) -> tuple[Read, ...]:
    """At inference index by index; in training mode through the statistics of everything but the channels."""
    shape = placed.shape(0)
    training = placed.node.integer("training_mode", 0) or (placed.node.version < 14 and len(placed.node.outputs) > 1)
    steps: tuple[Step, ...] = (Statistics((0, *range(2, len(shape)))),) if training else ()
    reduced = reduce_steps(placed, (0, *range(2, len(shape))), keeps=False)
    running = [k for k, name in enumerate(placed.node.outputs) if k and name]
    return (Read(0, 0, steps), *_vectors(placed), *(Read(0, k, reduced) for k in running))


@reads("LRN")
def local_response_normalisation(placed: PlacedNode) -> tuple[Read, ...]:
    """A window over neighbouring channels at the same place."""
    size, channels = placed.node.integer("size", 1), placed.shape(0)[1]
    return (Read(0, 0, (Sliding(1, size, 1, 1, (size - 1) // 2, channels, channels),)),)


@reads("DynamicQuantizeLinear")
@reads("DynamicQuantizeLinear", domain="com.microsoft")
def dynamic_quantise(placed: PlacedNode) -> tuple[Read, ...]:
    """Scale and zero point depend on the whole tensor."""
    axes = range(len(placed.shape(0)))
    values = Read(0, 0, (Statistics(tuple(axes)),))
    return (values, *(Read(0, k, reduce_steps(placed, axes, keeps=False)) for k in (1, 2)))


def _normalised(placed: PlacedNode, axes: Iterable[int]) -> tuple[Read, ...]:
    return (Read(0, 0, (Statistics(tuple(axes)),)), *_vectors(placed))


def _vectors(placed: PlacedNode) -> tuple[Read, ...]:
    """Scale and bias: vectors along the channels, or shaped like the normalised axes."""
    after, found = placed.output_shape(), []
    for index in range(1, len(placed.node.inputs)):
        if not placed.present(index):
            continue
        shape = placed.shape(index)
        if shape == (after[1],) if len(after) > 1 else False:
            along = (1, after[1], *(1,) * (len(after) - 2))
            found.append(Read(index, 0, (Reshape(shape, along), Broadcast(along, after))))
        else:
            found.append(parameter(placed, index))
    return tuple(found)
