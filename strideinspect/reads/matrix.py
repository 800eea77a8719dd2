"""Matrix products: an output index reads a whole row of one factor and a whole column of the other.

This counts as local and as full dependence, because a product is not a pooling.

Source: ONNX MatMul, Gemm, Einsum and their quantised and com.microsoft forms.
"""

from __future__ import annotations

from collections.abc import Sequence

from strideinspect.model.einsum import equation
from strideinspect.model.node import PlacedNode, Shape, UnresolvedError
from strideinspect.reads.elementwise import parameter, spread
from strideinspect.reads.families import everything, reads
from strideinspect.reads.steps import (
    Broadcast,
    Permute,
    Read,
    Reshape,
    Step,
    Whole,
)


@reads("MatMul", "MatMulInteger")
@reads("FusedMatMul", "TransposeMatMul", "MatMulIntegerToFloat", "DynamicQuantizeMatMul", domain="com.microsoft")
@reads("FusedMatMulActivation", "MatMulInteger16", "GemmFastGelu", domain="com.microsoft")
def matmul(placed: PlacedNode) -> tuple[Read, ...]:
    """A·B with leading axes broadcast; FusedMatMul may transpose the last two axes of either."""
    return _product(placed, 0, 1)


@reads("MatMulNBits", "MatMulBnb4", "MatMulFpQ4", domain="com.microsoft")
def packed_matmul(placed: PlacedNode) -> tuple[Read, ...]:
    """A·B with B packed into few bits; a B that is computed from the data is read whole."""
    left = _side(placed.shape(0), placed.output_shape(), contracted=-1, kept=-2)
    return (Read(0, 0, left), *everything(placed, None, range(1, len(placed.node.inputs))))


@reads("Det")
def determinant(placed: PlacedNode) -> tuple[Read, ...]:
    """Read the whole matrix."""
    shape = placed.shape(0)
    last = (len(shape) - 2, len(shape) - 1)
    wholes = tuple(Whole(axis, shape[axis], collapses=False) for axis in last)
    return (Read(0, 0, (*wholes, Reshape((*shape[:-2], 1, 1), shape[:-2]))),)


@reads("Inverse", domain="com.microsoft")
def inverse(placed: PlacedNode) -> tuple[Read, ...]:
    """Every element reads the whole matrix."""
    shape = placed.shape(0)
    wholes = tuple(Whole(axis, shape[axis], collapses=False) for axis in (len(shape) - 2, len(shape) - 1))
    return (Read(0, 0, (*wholes, Broadcast((*shape[:-2], 1, 1), shape))),)


@reads("CDist", domain="com.microsoft")
def distances(placed: PlacedNode) -> tuple[Read, ...]:
    """Each distance reads one row of each input."""
    after = placed.output_shape()
    return (
        Read(0, 0, _side(placed.shape(0), after, contracted=-1, kept=-2)),
        Read(1, 0, _side(placed.shape(1), after, contracted=-1, kept=-1)),
    )


@reads("QLinearMatMul")
@reads("QLinearMatMul", domain="com.microsoft")
def quantised_matmul(placed: PlacedNode) -> tuple[Read, ...]:
    """A and B each followed by scale and zero point."""
    return _product(placed, 0, 3)


def _product(placed: PlacedNode, a: int, b: int) -> tuple[Read, ...]:
    node = placed.node
    after = placed.output_shape()
    flipped, one = _batch_flip(placed.shape(a), flips=node.integer("transBatchA", 0) == 1)
    turned, two = _batch_flip(placed.shape(b), flips=node.integer("transBatchB", 0) == 1)
    attends = placed.is_data_dependent(a) and placed.is_data_dependent(b)
    left = _side(one, after, contracted=-2 if node.integer("transA", 0) else -1, kept=-2, attends=attends)
    right = _side(two, after, contracted=-1 if node.integer("transB", 0) else -2, kept=-1, attends=attends)
    others = [i for i in range(len(node.inputs)) if i not in (a, b) and placed.present(i)]
    return (Read(a, 0, (*flipped, *left)), Read(b, 0, (*turned, *right)), *(parameter(placed, i) for i in others))


