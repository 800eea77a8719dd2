"""Addressing that depends on the data: read as the whole input, and said so.

Source: ONNX GridSample, RoiAlign, DeformConv, NonMaxSuppression and the gathering and scattering operators.
"""

from __future__ import annotations

from strideinspect.model.node import PlacedNode
from strideinspect.reads.registry import everything, reads
from strideinspect.reads.steps import Read


@reads("GridSample", "RoiAlign", "MaxRoiPool", "DeformConv", "NonMaxSuppression", "MaxUnpool", "Multinomial")
@reads("NonZero", "Compress", "Unique", "GatherElements", "GatherND", "ScatterElements", "ScatterND", "Scatter")
@reads("TensorScatter", "AffineGrid")
@reads("GridSample", "CropAndResize", "DynamicTimeWarping", "MultiScaleDeformableAttn", domain="com.microsoft")
def addressed_by_data(placed: PlacedNode) -> tuple[Read, ...]:
    """Every output index may read every input index."""
    return everything(placed, f"{placed.node.op} {placed.node.label!r} picks its indices by values of the data")
