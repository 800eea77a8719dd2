"""Fused attention: each position of the query reads all positions of key and value, per head.

Source: ONNX Attention (23), LinearAttention (27); ai.onnx.preview FlexAttention; com.microsoft Attention and its
relatives. Masks are ignored: masked positions count as read.
"""

from __future__ import annotations

from strideinspect.model.node import PlacedNode, UnresolvedError
from strideinspect.reads.families import everything, reads
from strideinspect.reads.steps import Broadcast, Permute, Read, Reshape, Step, Whole
from strideinspect.results.field import Shape


@reads("Attention")
@reads("FlexAttention", domain="ai.onnx.preview")
@reads("MultiHeadAttention", domain="com.microsoft")
def attention(placed: PlacedNode) -> tuple[Read, ...]:
    """Read one position and head of the query, all positions of that head of key and value, masks and caches whole."""
    node = placed.node
    if not all(placed.present(i) for i in range(3)) or len({len(placed.shape(i)) for i in range(3)}) > 1:
        return whole_sequence(placed)  # packed into one tensor
    heads = node.integer("q_num_heads", node.integer("num_heads", 0))
    own = node.integer("kv_num_heads", heads)
    after = placed.output_shape()
    head_reads = [
        Read(i, 0, _head_by_head(placed.shape(i), after, heads, heads if i == 0 else own, role))
        for i, role in enumerate(("query", "key", "value"))
    ]
    head_reads += [r for r in everything(placed, None, range(3)) if r.output > 0]
    return (*head_reads, *everything(placed, None, range(3, len(node.inputs))))


def _head_by_head(shape: Shape, after: Shape, heads: int, own: int, role: str) -> tuple[Step, ...]:
    """Steps for [batch, heads, steps, features], or for [batch, steps, heads·features] with heads split and merged.

    `own` is the number of heads of this input: each is shared by heads / own consecutive heads of the query.
    """
    steps: list[Step] = []
    wide = after
    if len(shape) == 3:
        if min(heads, own) < 1 or shape[2] % own or after[2] % heads:
            raise UnresolvedError("its number of heads is not known")
        apart = (*shape[:2], own, shape[2] // own)
        steps += [Reshape(shape, apart), Permute((0, 2, 1, 3))]
        shape = tuple(apart[axis] for axis in (0, 2, 1, 3))
        wide = (after[0], heads, after[1], after[2] // heads)
    if role != "query":
        steps.append(Whole(2, shape[2], collapses=False))
    if role != "value":
        steps.append(Whole(3, shape[3], collapses=False))
    ones = (*shape[:2], shape[2] if role == "query" else 1, shape[3] if role == "value" else 1)
    if ones[1] != wide[1]:
        if not ones[1] or wide[1] % ones[1]:
            raise UnresolvedError(f"its {wide[1]} query heads are not a multiple of its {ones[1]} key and value heads")
        each = (*ones[:2], wide[1] // ones[1], *ones[2:])
        steps += [Reshape(ones, (*ones[:2], 1, *ones[2:])), Broadcast((*ones[:2], 1, *ones[2:]), each)]
        ones = (ones[0], wide[1], *ones[2:])
        steps.append(Reshape(each, ones))
    steps.append(Broadcast(ones, wide))
    if wide != after:
        turned = tuple(wide[axis] for axis in (0, 2, 1, 3))
        steps += [Permute((0, 2, 1, 3)), Reshape(turned, after)]
    return tuple(steps)


_OF_MICROSOFT = (
    "Attention",
    "DecoderAttention",
    "DecoderMaskedMultiHeadAttention",
    "DecoderMaskedSelfAttention",
    "GroupQueryAttention",
    "LongformerAttention",
    "PackedAttention",
    "PackedMultiHeadAttention",
    "QAttention",
    "QOrderedAttention",
    "SparseAttention",
)


@reads("LinearAttention")
@reads(*_OF_MICROSOFT, domain="com.microsoft")
def whole_sequence(placed: PlacedNode) -> tuple[Read, ...]:
    """Query, key and value, or the tensor that packs them, are read whole along every axis but the batch."""
    sequence_reads: list[Read] = []
    for index in range(min(3, len(placed.node.inputs))):
        for output, name in enumerate(placed.node.outputs):
            if not placed.present(index) or name not in placed.shapes:
                continue
            shape, after = placed.shape(index), placed.shapes[name]
            if shape[:1] != after[:1] or len(shape) != len(after):
                sequence_reads.extend(r for r in everything(placed, None, [index]) if r.output == output)
                continue
            wholes = tuple(Whole(axis, shape[axis], collapses=False) for axis in range(1, len(shape)))
            sequence_reads.append(
                Read(index, output, (*wholes, Broadcast((shape[0], *(1,) * (len(shape) - 1)), after)))
            )
    return (*sequence_reads, *everything(placed, None, range(3, len(placed.node.inputs))))
