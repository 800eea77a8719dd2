"""Fused attention: every position of the sequence reads all positions.

Source: ONNX Attention (23), com.microsoft Attention, MultiHeadAttention and QAttention.
"""

from __future__ import annotations

from strideinspect.model.node import PlacedNode
from strideinspect.reads.registry import everything, reads
from strideinspect.reads.steps import Broadcast, Read, Whole


@reads("Attention")
@reads("Attention", "MultiHeadAttention", "QAttention", domain="com.microsoft")
def attention(placed: PlacedNode) -> tuple[Read, ...]:
    """Query, key and value are read whole along every axis but the batch, which stays apart."""
    found: list[Read] = []
    for index in range(min(3, len(placed.node.inputs))):
        for output, name in enumerate(placed.node.outputs):
            if not placed.present(index) or name not in placed.shapes:
                continue
            shape, after = placed.shape(index), placed.shapes[name]
            if shape[:1] != after[:1] or len(shape) != len(after):
                found.extend(r for r in everything(placed, None, [index]) if r.output == output)
                continue
            wholes = tuple(Whole(axis, shape[axis], collapses=False) for axis in range(1, len(shape)))
            found.append(Read(index, output, (*wholes, Broadcast((shape[0], *(1,) * (len(shape) - 1)), after))))
    return (*found, *everything(placed, None, range(3, len(placed.node.inputs))))
