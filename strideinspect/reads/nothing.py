"""Operators that read no pixel: constants, random numbers, and what reads only a shape.

Source: ONNX Shape, Size, Constant, ConstantOfShape and the random generators.
"""

from __future__ import annotations

from strideinspect.model.node import PlacedNode
from strideinspect.reads.families import everything, reads
from strideinspect.reads.steps import Read


@reads("Shape", "Size", "Constant", "EyeLike", "RandomNormalLike", "RandomUniformLike", "RandomNormal", "RandomUniform")
@reads("BlackmanWindow", "HannWindow", "HammingWindow", "MelWeightMatrix")
def nothing(placed: PlacedNode) -> tuple[Read, ...]:
    """No input value is read."""
    del placed
    return ()


@reads("ConstantOfShape", "Range", "OneHot")
def sized_by_data(placed: PlacedNode) -> tuple[Read, ...]:
    """Made from a few numbers; where those come from the data, everything depends on them."""
    return everything(placed)
