"""Fused attention: each query reads all keys and values."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import structs

from strideinspect.verify.probe.call import Call, operators
from strideinspect.verify.probe.value import InexpressibleError, Value


@operators("Attention", "com.microsoft:MultiHeadAttention")
def attention(call: Call) -> Sequence[Value | None]:
    """[batch, steps, features] or [batch, heads, steps, features]; an output step reads one step of the query."""
    call.only(0, 1, 2)
    shape = call.shape_out()
    parts = []
    for position in range(3):
        value = call.value(position)
        if value is not None:
            parts.append(_attended(call, value, len(shape), whole=position > 0))
    return [call.build.union(parts, shape)]


@operators("com.microsoft:Attention", "com.microsoft:QAttention")
def self_attention(call: Call) -> Sequence[Value | None]:
    """Query, key and value are computed from one tensor [batch, steps, features]."""
    call.only(0)
    value = _attended(call, call.required(), 3, whole=True)
    return [structs.replace(value, shape=call.shape_out())]


def _attended(call: Call, value: Value, rank: int, *, whole: bool) -> Value:
    """The contribution of one of the three inputs, constant along features and, if `whole`, along steps."""
    steps = rank - 2
    if len(value.shape) != rank or not all(value.constant_along(k) for k in range(1, rank) if k != steps):
        raise InexpressibleError("its heads or features have different fields")
    mixed = [steps, rank - 1] if whole else [rank - 1]
    return structs.replace(call.build.most(value, mixed), roles=value.roles.without(mixed))
