"""Normalisation: each index reads itself and, through mean and variance, all indices of the normalised axes.

The dependence through mean and variance belongs to the full field only, so that a fused operator gives the same local
field as the equivalent ReduceMean, Sub and Div.
Source: ONNX Softmax (axis semantics changed at 13), LayerNormalization, InstanceNormalization, GroupNormalization,
LpNormalization, MeanVarianceNormalization, RMSNormalization, BatchNormalization, LRN, DynamicQuantizeLinear.
"""

from __future__ import annotations

from collections.abc import Iterable

from strideinspect.model.node import PlacedNode, normal_axes, normal_axis
from strideinspect.reads.elementwise import parameter, spread
from strideinspect.reads.families import reads
from strideinspect.reads.reduction import reduce_steps
from strideinspect.reads.steps import Broadcast, Read, Reshape, Sliding, Statistics, Step
from strideinspect.results.field import Shape


@reads("Softmax", "LogSoftmax", "Hardmax")
def softmax(placed: PlacedNode) -> tuple[Read, ...]:
    """Normalise over one axis; before opset 13 over `axis` and all axes after it."""
    rank = len(placed.shape(0))
    if placed.node.version < 13:
        first = normal_axis(placed.node.integer("axis", 1), rank)
        return _normalised(placed, range(first, rank))
    return _normalised(placed, [normal_axis(placed.node.integer("axis", -1), rank)])


@reads("QLinearSoftmax", domain="com.microsoft")
def quantised_softmax(placed: PlacedNode) -> tuple[Read, ...]:
    """Like Softmax of the opset given by its attribute `opset`."""
    rank = len(placed.shape(0))
    axis = normal_axis(placed.node.integer("axis", -1), rank)
    axes = (axis,) if placed.node.integer("opset", 13) >= 13 else range(axis, rank)
    return (Read(0, 0, (Statistics(tuple(axes)),)),)


@reads("BiasSoftmax", domain="com.microsoft")
def softmax_of_sum(placed: PlacedNode) -> tuple[Read, ...]:
    """Softmax of data plus bias over `axis` and all axes after it; the bias is broadcast to the shape of the data."""
    shape, bias = placed.shape(0), placed.shape(1)
    axes = tuple(range(normal_axis(placed.node.integer("axis", 1), len(shape)), len(shape)))
    wide: tuple[Step, ...] = () if bias == shape else (Broadcast(bias, shape),)
    return Read(0, 0, (Statistics(axes),)), Read(1, 0, (*wide, Statistics(axes)))


@reads("LpNormalization")
def lp_normalisation(placed: PlacedNode) -> tuple[Read, ...]:
    """Normalise over one axis."""
    return _normalised(placed, [normal_axis(placed.node.integer("axis", -1), len(placed.shape(0)))])


@reads("LayerNormalization", "RMSNormalization")
@reads("SimplifiedLayerNormalization")
@reads("LayerNormalization", "SimplifiedLayerNormalization", domain="com.microsoft")
def layer_normalisation(placed: PlacedNode) -> tuple[Read, ...]:
    """Normalise over `axis` and all axes after it; optional outputs are mean and inverse standard deviation."""
    rank = len(placed.shape(0))
    axes = range(normal_axis(placed.node.integer("axis", -1), rank), rank)
    statistics = [k for k, name in enumerate(placed.node.outputs) if k and name]
    vectors = [spread(placed, i) for i in range(1, len(placed.node.inputs)) if placed.present(i)]
    values = (Read(0, 0, (Statistics(tuple(axes)),)), *vectors)
    return values + tuple(Read(0, k, reduce_steps(placed, axes, keeps=True)) for k in statistics)


@reads("SkipLayerNormalization", "SkipSimplifiedLayerNormalization", domain="com.microsoft")
def skip_layer_normalisation(placed: PlacedNode) -> tuple[Read, ...]:
    """Normalise the sum of two tensors (and a bias) over the last axis; output 3 is the sum."""
    last = (len(placed.shape(0)) - 1,)
    bias = 4 if placed.node.op == "SkipLayerNormalization" else 3
    added = [i for i in (0, 1, bias) if placed.present(i)]
    result = [Read(i, 0, (*spread(placed, i).steps, Statistics(last))) for i in added]
    result += [spread(placed, i) for i in range(2, len(placed.node.inputs)) if i not in added and placed.present(i)]
    if len(placed.node.outputs) > 3 and placed.node.outputs[3]:
        result += [Read(i, 3, spread(placed, i).steps) for i in added]
    return tuple(result)


@reads("InstanceNormalization")
def instance_normalisation(placed: PlacedNode) -> tuple[Read, ...]:
    """Normalise over all spatial axes, each channel separately."""
    return _normalised(placed, range(2, len(placed.shape(0))))


@reads("MeanVarianceNormalization")
def mean_variance_normalisation(placed: PlacedNode) -> tuple[Read, ...]:
    """Normalise over `axes`, by default 0, 2 and 3: all but the channels."""
    rank = len(placed.shape(0))
    return _normalised(placed, normal_axes(placed.node.integers("axes") or (0, 2, 3), rank))


