"""Contractions: matrix products, Gemm and Einsum read the whole contracted axes, which is not a collapse."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import structs

from strideinspect.results.field import Shape
from strideinspect.verify.probe.call import Call, operators
from strideinspect.verify.probe.value import InexpressibleError, Value

# Operator -> its two factors.
_PRODUCTS: Final[dict[str, tuple[int, int]]] = {
    "MatMul": (0, 1),
    "MatMulInteger": (0, 1),
    "QLinearMatMul": (0, 3),
    "com.microsoft:FusedMatMul": (0, 1),
    "com.microsoft:TransposeMatMul": (0, 1),
    "com.microsoft:DynamicQuantizeMatMul": (0, 1),
    "com.microsoft:MatMulIntegerToFloat": (0, 1),
    "com.microsoft:MatMulNBits": (0, 1),
}
# Inputs that may come from a DynamicQuantizeLinear: scale and zero point of the first factor.
_NUMBERS: Final = {"MatMulInteger": (2,), "com.microsoft:MatMulIntegerToFloat": (2, 4)}
_LIKE_MATMUL_NBITS: Final = frozenset({"com.microsoft:MatMulNBits"})


@operators(*_PRODUCTS)
def product(call: Call) -> Sequence[Value | None]:
    """Each element reads a row, a column, and the scale and zero point with which the first factor was quantised."""
    left, right = _PRODUCTS[call.node.kind]
    numbers = _NUMBERS.get(call.node.kind, ())
    call.only(left, right, *numbers)
    if call.node.kind in _LIKE_MATMUL_NBITS:
        call.only(left)
    shape = call.shape_out()
    parts = []
    if (value := call.value(left)) is not None:
        parts.append(_factor(call, value, shape, first=True))
    if (value := call.value(right)) is not None:
        parts.append(_factor(call, value, shape, first=False))
    if (value := call.broadcast([call.value(k) for k in numbers], shape)) is not None:
        parts.append(value)
    return [call.build.union(parts, shape)]


def _factor(call: Call, value: Value, shape: Shape, *, first: bool) -> Value:
    """One factor, reduced over its contracted axis and broadcast to the product's shape."""
    rank = len(value.shape)
    if rank > 2 and call.integer("transBatchA" if first else "transBatchB", 0):
        value = call.build.permuted(value, [*range(1, rank - 1), 0, rank - 1])
    if call.integer("transA" if first else "transB", 0):
        value = call.build.permuted(value, [*range(rank - 2), rank - 1, rank - 2])
    if len(value.shape) == 1:
        whole = _whole(call, value, 0)
        return call.build.resized(whole, (1,) * len(shape), shape, whole.roles)
    contracted = len(value.shape) - (1 if first else 2)
    other_is_list = len(shape) < len(call.shape_in(0 if first else _PRODUCTS[call.node.kind][1]))
    value = _whole(call, value, contracted)
    if other_is_list:
        left = [k for k in range(len(value.shape)) if k != contracted]
        value = call.build.resized(
            value,
            tuple(value.extents[k] for k in left),
            tuple(value.shape[k] for k in left),
            value.roles.moved({old: new for new, old in enumerate(left)}),
        )
    return call.build.ranked(value, len(shape))


def _whole(call: Call, value: Value, axis: int) -> Value:
    return structs.replace(call.build.most(value, [axis]), roles=value.roles.without([axis]))


@operators("Gemm", "com.microsoft:FusedGemm", "com.microsoft:QGemm")
def gemm(call: Call) -> Sequence[Value | None]:
    """A matrix product plus a summand that broadcasts."""
    a, b, c = (0, 3, 6) if call.node.op_type == "QGemm" else (0, 1, 2)
    call.only(a, b, c)
    shape = call.shape_out()
    parts: list[Value | None] = []
    for position, contracted, turned in ((a, 1, "transA"), (b, 0, "transB")):
        value = call.value(position)
        if value is not None:
            value = call.build.permuted(value, [1, 0]) if call.integer(turned, 0) else value
            parts.append(structs.replace(_whole(call, value, contracted), shape=shape))
    return [call.broadcast([*parts, call.value(c)], shape)]


@operators("Einsum")
def einsum(call: Call) -> Sequence[Value | None]:
    """Labels missing from the output are contracted; a factor is broadcast along labels that it does not have."""
    equation = str(call.attributes["equation"]).replace(" ", "")
    terms, arrow, out = equation.partition("->")
    labels = terms.split(",")
    if not arrow or "." in equation:
        raise InexpressibleError(f"the equation {equation!r}")
    parts = []
    for value, own in zip(call.inputs, labels, strict=True):
        if value is None:
            continue
        if len(set(own)) < len(own):
            raise InexpressibleError(f"the equation {equation!r}")
        for axis, label in enumerate(own):
            if label not in out:
                value = _whole(call, value, axis)  # noqa: PLW2901 - contracted one axis after the other
        parts.append(_placed(call, value, own, out))
    return [call.broadcast(parts, call.shape_out())]


def _placed(call: Call, value: Value, own: str, out: str) -> Value:
    """A factor with its axes in the output's order, and extent 1 along those that it does not have."""
    order = [k for label in out for k, mine in enumerate(own) if mine == label]
    rest = [k for k in range(len(own)) if k not in order]
    value = call.build.permuted(value, order + rest)
    extents, shape, places = [1] * len(out), [1] * len(out), {}
    for old, label in enumerate(own[k] for k in order):
        new = out.index(label)
        extents[new], shape[new], places[old] = value.extents[old], value.shape[old], new
    roles = value.roles.moved(places)
    roles = roles.with_new_axes() if len(places) < len(out) else roles
    return call.build.resized(value, tuple(extents), tuple(shape), roles)
