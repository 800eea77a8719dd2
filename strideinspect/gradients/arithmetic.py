"""Sums, differences, products, quotients, powers and choices, element by element with broadcasting."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import add

from strideinspect.gradients.arrays import Array
from strideinspect.gradients.gradient_rules import GradientCall, NoGradientError, reverses


@reverses("Add", "Sum")
def sums(call: GradientCall) -> Mapping[int, Array]:
    """Every summand gets the gradient as it is."""
    return dict.fromkeys(range(len(call.node.inputs)), call.gradient)


@reverses("Mean")
def means(call: GradientCall) -> Mapping[int, Array]:
    """Every operand gets its share."""
    share = call.gradient / len(call.node.inputs)
    return dict.fromkeys(range(len(call.node.inputs)), share)


@reverses("Sub")
def difference(call: GradientCall) -> Mapping[int, Array]:
    """The subtrahend gets the negative."""
    return {0: call.gradient, 1: -call.gradient}


@reverses("Mul")
def product(call: GradientCall) -> Mapping[int, Array]:
    """Each factor gets the gradient times the other."""
    return {0: call.gradient * call.input(1), 1: call.gradient * call.input(0)}


@reverses("Div")
def quotient(call: GradientCall) -> Mapping[int, Array]:
    """d(a/b) = da/b − (a/b)/b·db."""
    over = call.gradient / call.input(1)
    return {0: over, 1: -(over * call.output())}


@reverses("Pow")
def power(call: GradientCall) -> Mapping[int, Array]:
    """d(a^b) = b·a^(b−1)·da. The exponent is a constant in every network known."""
    if 1 in call.wanted:
        raise NoGradientError("its exponent depends on the input")
    base, exponent = call.input(0), call.input(1)
    return {0: call.gradient * exponent * base ** (exponent - 1.0)}


@reverses("Max", "Min")
def extremes(call: GradientCall) -> Mapping[int, Array]:
    """The operand that is chosen gets the gradient; equal ones share it."""
    chosen = [call.input(i).equals(call.output()) for i in range(len(call.node.inputs))]
    shared = call.gradient / reduce(add, chosen)
    return {i: shared * mask for i, mask in enumerate(chosen)}


@reverses("Where")
def choice(call: GradientCall) -> Mapping[int, Array]:
    """Each operand gets the gradient where it is chosen."""
    condition = call.input(0)
    return {1: call.gradient * condition, 2: call.gradient * (1.0 - condition)}


@reverses("Neg")
def negative(call: GradientCall) -> Mapping[int, Array]:
    """The negative."""
    return {0: -call.gradient}