def _batch_flip(shape: Shape, *, flips: bool) -> tuple[tuple[Step, ...], Shape]:
    """With transBatchA or transBatchB the first axis is moved to the place before the last."""
    if not flips or len(shape) < 3:
        return (), shape
    perm = (*range(1, len(shape) - 1), 0, len(shape) - 1)
    return (Permute(perm),), tuple(shape[axis] for axis in perm)


def _side(shape: Shape, after: Shape, contracted: int, kept: int, *, attends: bool = False) -> tuple[Step, ...]:
    """One factor: its contracted axis is read whole, its other matrix axis becomes axis `kept` of the product."""
    if len(shape) == 1:
        return Whole(0, shape[0], collapses=False, attends=attends), Reshape((1,), ()), Broadcast((), after)
    axis = len(shape) + contracted
    steps: list[Step] = [Whole(axis, shape[axis], collapses=False, attends=attends)]
    ones = tuple(1 if i == axis else n for i, n in enumerate(shape))
    if contracted == kept:  # a transposed factor: its kept axis is at the position of the other matrix axis
        perm = (*range(len(shape) - 2), len(shape) - 1, len(shape) - 2)
        steps.append(Permute(perm))
        ones = tuple(ones[i] for i in perm)
    batch, matrix = after, ones
    if len(after) < len(ones) and len(ones) >= 2:  # the other factor is a vector: the product has one matrix axis fewer
        gone = len(ones) - 1 if kept == -2 else len(ones) - 2
        matrix = tuple(n for i, n in enumerate(ones) if i != gone)
        steps.append(Reshape(ones, matrix))
    steps.append(Broadcast(matrix, batch))
    return tuple(steps)


@reads("Gemm")
@reads("QGemm", "FusedGemm", domain="com.microsoft")
def gemm(placed: PlacedNode) -> tuple[Read, ...]:
    """A·B + C; transA and transB transpose the factors."""
    node, after = placed.node, placed.output_shape()
    quantised = node.op == "QGemm"
    a, b, c = (0, 3, 6) if quantised else (0, 1, 2)
    left = _side(placed.shape(a), after, contracted=-2 if node.integer("transA", 0) else -1, kept=-2)
    right = _side(placed.shape(b), after, contracted=-1 if node.integer("transB", 0) else -2, kept=-1)
    reads_ = [Read(a, 0, left), Read(b, 0, right)]
    if placed.present(c):
        reads_.append(spread(placed, c))
    reads_ += [parameter(placed, i) for i in range(len(node.inputs)) if i not in (a, b, c) and placed.present(i)]
    return tuple(reads_)


@reads("Einsum")
def einsum(placed: PlacedNode) -> tuple[Read, ...]:
    """For each operand, axes that are summed over are read whole; the others are permuted to the result's order."""
    parsed = equation(placed)
    if any(len(set(labels)) != len(labels) for labels in parsed.operands):
        raise UnresolvedError(f"its equation {placed.node.text('equation', '')!r} takes a diagonal")
    after = placed.output_shape()
    attends = sum(map(placed.is_data_dependent, range(len(parsed.operands)))) > 1
    return tuple(
        Read(i, 0, _operand(labels, placed.shape(i), parsed.result, after, attends=attends))
        for i, labels in enumerate(parsed.operands)
    )


def _operand(
    labels: Sequence[str], shape: Shape, result: Sequence[str], after: Shape, *, attends: bool
) -> tuple[Step, ...]:
    steps: list[Step] = [
        Whole(axis, shape[axis], collapses=False, attends=attends)
        for axis, name in enumerate(labels)
        if name not in result
    ]
    kept = [axis for axis, name in enumerate(labels) if name in result]
    ones = tuple(n if axis in kept else 1 for axis, n in enumerate(shape))
    own = tuple(shape[axis] for axis in kept)
    steps.append(Reshape(ones, own))
    order = sorted(range(len(kept)), key=lambda i: result.index(labels[kept[i]]))
    steps.append(Permute(tuple(order)))
    placed = {labels[kept[i]]: own[i] for i in order}
    aligned = tuple(placed.get(name, 1) for name in result)
    steps += [Reshape(tuple(own[i] for i in order), aligned), Broadcast(aligned, after)]
    return tuple(steps)
