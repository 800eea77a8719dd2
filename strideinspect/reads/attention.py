"""Fused attention: every position of the sequence reads all positions.

Source: ONNX Attention (23), LinearAttention (27); ai.onnx.preview FlexAttention; com.microsoft Attention and its
relatives. Masks are not told apart: what one forbids is still counted as read.
"""

from __future__ import annotations

from strideinspect.model.node import PlacedNode
from strideinspect.reads.registry import everything, reads
from strideinspect.reads.steps import Broadcast, Read, Whole

_OF_MICROSOFT = (
    "Attention",
    "DecoderAttention",
    "DecoderMaskedMultiHeadAttention",
    "DecoderMaskedSelfAttention",
    "GroupQueryAttention",
    "LongformerAttention",
    "MultiHeadAttention",
    "PackedAttention",
    "PackedMultiHeadAttention",
    "QAttention",
    "QOrderedAttention",
    "SparseAttention",
)


@reads("Attention", "LinearAttention")
@reads("FlexAttention", domain="ai.onnx.preview")
@reads(*_OF_MICROSOFT, domain="com.microsoft")
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
