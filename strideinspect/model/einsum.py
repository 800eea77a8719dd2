"""The equation of an Einsum: a label for each axis of the operands and of the result.

Source: ONNX Einsum (12). An axis of extent 1 is broadcast against longer ones of the same label, as onnxruntime does.
"""

from __future__ import annotations

from msgspec import Struct

from strideinspect.model.node import PlacedNode, Shape, UnresolvedError
from strideinspect.model.window import MisfitError

Labels = tuple[str, ...]


class Equation(Struct, frozen=True):
    """One label per axis of every operand and of the result; axes of an ellipsis are numbered from the right."""

    operands: tuple[Labels, ...]
    result: Labels


def equation(placed: PlacedNode) -> Equation:
    """The labels of a placed Einsum. Raises UnresolvedError for an equation that does not fit its operands."""
    text = placed.node.text("equation", "").replace(" ", "")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if len(terms) != len(placed.node.inputs):
        raise UnresolvedError(f"its equation {text!r} has {len(terms)} operands, the node {len(placed.node.inputs)}")
    ranks = [len(placed.shape(i)) for i in range(len(terms))]
    hidden = [rank - len(term.replace("...", "")) for term, rank in zip(terms, ranks, strict=True)]
    if any(n != 0 if "..." not in term else n < 0 for term, n in zip(terms, hidden, strict=True)):
        raise UnresolvedError(f"its equation {text!r} does not fit its operands")
    width = max((n for term, n in zip(terms, hidden, strict=True) if "..." in term), default=0)
    if not arrow:
        once = sorted(c for c in set(left) - set(",.") if left.count(c) == 1)
        right = "..." * ("..." in left) + "".join(once)
    operands = tuple(_labels(term, n, width) for term, n in zip(terms, hidden, strict=True))
    return Equation(operands, _labels(right, width, width))


def _labels(term: str, own: int, width: int) -> Labels:
    front, dots, back = term.partition("...")
    between = [f"…{width - own + i}" for i in range(own)] if dots else []
    return (*front, *between, *back)


def label_sizes(placed: PlacedNode, parsed: Equation) -> dict[str, int]:
    """The size of every label. Raises MisfitError where axes of one label differ."""
    sizes: dict[str, int] = {}
    for i, labels in enumerate(parsed.operands):
        for label, size in zip(labels, placed.shape(i), strict=True):
            have = sizes.get(label, 1)
            if have != size and 1 not in (have, size):
                raise MisfitError(f"its axis {label!r} is {have} in one operand and {size} in another")
            sizes[label] = size if have == 1 else have
    return sizes


def einsum_shape(placed: PlacedNode) -> Shape:
    """Shape of the result. Raises MisfitError where axes of one label differ."""
    parsed = equation(placed)
    sizes = label_sizes(placed, parsed)
    return tuple(sizes.get(label, 1) for label in parsed.result)
