"""Operators that read no values of their inputs: constants, random numbers, shapes.

Source: ONNX Shape, Size, Constant, ConstantOfShape and the random generators.
"""

from __future__ import annotations

from strideinspect.model.node import PlacedNode
from strideinspect.reads.families import everything, reads
from strideinspect.reads.steps import Read


@reads("Shape", "Size", "Constant", "EyeLike", "RandomNormalLike", "RandomUniformLike", "RandomNormal", "RandomUniform")
@reads("BlackmanWindow", "HannWindow", "HammingWindow", "MelWeightMatrix")
def nothing(placed: PlacedNode) -> tuple[Read, ...]:
    """Read no input values."""
    del placed
    return ()


@reads("ConstantOfShape", "Range", "OneHot")
def sized_by_data(placed: PlacedNode) -> tuple[Read, ...]:
    """Generated from a few numbers; if these are computed from the data, every output index depends on them."""
    return everything(placed)
