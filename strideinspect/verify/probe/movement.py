"""Operators that select, concatenate, repeat and pad: the probe runs the same operators on axes that vary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from msgspec import structs

from strideinspect.results.field import Shape
from strideinspect.verify.probe.call import Call, operators
from strideinspect.verify.probe.unpooling import unpooled
from strideinspect.verify.probe.value import AxisRoles, InexpressibleError, Value


@operators("Concat", "com.microsoft:QLinearConcat")
def concat(call: Call) -> Sequence[Value | None]:
    """Concatenation; a piece that does not depend on the probed input is inactive."""
    shape = call.shape_out()
    axis = call.integer("axis", 1) % len(shape)
    positions = range(len(call.inputs)) if call.node.op_type == "Concat" else range(2, len(call.inputs), 3)
    call.only(*positions)
    pieces = [(call.value(k), call.shape_in(k)) for k in positions]
    active = [value for value, _ in pieces if value is not None]
    roles = AxisRoles.merged([value.roles for value in active])
    if shape[axis] > 1:
        roles = structs.replace(roles, collapsed=roles.collapsed - {axis})
    first = active[0]
    if len(active) == len(pieces) and all(v.name == first.name and v.constant_along(axis) for v in active):
        return [structs.replace(first, shape=shape, roles=roles)]
    extents = [max(v.extents[k] for v in active) for k in range(len(shape))]
    names = []
    for piece, own in pieces:
        wanted = tuple(own[k] if k == axis else extents[k] for k in range(len(shape)))
        if 0 not in wanted:
            border = axis in roles.position_axes
            names.append(call.build.inactive(wanted, border=border) if piece is None else _grown(call, piece, wanted))
    extents[axis] = shape[axis]
    return [Value(call.build.emit("Concat", names, axis=axis), shape, tuple(extents), roles)]


def _grown(call: Call, value: Value, extents: Shape) -> str:
    return call.build.spread(value, [k for k, extent in enumerate(extents) if extent > 1]).name


@operators("Split")
def split(call: Call) -> Sequence[Value | None]:
    """The pieces of one axis, with the observed sizes."""
    call.only(0)
    value = call.required()
    axis = value.normal(call.integer("axis", 0))
    pieces: list[Value | None] = []
    start = 0
    for position, name in enumerate(call.node.output):
        shape = call.shape_out(position) if name else None
        if shape is None:
            raise InexpressibleError("one of its outputs is not used, so its size is not known")
        pieces.append(_cut(call, value, shape, {axis: (start, start + shape[axis], 1)}))
        start += shape[axis]
    return pieces


def _cut(call: Call, value: Value, shape: Shape, ranges: Mapping[int, tuple[int, int, int]]) -> Value:
    """A Slice: axis -> (start, end, step), as in the operator; emitted only for axes along which the value varies."""
    cuts = {k: cut for k, cut in ranges.items() if not value.constant_along(k)}
    if not cuts:
        return structs.replace(value, shape=shape)
    build = call.build
    starts, ends, steps = (build.integers(cut[i] for cut in cuts.values()) for i in range(3))
    name = build.emit("Slice", [value.name, starts, ends, build.integers(cuts), steps])
    extents = tuple(shape[k] if k in cuts else extent for k, extent in enumerate(value.extents))
    return structs.replace(value, name=name, shape=shape, extents=extents)


@operators("Slice")
def slices(call: Call) -> Sequence[Value | None]:
    """A range of indices along some axes."""
    call.only(0)
    value = call.required()
    starts, ends = call.numbers(1, "starts"), call.numbers(2, "ends")
    if starts is None or ends is None:
        raise InexpressibleError("its range is not known")
    axes = call.numbers(3, "axes") or list(range(len(starts)))
    steps = call.numbers(4, "steps") or [1] * len(starts)
    cuts = zip(starts, ends, steps, strict=True)
    return [_cut(call, value, call.shape_out(), dict(zip(map(value.normal, axes), cuts, strict=True)))]


@operators("com.microsoft.nchwc:ReorderInput")
def into_blocks(call: Call) -> Sequence[Value | None]:
    """Channels become the first axis after the batch, and inactive ones pad the last block."""
    call.only(0)
    value, shape = call.required(), call.shape_out()
    if call.integer("channels_last", 0):
        rank = len(shape)
        value = call.build.permuted(value, [0, rank - 1, *range(1, rank - 1)])
    if value.constant_along(1) or value.shape == shape:
        return [structs.replace(value, shape=shape)]
    more = call.build.inactive((value.extents[0], shape[1] - value.shape[1], *value.extents[2:]))
    extents = (value.extents[0], shape[1], *value.extents[2:])
    return [
        structs.replace(value, name=call.build.emit("Concat", [value.name, more], axis=1), shape=shape, extents=extents)
    ]


@operators("com.microsoft.nchwc:ReorderOutput")
def out_of_blocks(call: Call) -> Sequence[Value | None]:
    """The channels that pad the last block are removed; with channels_last, channels become the last axis."""
    call.only(0)
    value, channels = call.required(), call.integer("channels", 0)
    rank = len(value.shape)
    value = _cut(call, value, (value.shape[0], channels, *value.shape[2:]), {1: (0, channels, 1)})
    return [call.build.permuted(value, [0, *range(2, rank), 1]) if call.integer("channels_last", 0) else value]


@operators("Crop")
def crop(call: Call) -> Sequence[Value | None]:
    """The last two axes from (top, left) on, with the observed output size."""
    call.only(0)
    shape = call.shape_out()
    left, top = (int(border) for border in call.attributes["border"][:2])
    rank = len(shape)
    starts = {rank - 2: top, rank - 1: left}
    return [_cut(call, call.required(), shape, {k: (start, start + shape[k], 1) for k, start in starts.items()})]


@operators("CenterCropPad")
def center_crop_pad(call: Call) -> Sequence[Value | None]:
    """Runs the same operator; its zero padding is inactive."""
    call.only(0)
    build, value, shape = call.build, call.required(), call.shape_out()
    build.skips_padding |= any(map(value.ignores_holes, range(len(shape))))
    touched = [k for k, extent in enumerate(shape) if extent != value.shape[k] and not value.ignores_holes(k)]
    roles = structs.replace(value.roles, collapsed=frozenset(k for k in value.roles.collapsed if shape[k] == 1))
    if not touched:
        return [structs.replace(value, shape=shape, roles=roles)]
    whole = build.spread(value, touched)
    sizes = build.integers(shape[k] for k in touched)
    moved = build.emit("CenterCropPad", [whole.name, sizes], axes=touched)
    ones = build.emit("Expand", [build.constant(np.array(1, np.float32)), build.integers(whole.extents)])
    inside = build.emit("Cast", [build.emit("CenterCropPad", [ones, sizes], axes=touched)], to=onnx.TensorProto.BOOL)
    name = build.emit("Where", [inside, moved, build.inactive((1,) * len(shape), border=True)])
    extents = tuple(shape[k] if k in touched else extent for k, extent in enumerate(value.extents))
    return [Value(name, shape, extents, roles)]


@operators("Gather")
def gather(call: Call) -> Sequence[Value | None]:
    """Constant indices select from the data; indices that depend on the data select from a constant table."""
    shape = call.shape_out()
    table = call.value(0)
    rank, count = len(call.shape_in(0)), len(call.shape_in(1))
    axis = call.integer("axis", 0) % rank
    fresh = range(axis, axis + count)
    if table is None:
        call.only(1)
        value = call.required(1)
        before, after = (1,) * axis, (1,) * (rank - axis - 1)
        roles = value.roles.moved({k: k + axis for k in range(count)})
        return [call.build.resized(value, before + value.extents + after, shape, roles)]
    call.only(0)
    places = {k: k if k < axis else k + count - 1 for k in range(rank) if k != axis}
    roles = table.roles.moved(places)
    if count > 1 and any(shape[k] == 1 for k in fresh):
        roles = roles.with_new_axes()
    if axis in table.roles.position_axes:
        roles = structs.replace(roles, position_axes=roles.position_axes | {k for k in fresh if shape[k] > 1})
    before, after = table.extents[:axis], table.extents[axis + 1 :]
    if table.constant_along(axis):
        return [call.build.resized(table, (*before, *(1,) * count, *after), shape, roles)]
    indices = call.constant(1)
    if indices is None:
        raise InexpressibleError("it has no indices")
    name = call.build.emit("Gather", [table.name, call.build.constant(indices.astype(np.int64))], axis=axis)
    return [Value(name, shape, (*before, *shape[axis : axis + count], *after), roles)]


@operators("GatherElements", "GatherND", "com.microsoft:GatherND")
def gather_each(call: Call) -> Sequence[Value | None]:
    """Constant indices select single elements."""
    call.only(0)
    value = call.required()
    indices = call.constant(1)
    if indices is None:
        raise InexpressibleError("it has no indices")
    shape = call.shape_out()
    whole = call.build.written_out(value)
    name = call.build.emit(
        call.node.op_type, [whole.name, call.build.constant(indices.astype(np.int64))], **call.attributes
    )
    position_axes = (
        frozenset(k for k, extent in enumerate(shape) if extent > 1) if value.roles.position_axes else frozenset()
    )
    roles = AxisRoles(position_axes, frozenset(), value.roles.removed, remade=value.roles.remade)
    return [Value(name, shape, shape, roles)]


@operators("Scatter", "ScatterElements", "ScatterND")
def scatter(call: Call) -> Sequence[Value | None]:
    """Updates replace (or, with a reduction, are combined with) the data at constant indices, or those of a pool."""
    if call.value(1) is not None and call.node.name in call.known.pools:
        call.only(1, 2)
        return [unpooled(call, 2)]
    call.only(0, 2)
    indices = call.constant(1)
    if indices is None:
        raise InexpressibleError("it has no indices")
    build, shape = call.build, call.shape_in(0)
    data, updates = call.value(0), call.value(2)
    roles = AxisRoles.merged([value.roles for value in (data, updates) if value is not None])
    own = call.shape_in(2)
    filled = len(own) == len(shape) and all(own[k] == shape[k] for k in roles.position_axes)
    names = [
        build.inactive(extents, border=not filled) if value is None else build.written_out(value).name
        for value, extents in ((data, shape), (updates, own))
    ]
    attributes = {k: v for k, v in call.attributes.items() if k == "axis"}
    if call.attributes.get("reduction", "none") != "none":
        attributes["reduction"] = "max"
    places = build.constant(indices.astype(np.int64))
    op = "ScatterElements" if call.node.op_type == "Scatter" else call.node.op_type
    return [Value(build.emit(op, [names[0], places, names[1]], **attributes), shape, shape, roles)]


@operators("Expand")
def expand(call: Call) -> Sequence[Value | None]:
    """Axes of extent 1 are broadcast."""
    call.only(0)
    return [call.broadcast([call.required()], call.shape_out())]


@operators("Tile")
def tile(call: Call) -> Sequence[Value | None]:
    """Whole axes are repeated."""
    call.only(0)
    value, shape = call.required(), call.shape_out()
    repeats = [new // old for old, new in zip(value.shape, shape, strict=True)]
    if not call.keeps(value, [k for k, old in enumerate(value.shape) if old == 1 < repeats[k]]):
        return [None]
    roles = structs.replace(value.roles, collapsed=frozenset(k for k in value.roles.collapsed if repeats[k] == 1))
    counts = [1 if value.constant_along(k) else repeat for k, repeat in enumerate(repeats)]
    if set(counts) <= {1}:
        return [structs.replace(value, shape=shape, roles=roles)]
    name = call.build.emit("Tile", [value.name, call.build.integers(counts)])
    extents = tuple(extent * count for extent, count in zip(value.extents, counts, strict=True))
    return [Value(name, shape, extents, roles)]


@operators("Pad", "com.microsoft:Pad")
def pad(call: Call) -> Sequence[Value | None]:
    """Constant padding is inactive; for the other modes the probe runs the same operator."""
    call.only(0)
    value, shape = call.required(), call.shape_out()
    pads = call.numbers(1, "pads") or call.numbers(1, "paddings")
    if pads is None:
        raise InexpressibleError("its amounts are not known")
    rank = len(value.shape)
    axes = [value.normal(int(k)) for k in _axes(call)] or list(range(rank))
    amounts = [(0, 0)] * rank
    for place, axis in enumerate(axes):
        amounts[axis] = (pads[place], pads[place + len(axes)])
    mode = str(call.attributes.get("mode", "constant"))
    roles = structs.replace(value.roles, collapsed=frozenset(k for k in value.roles.collapsed if shape[k] == 1))
    touched = {k for k, amount in enumerate(amounts) if amount != (0, 0)}
    if mode == "constant":
        call.build.skips_padding |= any(map(value.ignores_holes, touched))
        touched = {k for k in touched if not value.ignores_holes(k)}
        value = call.build.spread(value, touched)
    touched = {k for k in touched if not value.constant_along(k) or (mode == "constant" and max(amounts[k]) > 0)}
    if not touched:
        return [structs.replace(value, shape=shape, roles=roles)]
    name = call.build.pad(value.name, [amounts[k] if k in touched else (0, 0) for k in range(rank)], mode)
    extents = tuple(shape[k] if k in touched else extent for k, extent in enumerate(value.extents))
    return [Value(name, shape, extents, roles)]


def _axes(call: Call) -> Sequence[int]:
    array = call.constant(3)
    return [] if array is None else array.reshape(-1).tolist()


@operators("ReverseSequence")
def reverse_sequence(call: Call) -> Sequence[Value | None]:
    """Reverses the beginning of each sequence, up to its constant length."""
    call.only(0)
    lengths = call.constant(1)
    if lengths is None:
        raise InexpressibleError("its lengths are not known")
    value = call.build.written_out(call.required())
    inputs = [value.name, call.build.constant(lengths.astype(np.int64))]
    return [structs.replace(value, name=call.build.emit("ReverseSequence", inputs, **call.attributes))]
