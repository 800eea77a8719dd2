"""Whether a model can be run for verification without taking all memory or minutes."""

from __future__ import annotations

import math

from strideinspect.limits import MOST_EINSUM_STEPS, MOST_RUN_BYTES
from strideinspect.model.einsum import equation, label_sizes
from strideinspect.model.node import PlacedNode, UnresolvedError
from strideinspect.model.shapes import Shapes
from strideinspect.model.window import MisfitError

_BYTES = {2: 1, 3: 1, 4: 2, 5: 2, 7: 8, 9: 1, 10: 2, 11: 8, 13: 8, 16: 2}
"""Bytes of an element by onnx.TensorProto.DataType, where these are not 4."""


def too_large_to_run(shapes: Shapes) -> str | None:
    """Why running the model would take too much memory or time; None where it can be run."""
    if shapes.too_large is not None:
        return shapes.too_large
    for node in shapes.nodes:
        names = {name for name in (*node.inputs, *node.outputs) if name in shapes.shapes}
        needed = sum(math.prod(shapes.shapes[name]) * _BYTES.get(shapes.dtypes.get(name, 1), 4) for name in names)
        if needed > MOST_RUN_BYTES:
            return f"{node.op} {node.label!r} alone reads and writes {needed / 2**30:,.1f} GiB at this size"
        if node.op == "Einsum" and len(node.inputs) > 2 and names.issuperset(node.inputs):
            steps = _einsum_steps(shapes.placed(node))
            if steps > MOST_EINSUM_STEPS:
                return f"Einsum {node.label!r} alone takes {steps:,} steps"
    return None


def _einsum_steps(placed: PlacedNode) -> int:
    """Multiplications of an Einsum with several operands, which onnxruntime does not split into matrix products."""
    try:
        return math.prod(label_sizes(placed, equation(placed)).values())
    except (UnresolvedError, MisfitError):
        return 0  # it does not run at all
