"""Operators that only rearrange axes: Reshape and similar, Transpose, DepthToSpace and SpaceToDepth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import prod

from msgspec import structs

from strideinspect.results.field import Shape
from strideinspect.verify.probe.builder import Builder
from strideinspect.verify.probe.call import Call, operators
from strideinspect.verify.probe.reductions import without_axes
from strideinspect.verify.probe.value import AxisRoles, InexpressibleError, Value


def blocks(old: Shape, new: Shape) -> Iterator[tuple[range, range]]:
    """The smallest groups of adjacent axes with equal element counts: (axes of `old`, axes of `new`)."""
    i = j = 0
    while i < len(old) or j < len(new):
        a, b = i, j
        if i < len(old) and j < len(new) and old[i] == new[j]:
            i, j = i + 1, j + 1
        elif i < len(old) and (old[i] == 1 or j == len(new)):
            i += 1
        elif j < len(new) and (new[j] == 1 or i == len(old)):
            j += 1
        else:
            i, j = i + 1, j + 1
            while prod(old[a:i]) != prod(new[b:j]):
                if prod(old[a:i]) < prod(new[b:j]):
                    i += 1
                else:
                    j += 1
        yield range(a, i), range(b, j)


def reshaped(build: Builder, value: Value, shape: Shape) -> Value:
    """The value reshaped. A group of axes along which it is constant keeps extent 1."""
    if prod(shape) != prod(value.shape):
        raise InexpressibleError(f"a reshape from {value.shape} to {shape}")
    extents: list[int] = []
    position_axes: set[int] = set()
    collapsed: set[int] = set()
    other_axes: set[int] = set()
    removed = value.roles.removed
    for olds, news in blocks(value.shape, shape):
        if len(olds) == len(news) == 1:
            extents.append(value.extents[olds[0]])
            position_axes |= {news[0]} if olds[0] in value.roles.position_axes else set()
            collapsed |= {news[0]} if olds[0] in value.roles.collapsed else set()
            other_axes |= {news[0]} if olds[0] in value.roles.other_axes else set()
            continue
        varies = any(value.extents[k] > 1 for k in olds)
        if varies:
            value = build.spread(value, olds)
        extents += [shape[k] if varies else 1 for k in news]
        if value.roles.position_axes.intersection(olds):
            others = value.roles.other_axes - value.roles.position_axes
            build.merges_padding |= build.skips_padding and bool(others.intersection(olds))
            along = [k for k in olds if k in value.roles.position_axes]
            position_axes.update(new for new in news if any(_goes_on(value.shape, old, shape, new) for old in along))
        if value.roles.other_axes.intersection(olds):
            other_axes.update(k for k in news if shape[k] > 1)
        removed = removed or bool(value.roles.collapsed.intersection(olds))
    roles = AxisRoles(
        frozenset(position_axes), frozenset(collapsed), removed, frozenset(other_axes), value.roles.remade
    )
    inserts = not _ones(shape) <= _ones(value.shape)
    return build.resized(value, tuple(extents), shape, roles.with_new_axes() if inserts else roles)


def _goes_on(before: Shape, old: int, after: Shape, new: int) -> bool:
    """Whether the index along an old axis changes along a new one: unless whole turns, or parts of it, are counted."""
    if after[new] == 1:
        return False
    unit, step = prod(before[old + 1 :]), prod(after[new + 1 :])
    turns = step % (unit * before[old]) == 0
    parts = unit % (step * after[new]) == 0
    return not turns and not parts


def _ones(shape: Shape) -> Counter[int]:
    """How many axes of extent 1 there are, by the number of elements behind them."""
    return Counter(prod(shape[k:]) for k, extent in enumerate(shape) if extent == 1)


@operators("Reshape", "Flatten")
def reshape(call: Call) -> Sequence[Value | None]:
    """The same elements in the same order."""
    call.only(0)
    return [reshaped(call.build, call.required(), call.shape_out())]


@operators("Squeeze")
def squeeze(call: Call) -> Sequence[Value | None]:
    """Removes axes of extent 1: the given ones, or all."""
    call.only(0)
    value = call.required()
    axes = call.numbers(1, "axes")
    return [without_axes(call, value, range(len(value.shape)) if axes is None else map(value.normal, axes))]


@operators("Unsqueeze", "com.microsoft:ExpandDims")
def unsqueeze(call: Call) -> Sequence[Value | None]:
    """Inserts axes of extent 1."""
    call.only(0)
    value = call.required()
    axes = call.numbers(1, "axes") or []
    rank = len(value.shape) + len(axes)
    fresh = {axis % rank for axis in axes}
    places = [k for k in range(rank) if k not in fresh]
    shape, extents = [1] * rank, [1] * rank
    for old, new in enumerate(places):
        shape[new], extents[new] = value.shape[old], value.extents[old]
    roles = value.roles.moved(dict(enumerate(places))).with_new_axes()
    return [call.build.resized(value, tuple(extents), tuple(shape), roles)]


@operators("Transpose")
def transpose(call: Call) -> Sequence[Value | None]:
    """Permutes the axes."""
    value = call.required()
    order = call.attributes.get("perm") or range(len(value.shape))[::-1]
    return [call.build.permuted(value, list(order))]


@operators("DepthToSpace", "SpaceToDepth")
def depth_and_space(call: Call) -> Sequence[Value | None]:
    """Runs the same operator; afterwards a position may run along channels as well as space."""
    value, shape = call.required(), call.shape_out()
    channel, height, width = 1, 2, 3
    roles = value.roles
    position_axes = set(roles.position_axes)
    if channel in position_axes and call.node.op_type == "DepthToSpace":
        position_axes |= {height, width}
    if position_axes & {height, width} and call.node.op_type == "SpaceToDepth":
        position_axes.add(channel)
    roles = structs.replace(roles, position_axes=frozenset(position_axes))
    axes = (channel, height, width)
    if all(value.constant_along(k) for k in axes):
        return [structs.replace(value, shape=shape, roles=roles)]
    value = call.build.spread(value, axes)
    name = call.build.emit(call.node.op_type, [value.name], **call.attributes)
    return [Value(name, shape, (value.extents[0], *shape[1:]), roles)]
