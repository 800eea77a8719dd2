"""Pools: a maximum passes the gradient on to the element that was chosen, an average spreads it over its window."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from math import prod
from operator import mul

import numpy as np
from numpy.typing import NDArray

from strideinspect.gradients.arrays import Array
from strideinspect.gradients.gradient_rules import GradientCall, NoGradientError, reverses
from strideinspect.model.geometry import Geometry, Window
from strideinspect.model.window import geometry


@reverses("MaxPool")
def maximum(call: GradientCall) -> Mapping[int, Array]:
    """Runs the pool again, on a map that is padded out, and adds the gradient where its indices point."""
    form = geometry(call.placed)
    if any(cotangent is not None for cotangent in call.cotangents[1:]):
        raise NoGradientError("its second output holds indices")
    begins, ends = _sides(form)
    padded = call.input(0).pad(begins, ends, float("-inf"))
    _, indices = call.graph.nodes_outputs(
        "MaxPool",
        [padded],
        [call.placed.output_shape(), call.placed.output_shape()],
        kernel_shape=[w.kernel for w in form.windows],
        strides=[w.stride for w in form.windows],
        dilations=[w.dilation for w in form.windows],
    )
    return {0: _put(call.gradient, indices, padded).pad([-n for n in begins], [-n for n in ends])}


def _put(gradient: Array, indices: Array, target: Array) -> Array:
    """The gradient added to the elements with these flat indices of an array of zeros."""
    graph, total = gradient.graph, prod(target.shape)
    flat = (prod(gradient.shape),)
    values = [graph.full((total,)), indices.reshape(flat), gradient.reshape(flat)]
    return graph.node("ScatterElements", values, (total,), axis=0, reduction="add").reshape(target.shape)


def _sides(form: Geometry) -> tuple[list[int], list[int]]:
    """Padding per axis, so that the windows cover the padded map exactly."""
    ends = [(w.size - 1) * w.stride + w.extent - w.begin - w.length for w in form.windows]
    return [0, 0, *(w.begin for w in form.windows)], [0, 0, *ends]


@reverses("AveragePool")
def average(call: GradientCall) -> Mapping[int, Array]:
    """A transposed convolution with ones of the gradient divided by what onnxruntime divides by.

    That is found by pooling a map of ones: versions and options differ in what they count at the border.
    """
    form = geometry(call.placed)
    begins, ends = _sides(form)
    shape = call.placed.shape(0)
    sizes = tuple(w.size for w in form.windows)
    counts = reduce(np.multiply.outer, [_real(w) for w in form.windows]).astype(np.float32)
    ones = np.ones((1, 1, *(w.length for w in form.windows)), np.float32)
    share = call.again([ones], (1, 1, *sizes)) * call.graph.constant((1 / np.maximum(counts, 1)).reshape(1, 1, *sizes))
    share = share * call.graph.constant((counts > 0).astype(np.float32).reshape(1, 1, *sizes))
    canvas = _spread(call.gradient * share, form)
    whole = canvas.reshape((*shape[:2], *canvas.shape[2:]))
    return {0: whole.pad([-n for n in begins], [-n for n in ends])}


def _real(window: Window) -> NDArray[np.int64]:
    """How many indices of the input each window holds."""
    first = np.arange(window.size)[:, None] * window.stride - window.begin
    taps = first + window.dilation * np.arange(window.kernel)
    return np.asarray(((taps >= 0) & (taps < window.length)).sum(1), np.int64)


def _spread(gradient: Array, form: Geometry) -> Array:
    """Each element added to all elements of its window; channels are kept apart by making them images."""
    kernel = [w.kernel for w in form.windows]
    count = prod(gradient.shape[:2])
    apart = gradient.reshape((count, 1, *gradient.shape[2:]))
    reach = tuple((w.size - 1) * w.stride + w.extent for w in form.windows)
    return gradient.graph.node(
        "ConvTranspose",
        [apart, gradient.graph.constant(np.ones((1, 1, *kernel), np.float32))],
        (count, 1, *reach),
        kernel_shape=kernel,
        strides=[w.stride for w in form.windows],
        dilations=[w.dilation for w in form.windows],
    )


@reverses("GlobalAveragePool")
def global_average(call: GradientCall) -> Mapping[int, Array]:
    """Every element gets the same share."""
    shape = call.placed.shape(0)
    return {0: (call.gradient / float(reduce(mul, shape[2:]))).expand(shape)}


@reverses("GlobalMaxPool")
def global_maximum(call: GradientCall) -> Mapping[int, Array]:
    """The first of the largest elements gets the gradient."""
    x = call.input(0)
    shapes = [call.placed.output_shape(), call.placed.output_shape()]
    _, indices = call.graph.nodes_outputs("MaxPool", [x], shapes, kernel_shape=list(x.shape[2:]))
    return {0: _put(call.gradient, indices, x)}
