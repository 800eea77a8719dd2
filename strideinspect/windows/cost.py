"""Cost of a window node: multiply-adds and parameters."""

from __future__ import annotations

import math

from strideinspect.model.convolution_inputs import CONVOLUTION_INPUTS
from strideinspect.model.geometry import Geometry, Kind
from strideinspect.model.node import Node
from strideinspect.model.shapes import Shapes


def cost_of(
    shapes: Shapes, node: Node, geometry: Geometry, data_dependent: frozenset[str]
) -> tuple[int | None, int | None]:
    """Multiply-adds for one batch element, and the number of weights and biases that are not computed from an input.

    Every weight is used once at each position of the window: per output index, or per input index if transposed.
    A pooling has neither.
    """
    if geometry.weight is None:
        return 0, 0
    weight = shapes.shapes[node.inputs[geometry.weight]]
    places = (w.length if geometry.kind is Kind.TRANSPOSED else w.size for w in geometry.windows)
    at = CONVOLUTION_INPUTS[node.domain, node.op].bias
    has_bias = at is not None and len(node.inputs) > at and node.inputs[at]
    given = [node.inputs[i] for i in (geometry.weight, at if has_bias else None) if i is not None]
    parameters = sum(math.prod(shapes.shapes.get(name, (0,))) for name in given if name not in data_dependent)
    return math.prod(places) * math.prod(weight), parameters
