"""Data-dependent addressing: assumed to read the whole input, with a reason in the report.

Source: ONNX GridSample, RoiAlign, DeformConv, NonMaxSuppression, and operators that select, filter or count by value.
"""

from __future__ import annotations

from strideinspect.model.node import PlacedNode
from strideinspect.reads.families import everything, reads
from strideinspect.reads.steps import Read

_WHERE = {"GridSample": 1, "RoiAlign": 1, "MaxRoiPool": 1, "DeformConv": 2}
"""The input that holds the indices or coordinates to read at, which may be constant."""


@reads("GridSample", "RoiAlign", "MaxRoiPool", "DeformConv", "NonMaxSuppression", "Multinomial")
@reads("NonZero", "Compress", "Unique", "TensorScatter")
@reads(
    "GridSample", "CropAndResize", "DynamicTimeWarping", "MultiScaleDeformableAttn", "Unique", domain="com.microsoft"
)
def addressed_by_data(placed: PlacedNode) -> tuple[Read, ...]:
    """Every output index may read every input index."""
    node, by = placed.node, "computed from the data"
    place = _WHERE.get(node.op)
    if place is not None and placed.present(place) and not placed.is_data_dependent(place):
        by = f"given by a constant ({node.inputs[place]!r}) that is not evaluated"
    return everything(placed, f"{node.op} {node.label!r} reads at indices that are {by}")