@reads("GroupNormalization")
def group_normalisation(placed: PlacedNode) -> tuple[Read, ...]:
    """Normalise over all spatial axes and the channels of a group."""
    moves = _in_groups(placed.shape(0), placed.node.integer("num_groups", 1), 1)
    return (Read(0, 0, moves), *_vectors(placed))


@reads("GroupNorm", domain="com.microsoft")
def group_normalisation_of_microsoft(placed: PlacedNode) -> tuple[Read, ...]:
    """Like GroupNormalization, with the channels last by default."""
    shape, channels = placed.shape(0), _channel_axis(placed)
    moves = _in_groups(shape, placed.node.integer("groups", 1), channels)
    return (Read(0, 0, moves), *_vectors(placed, 1, channels))


@reads("SkipGroupNorm", domain="com.microsoft")
def skip_group_normalisation(placed: PlacedNode) -> tuple[Read, ...]:
    """Group normalisation of the sum of data, skip and bias; output 1 is the sum."""
    shape, channels = placed.shape(0), _channel_axis(placed)
    moves = _in_groups(shape, placed.node.integer("groups", 1), channels)
    before = placed.shape(3)
    ones = before if len(before) == len(shape) else (before[0], *(1,) * (len(shape) - 2), before[-1])
    wide: tuple[Step, ...] = () if before == shape else (Reshape(before, ones), Broadcast(ones, shape))
    vectors = [r for r in _vectors(placed, 1, channels) if r.input != 3]
    result = [Read(0, 0, moves), Read(3, 0, (*wide, *moves)), *vectors]
    if len(placed.node.outputs) > 1 and placed.node.outputs[1]:
        result += [Read(0, 1), Read(3, 1, wide)]
        result += [Read(4, 1, r.steps) for r in vectors if r.input == 4]
    return tuple(result)


def _channel_axis(placed: PlacedNode) -> int:
    return len(placed.shape(0)) - 1 if placed.node.integer("channels_last", 1) else 1


def _in_groups(shape: Shape, groups: int, channels: int) -> tuple[Step, ...]:
    split = (*shape[:channels], groups, shape[channels] // groups, *shape[channels + 1 :])
    axes = tuple(axis for axis in range(1, len(split)) if axis != channels)
    return Reshape(shape, split), Statistics(axes), Reshape(split, shape)


@reads("BatchNormalization", preserves=True)
def batch_normalisation(placed: PlacedNode) -> tuple[Read, ...]:
    """Elementwise at inference; in training mode, statistics over all axes but the channels."""
    shape = placed.shape(0)
    training = placed.node.integer("training_mode", 0) or (placed.node.version < 14 and len(placed.node.outputs) > 1)
    steps: tuple[Step, ...] = (Statistics((0, *range(2, len(shape)))),) if training else ()
    reduced = reduce_steps(placed, (0, *range(2, len(shape))), keeps=False)
    statistics = [k for k, name in enumerate(placed.node.outputs) if k and name]
    return (Read(0, 0, steps), *_vectors(placed), *(Read(0, k, reduced) for k in statistics))


@reads("LRN")
def local_response_normalisation(placed: PlacedNode) -> tuple[Read, ...]:
    """A window over neighbouring channels at the same position."""
    size, channels = placed.node.integer("size", 1), placed.shape(0)[1]
    return (Read(0, 0, (Sliding(1, size, 1, 1, (size - 1) // 2, channels, channels),)),)


@reads("DynamicQuantizeLinear")
@reads("DynamicQuantizeLinear", domain="com.microsoft")
def dynamic_quantise(placed: PlacedNode) -> tuple[Read, ...]:
    """Scale and zero point depend on the whole tensor, and through them so does every value."""
    axes = range(len(placed.shape(0)))
    values = Read(0, 0, (Statistics(tuple(axes)),))
    return (values, *(Read(0, k, reduce_steps(placed, axes, keeps=False)) for k in (1, 2)))


def _normalised(placed: PlacedNode, axes: Iterable[int]) -> tuple[Read, ...]:
    return (Read(0, 0, (Statistics(tuple(axes)),)), *_vectors(placed))


def _vectors(placed: PlacedNode, first: int = 1, channels: int = 1) -> tuple[Read, ...]:
    """Reads of scale and bias, the inputs from `first` on: one value per channel or per group of channels."""
    after, vectors = placed.output_shape(), []
    rank = len(after)
    for index in range(first, len(placed.node.inputs)):
        if not placed.present(index):
            continue
        shape = placed.shape(index)
        if rank <= channels or len(shape) != 1 or not shape[0] or after[channels] % shape[0]:
            vectors.append(parameter(placed, index))
            continue
        # One value per group is broadcast to the channels of the group: (groups, 1) to (groups, channels per group).
        front, each, back = after[:channels], after[channels] // shape[0], after[channels + 1 :]
        along = (*(1,) * len(front), shape[0], 1, *(1,) * len(back))
        wide = (*front, shape[0], each, *back)
        vectors.append(Read(index, 0, (Reshape(shape, along), Broadcast(along, wide), Reshape(wide, after))))
    return tuple(vectors)
