"""Addressing that depends on the data: read as the whole input, and said so.

Source: ONNX GridSample, RoiAlign, DeformConv, NonMaxSuppression and what picks, sorts out or counts by value.
"""

from __future__ import annotations

from strideinspect.model.node import PlacedNode
from strideinspect.reads.registry import everything, reads
from strideinspect.reads.steps import Read


@reads("GridSample", "RoiAlign", "MaxRoiPool", "DeformConv", "NonMaxSuppression", "MaxUnpool", "Multinomial")
@reads("NonZero", "Compress", "Unique", "TensorScatter")
@reads(
    "GridSample", "CropAndResize", "DynamicTimeWarping", "MultiScaleDeformableAttn", "Unique", domain="com.microsoft"
)
def addressed_by_data(placed: PlacedNode) -> tuple[Read, ...]:
    """Every output index may read every input index."""
    return everything(placed, f"{placed.node.op} {placed.node.label!r} picks its indices by values of the data")
