"""Sums, means, norms and extremes along axes, and what normalises along one: Softmax."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from strideinspect.gradients.arrays import Array
from strideinspect.gradients.gradient_rules import GradientCall, NoGradientError, reverses
from strideinspect.model.node import normal_axes, normal_axis


def reduced_axes(call: GradientCall) -> tuple[int, ...]:
    """The axes that a reduction sums or chooses along, counted from the front."""
    rank = len(call.placed.shape(0))
    given = call.placed.integers(1, "axes")
    if not given:
        return () if call.node.integer("noop_with_empty_axes", 0) else tuple(range(rank))
    return normal_axes(given, rank)


def _spread(call: GradientCall, array: Array) -> Array:
    """An array of the output's shape with the reduced axes back, of extent 1."""
    axes = reduced_axes(call)
    return array.reshape(tuple(1 if axis in axes else n for axis, n in enumerate(call.placed.shape(0))))


@reverses("ReduceSum")
def total(call: GradientCall) -> Mapping[int, Array]:
    """Every summand gets the gradient."""
    return {0: _spread(call, call.gradient).expand(call.placed.shape(0))}


@reverses("ReduceMean")
def mean(call: GradientCall) -> Mapping[int, Array]:
    """Every element gets its share."""
    shape = call.placed.shape(0)
    share = _spread(call, call.gradient) / float(prod(shape[axis] for axis in reduced_axes(call)))
    return {0: share.expand(shape)}


@reverses("ReduceMax", "ReduceMin")
def extreme(call: GradientCall) -> Mapping[int, Array]:
    """The element that is chosen gets the gradient; equal ones share it."""
    chosen = call.input(0).equals(_spread(call, call.output()))
    return {0: _spread(call, call.gradient) * chosen / chosen.sum(reduced_axes(call))}


@reverses("ReduceSumSquare")
def squares(call: GradientCall) -> Mapping[int, Array]:
    """Twice the element."""
    return {0: _spread(call, call.gradient) * call.input(0) * 2.0}


@reverses("ReduceL2")
def norm(call: GradientCall) -> Mapping[int, Array]:
    """The element over the norm."""
    return {0: _spread(call, call.gradient) * call.input(0) / _spread(call, call.output())}


@reverses("ReduceL1")
def absolute(call: GradientCall) -> Mapping[int, Array]:
    """The sign of the element."""
    return {0: _spread(call, call.gradient) * call.input(0).apply("Sign")}


@reverses("Softmax", "LogSoftmax")
def softmax(call: GradientCall) -> Mapping[int, Array]:
    """s·(g − Σ g·s); of the logarithm g − s·Σ g."""
    gradient, y = call.gradient, call.output()
    rank = len(y.shape)
    if call.node.version < 13:
        # All axes from this one on were one, until version 13.
        axes = list(range(normal_axis(call.node.integer("axis", 1), rank), rank))
    else:
        axes = [normal_axis(call.node.integer("axis", -1), rank)]
    if call.node.op == "Softmax":
        return {0: y * (gradient - (gradient * y).sum(axes))}
    return {0: gradient - y.apply("Exp") * gradient.sum(axes)}


@reverses("LpNormalization")
def unit_length(call: GradientCall) -> Mapping[int, Array]:
    """(g − y·Σ g·y)/|x|, for the Euclidean norm."""
    if call.node.integer("p", 2) != 2:
        raise NoGradientError("only the Euclidean norm is known")
    x, y = call.input(0), call.output()
    axes = [normal_axis(call.node.integer("axis", -1), len(x.shape))]
    length = (x * x).sum(axes).apply("Sqrt")
    return {0: (call.gradient - y * (call.gradient * y).sum(axes)) / length}
