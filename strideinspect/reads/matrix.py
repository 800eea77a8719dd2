"""Matrix products: an output index reads a row of one side and a column of the other, whole.

Both the local and the full dependence widen: a product is no pooling. Source: ONNX MatMul, Gemm, Einsum and their
quantised and com.microsoft forms.
"""

from __future__ import annotations

from collections.abc import Sequence

from strideinspect.model.node import PlacedNode, Shape, UnresolvedError
from strideinspect.reads.elementwise import parameter, spread
from strideinspect.reads.registry import reads
from strideinspect.reads.steps import Broadcast, Permute, Read, Reshape, Step, Whole


@reads("MatMul", "MatMulInteger")
@reads("FusedMatMul", "TransposeMatMul", "MatMulIntegerToFloat", "DynamicQuantizeMatMul", domain="com.microsoft")
def matmul(placed: PlacedNode) -> tuple[Read, ...]:
    """A·B with leading axes broadcast; FusedMatMul may transpose the last two axes of either."""
    return _product(placed, 0, 1)


@reads("QLinearMatMul")
@reads("QLinearMatMul", domain="com.microsoft")
def quantised_matmul(placed: PlacedNode) -> tuple[Read, ...]:
    """A and B each followed by scale and zero point."""
    return _product(placed, 0, 3)


def _product(placed: PlacedNode, a: int, b: int) -> tuple[Read, ...]:
    node = placed.node
    flips = node.integer("transBatchA", 0) or node.integer("transBatchB", 0)
    if flips:
        raise UnresolvedError("it moves batch axes (transBatchA, transBatchB)")
    after = placed.output_shape()
    left = _side(placed.shape(a), after, contracted=-2 if node.integer("transA", 0) else -1, kept=-2)
    right = _side(placed.shape(b), after, contracted=-1 if node.integer("transB", 0) else -2, kept=-1)
    others = [i for i in range(len(node.inputs)) if i not in (a, b) and placed.present(i)]
    return (Read(a, 0, left), Read(b, 0, right), *(parameter(placed, i) for i in others))


def _side(shape: Shape, after: Shape, contracted: int, kept: int) -> tuple[Step, ...]:
    """One factor: its contracted axis is read whole, its other matrix axis stays and lands at `kept` of the product."""
    if len(shape) == 1:
        return Whole(0, shape[0], collapses=False), Reshape((1,), ()), Broadcast((), after)
    axis = len(shape) + contracted
    steps: list[Step] = [Whole(axis, shape[axis], collapses=False)]
    ones = tuple(1 if i == axis else n for i, n in enumerate(shape))
    if contracted == kept:  # a transposed factor: its kept axis lies where the product has the other one
        perm = (*range(len(shape) - 2), len(shape) - 1, len(shape) - 2)
        steps.append(Permute(perm))
        ones = tuple(ones[i] for i in perm)
    batch, matrix = after, ones
    if len(after) < len(ones) - 0 and len(ones) >= 2:  # the other factor is a vector, whose axis the product lacks
        gone = len(ones) - 1 if kept == -2 else len(ones) - 2
        matrix = tuple(n for i, n in enumerate(ones) if i != gone)
        steps.append(Reshape(ones, matrix))
    steps.append(Broadcast(matrix, batch))
    return tuple(steps)


@reads("Gemm")
@reads("QGemm", domain="com.microsoft")
def gemm(placed: PlacedNode) -> tuple[Read, ...]:
    """A·B + C, either factor transposed on request."""
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
    """Each operand: the axes that the result lacks are read whole, the others go where the result names them."""
    equation = placed.node.text("equation", "").replace(" ", "")
    left, _, right = equation.partition("->")
    terms = left.split(",")
    shapes = [placed.shape(i) for i in range(len(terms))]
    if "->" not in equation:
        once = [c for c in dict.fromkeys(left.replace(",", "").replace(".", "")) if left.count(c) == 1]
        right = ("..." if "..." in left else "") + "".join(sorted(once))
    width = max(
        (len(s) - len(t.replace("...", "")) for s, t in zip(shapes, terms, strict=True) if "..." in t), default=0
    )
    result = _labels(right, width)
    after = placed.output_shape()
    found = []
    for i, (term, shape) in enumerate(zip(terms, shapes, strict=True)):
        own = len(shape) - len(term.replace("...", "")) if "..." in term else 0
        labels = _labels(term, own, width)
        if len(labels) != len(shape) or len(set(labels)) != len(labels):
            raise UnresolvedError(f"its equation {equation!r} takes a diagonal")
        found.append(Read(i, 0, _operand(labels, shape, result, after)))
    return tuple(found)


def _labels(term: str, own: int, width: int | None = None) -> list[str]:
    """One label per axis; the ellipsis stands for axes numbered from the right."""
    wide = own if width is None else width
    dots = [f"…{wide - own + i}" for i in range(own)]
    front, dotted, back = term.partition("...")
    return [*front, *(dots if dotted else []), *back]


def _operand(labels: Sequence[str], shape: Shape, result: Sequence[str], after: Shape) -> tuple[Step, ...]:
    steps: list[Step] = [
        Whole(axis, shape[axis], collapses=False) for axis, name in enumerate(labels) if name not in result
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
