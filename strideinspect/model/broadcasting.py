"""Output shapes of multidirectional broadcasting and of matrix products.

Source: the ONNX standard's Broadcasting.md; ONNX MatMul; com.microsoft FusedMatMul.
"""

from __future__ import annotations

from collections.abc import Sequence

from strideinspect.model.node import PlacedNode, Shape
from strideinspect.model.window import MisfitError
from strideinspect.spelling import shape_text


def broadcast(shapes: Sequence[Shape]) -> Shape:
    """The shape that all of these broadcast to. Raises MisfitError where they do not fit together."""
    if len(set(shapes)) == 1:
        return shapes[0]
    result: list[int] = []
    for i in range(1, max(map(len, shapes), default=0) + 1):
        sizes = {shape[-i] for shape in shapes if len(shape) >= i} - {1}
        if len(sizes) > 1:
            raise MisfitError(
                " and ".join(dict.fromkeys(shape_text(shape) for shape in shapes)) + " do not fit together"
            )
        result.append(sizes.pop() if sizes else 1)
    return tuple(reversed(result))


def matrix_product(placed: PlacedNode) -> Shape:
    """Shape of the product of the first two inputs, transposed as the attributes say. Raises MisfitError."""
    a, b = placed.shape(0), placed.shape(1)
    if min(len(a), len(b)) < 1:
        raise MisfitError(f"it multiplies {shape_text(a)} with {shape_text(b)}, which does not fit")
    left = _turned((1, *a), placed, "A") if len(a) == 1 else _turned(a, placed, "A")
    right = _turned((*b, 1), placed, "B") if len(b) == 1 else _turned(b, placed, "B")
    if left[-1] != right[-2]:
        raise MisfitError(f"it multiplies {shape_text(a)} with {shape_text(b)}, which does not fit")
    rows = left[-2:-1] if len(a) > 1 else ()
    columns = right[-1:] if len(b) > 1 else ()
    return (*broadcast([left[:-2], right[:-2]]), *rows, *columns)


def _turned(shape: Shape, placed: PlacedNode, side: str) -> Shape:
    """A factor, transposed: transBatch moves the first axis to the second last, trans swaps the last two."""
    if placed.node.integer(f"transBatch{side}", 0) and len(shape) > 2:
        shape = (*shape[1:-1], shape[0], shape[-1])
    return (*shape[:-2], shape[-1], shape[-2]) if placed.node.integer(f"trans{side}", 0) else shape
