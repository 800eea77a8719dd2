"""Normalisations as they are at inference: batch, instance, layer, group, root mean square, local response."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import numpy as np

from strideinspect.gradients.arrays import Array
from strideinspect.gradients.gradient_rules import GradientCall, NoGradientError, reverses
from strideinspect.model.node import normal_axis


def _per_channel(values: Array, rank: int) -> Array:
    return values.reshape((values.shape[0], *(1,) * (rank - 2)))


@reverses("BatchNormalization")
def batch(call: GradientCall) -> Mapping[int, Array]:
    """A factor per channel."""
    if call.node.integer("training_mode", 0) or call.wanted - {0}:
        raise NoGradientError("its statistics depend on the input")
    rank = len(call.placed.shape(0))
    deviation = (call.input(4) + call.node.real("epsilon", 1e-5)).apply("Sqrt")
    return {0: call.gradient * _per_channel(call.input(1) / deviation, max(rank, 2))}


@reverses("InstanceNormalization")
def instance(call: GradientCall) -> Mapping[int, Array]:
    """Statistics of each channel of each image."""
    rank = len(call.placed.shape(0))
    scaled = call.gradient * _per_channel(call.input(1), rank)
    return {0: _through(call.input(0), scaled, range(2, rank), call.node.real("epsilon", 1e-5))}


@reverses("LayerNormalization")
def layer(call: GradientCall) -> Mapping[int, Array]:
    """Statistics of all axes from one on."""
    rank = len(call.placed.shape(0))
    axes = range(normal_axis(call.node.integer("axis", -1), rank), rank)
    scaled = call.gradient * call.input(1)
    return {0: _through(call.input(0), scaled, axes, call.node.real("epsilon", 1e-5))}


@reverses("GroupNormalization")
def group(call: GradientCall) -> Mapping[int, Array]:
    """Statistics of groups of channels of each image; until version 21 with one scale per group."""
    shape = call.placed.shape(0)
    groups = call.node.integer("num_groups", 1)
    apart = (shape[0], groups, prod(shape[1:]) // groups)
    factors = call.input(1)
    if factors.shape[0] == groups != shape[1]:
        factors = factors.reshape((groups, 1)).expand((groups, shape[1] // groups)).reshape((shape[1],))
    scaled = (call.gradient * _per_channel(factors, len(shape))).reshape(apart)
    inner = _through(call.input(0).reshape(apart), scaled, [2], call.node.real("epsilon", 1e-5))
    return {0: inner.reshape(shape)}


@reverses("RMSNormalization")
@reverses("SimplifiedLayerNormalization")
def root_mean_square(call: GradientCall) -> Mapping[int, Array]:
    """As layer normalisation without the mean."""
    x, rank = call.input(0), len(call.placed.shape(0))
    axes = list(range(normal_axis(call.node.integer("axis", -1), rank), rank))
    inverse = ((x * x).mean(axes) + call.node.real("epsilon", 1e-5)).apply("Sqrt").apply("Reciprocal")
    scaled, unit = call.gradient * call.input(1), x * inverse
    return {0: inverse * (scaled - unit * (scaled * unit).mean(axes))}


def _through(x: Array, gradient: Array, axes: Sequence[int], epsilon: float) -> Array:
    """(g − mean(g) − u·mean(g·u))/deviation, where u is the normalised input."""
    axes = list(axes)
    centered = x - x.mean(axes)
    inverse = ((centered * centered).mean(axes) + epsilon).apply("Sqrt").apply("Reciprocal")
    unit = centered * inverse
    return inverse * (gradient - gradient.mean(axes) - unit * (gradient * unit).mean(axes))


@reverses("LRN")
def local_response(call: GradientCall) -> Mapping[int, Array]:
    """It is x·S^−β with S = bias + α/size·Σ x² over neighbouring channels."""
    size = call.node.integer("size", 1)
    own, neighbours = local_response_factors(call)
    summed = _over_channels(call.gradient * neighbours, size, size // 2, (size - 1) // 2)
    return {0: call.gradient * own - call.input(0) * summed}


def local_response_factors(call: GradientCall) -> tuple[Array, Array]:
    """Of dy = P·dx − R·Σ x·dx over neighbouring channels, P and R."""
    node, x = call.node, call.input(0)
    size, beta = node.integer("size", 1), node.real("beta", 0.75)
    share = node.real("alpha", 1e-4) / size
    base = _over_channels(x * x, size, (size - 1) // 2, size // 2) * share + node.real("bias", 1.0)
    return base**-beta, x * base ** (-beta - 1.0) * (2 * beta * share)


def _over_channels(array: Array, size: int, before: int, after: int) -> Array:
    """Each channel with its neighbours, summed."""
    n, c = array.shape[:2]
    rows = array.reshape((n, 1, c, prod(array.shape[2:])))
    ones = array.graph.constant(np.ones((1, 1, size, 1), np.float32))
    summed = array.graph.node("Conv", [rows, ones], rows.shape, kernel_shape=[size, 1], pads=[before, 0, after, 0])
    return summed.reshape(array.shape)
