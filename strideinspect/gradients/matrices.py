"""Products of matrices."""

from __future__ import annotations

from collections.abc import Mapping

from strideinspect.gradients.arrays import Array
from strideinspect.gradients.gradient_rules import GradientCall, NoGradientError, reverses


@reverses("MatMul")
def product(call: GradientCall) -> Mapping[int, Array]:
    """d(AB) = dA·B + A·dB; a vector is a matrix of one row or column."""
    a, b, gradient = call.input(0), call.input(1), call.gradient
    if len(a.shape) == 1:
        gradient = gradient.reshape((*gradient.shape[:-1], 1, gradient.shape[-1]) if len(b.shape) > 1 else (1,))
        a = a.reshape((1, *a.shape))
    if len(b.shape) == 1:
        gradient = gradient.reshape((*gradient.shape, 1))
        b = b.reshape((*b.shape, 1))
    left = gradient.matmul(b.swapped()).sum_to(a.shape)
    right = a.swapped().matmul(gradient).sum_to(b.shape)
    return {0: left.reshape(call.placed.shape(0)), 1: right.reshape(call.placed.shape(1))}


@reverses("Gemm")
def general(call: GradientCall) -> Mapping[int, Array]:
    """alpha·A'B' + beta·C, with A and B transposed on request."""
    node = call.node
    a, b = call.input(0), call.input(1)
    scaled = call.gradient * node.real("alpha", 1.0)
    left, right = node.integer("transA", 0) == 1, node.integer("transB", 0) == 1
    first = scaled.matmul(b if right else b.swapped())
    second = (a if left else a.swapped()).matmul(scaled)
    return {
        0: first.swapped() if left else first,
        1: second.swapped() if right else second,
        2: call.gradient * node.real("beta", 1.0),
    }


@reverses("Einsum")
def einsum(call: GradientCall) -> Mapping[int, Array]:
    """Each operand's gradient is an Einsum of the gradient and the other operand."""
    equation = call.node.text("equation", "").replace(" ", "")
    sources, arrow, target = equation.partition("->")
    terms = sources.split(",")
    if not arrow or "." in equation or len(terms) > 2 or any(len(set(term)) < len(term) for term in terms):
        raise NoGradientError(f"its equation {equation!r} is not one of two operands with an explicit result")
    found = {}
    for i, own in enumerate(terms):
        others = [(term, call.input(k)) for k, term in enumerate(terms) if k != i]
        if not set(own) <= set(target).union(*(term for term, _ in others)):
            raise NoGradientError(f"its equation {equation!r} sums an index of one operand alone")
        terms_in = ",".join([target, *(term for term, _ in others)])
        arrays = [call.gradient, *(array for _, array in others)]
        shape = call.placed.shape(i)
        found[i] = call.graph.node("Einsum", arrays, shape, equation=f"{terms_in}->{own}")
    return found
