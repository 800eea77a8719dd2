"""Operators that read whole axes: reductions, selections along an axis, normalisations, prefixes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from msgspec import structs

from strideinspect.verify.probe.call import Call, DependenceKind, operators
from strideinspect.verify.probe.value import InexpressibleError, Value

_REDUCTIONS: Final = tuple(
    f"Reduce{kind}" for kind in ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare")
)


def without_axes(call: Call, value: Value, axes: Iterable[int]) -> Value:
    """Remove axes of extent 1."""
    gone = {k for k in axes if value.shape[k] == 1}
    left = [k for k in range(len(value.shape)) if k not in gone]
    return call.build.resized(
        value,
        tuple(value.extents[k] for k in left),
        tuple(value.shape[k] for k in left),
        value.roles.moved({old: new for new, old in enumerate(left)}),
    )


def _collapse(call: Call, value: Value, axes: list[int], *, keep: bool) -> Value | None:
    pooled = call.collapse(call.build.most(value, axes), axes, value.shape)
    return pooled if keep or pooled is None else without_axes(call, pooled, axes)


@operators(*_REDUCTIONS, "com.microsoft:QLinearReduceMean")
def reduction(call: Call) -> Sequence[Value | None]:
    """Reads the whole of the axes; those along which a position runs collapse."""
    call.only(0)
    value = call.required()
    linear = call.node.op_type == "QLinearReduceMean"
    axes = call.numbers(1, "axes") if "axes" in call.attributes or not linear else None
    if not axes:
        if call.integer("noop_with_empty_axes", 0):
            return [value]
        axes = list(range(len(value.shape)))
    keep = call.integer("keepdims", 1) == 1
    return [_collapse(call, value, [value.normal(axis) for axis in axes], keep=keep)]


@operators("ArgMax", "ArgMin")
def argument(call: Call) -> Sequence[Value | None]:
    """The index of the largest or smallest element depends on the whole axis."""
    value = call.required()
    keep = call.integer("keepdims", 1) == 1
    return [_collapse(call, value, [value.normal(call.integer("axis", 0))], keep=keep)]


@operators("TopK")
def top_k(call: Call) -> Sequence[Value | None]:
    """Each of the k values, and its index, may come from anywhere along the axis."""
    call.only(0)
    value = call.required()
    axis = value.normal(call.integer("axis", -1))
    whole = structs.replace(call.build.most(value, [axis]), shape=call.shape_out(), roles=value.roles.without([axis]))
    return [whole, whole]


@operators("Det")
def determinant(call: Call) -> Sequence[Value | None]:
    """Reads the whole matrix."""
    value = call.required()
    axes = [len(value.shape) - 2, len(value.shape) - 1]
    whole = structs.replace(call.build.most(value, axes), roles=value.roles.without(axes))
    return [without_axes(call, whole, axes)]


@operators("CumSum", "CumProd")
def prefix(call: Call) -> Sequence[Value | None]:
    """Each index reads those before it (after it, in reverse)."""
    call.only(0)
    value = call.required()
    axes = call.numbers(1, "axis")
    if not axes:
        raise InexpressibleError("its axis is not known")
    axis = value.normal(axes[0])
    backwards = call.integer("reverse", 0) == 1
    if call.integer("exclusive", 0):
        value = shifted(call, call.build.spread(value, [axis]), axis, -1 if backwards else 1)
    return [so_far(call, value, axis, backwards=backwards)]


def shifted(call: Call, value: Value, axis: int, by: int) -> Value:
    """The value moved by `by` indices along `axis`, padded."""
    amounts = [(by, -by) if k == axis else (0, 0) for k in range(len(value.shape))]
    return structs.replace(value, name=call.build.pad(value.name, amounts))


def so_far(call: Call, value: Value, axis: int, *, backwards: bool) -> Value:
    """The largest number up to each index along `axis`: a prefix maximum in log2(n) steps."""
    if value.constant_along(axis):
        return value
    step = 1
    while step < value.shape[axis]:
        moved = shifted(call, value, axis, -step if backwards else step)
        value = structs.replace(value, name=call.build.emit("Max", [value.name, moved.name]))
        step *= 2
    return value


@operators("Softmax", "LogSoftmax", "Hardmax")
def softmax(call: Call) -> Sequence[Value | None]:
    """Normalises over one axis; before operator set 13, over that axis and all after it."""
    return [_softmax(call, call.known.opset)]


@operators("com.microsoft:QLinearSoftmax")
def quantised_softmax(call: Call) -> Sequence[Value | None]:
    """Like Softmax of the operator set in its attribute `opset`."""
    call.only(0)
    return [_softmax(call, call.integer("opset", 13))]


def _softmax(call: Call, opset: int) -> Value:
    value = call.required()
    axis = value.normal(call.integer("axis", -1 if opset >= 13 else 1))
    return call.normalised(value, [axis] if opset >= 13 else range(axis, len(value.shape)))


@operators("LpNormalization")
def lp_normalization(call: Call) -> Sequence[Value | None]:
    """Normalises over one axis."""
    value = call.required()
    return [call.normalised(value, [value.normal(call.integer("axis", -1))])]


@operators("MeanVarianceNormalization")
def mean_variance(call: Call) -> Sequence[Value | None]:
    """Normalises over the given axes."""
    value = call.required()
    axes = call.attributes.get("axes", [0, 2, 3])
    return [call.normalised(value, [value.normal(axis) for axis in axes])]


@operators("LayerNormalization", "RMSNormalization", "SimplifiedLayerNormalization",
           "com.microsoft:LayerNormalization", "com.microsoft:SimplifiedLayerNormalization")  # fmt: skip
def layer_normalization(call: Call) -> Sequence[Value | None]:
    """Normalises over the axis and all after it; scale and bias broadcast. The statistics collapse those axes."""
    shape = call.shape_in(0)
    axes = range(call.integer("axis", -1) % len(shape), len(shape))
    data = call.value(0)
    normalised = None if data is None else call.normalised(data, axes)
    statistics = None if data is None else _collapse(call, data, list(axes), keep=True)
    return [call.broadcast([normalised, call.value(1), call.value(2)], shape), statistics, statistics]


@operators("com.microsoft:SkipLayerNormalization", "com.microsoft:SkipSimplifiedLayerNormalization")
def skip_layer_normalization(call: Call) -> Sequence[Value | None]:
    """The sum of all inputs, normalised over the last axis."""
    total = call.broadcast(call.inputs, call.shape_in(0))
    return [None if total is None else call.normalised(total, [len(total.shape) - 1])]


@operators("InstanceNormalization")
def instance_normalization(call: Call) -> Sequence[Value | None]:
    """Normalises over the spatial axes; scale and bias are per channel."""
    shape = call.shape_in(0)
    data = call.value(0)
    parts = [None if data is None else call.normalised(data, range(2, len(shape)))]
    return [call.broadcast(parts + _along_channels(call, len(shape)), shape)]


@operators("GroupNormalization")
def group_normalization(call: Call) -> Sequence[Value | None]:
    """Normalises over the spatial axes and the channels of a group."""
    if any(call.value(k) is not None for k in (1, 2)) and call.known.opset < 21:
        raise InexpressibleError("its scale, one per group, depends on the data")
    shape = call.shape_in(0)
    data = call.value(0)
    normalised = None if data is None else _by_groups(call, data, call.integer("num_groups", 1))
    return [call.broadcast([normalised, *_along_channels(call, len(shape))], shape)]


def _by_groups(call: Call, value: Value, groups: int) -> Value:
    space = range(2, len(value.shape))
    if groups == 1 or value.constant_along(1):
        return call.normalised(value, [1, *space])
    call.sensitive = True
    if call.reading is not DependenceKind.FULL:
        return value
    flat = call.build.most(value, space)
    size = value.shape[1] // groups
    batch, ones = flat.extents[0], (1,) * len(space)
    split = call.build.resized(flat, (batch, groups, size), (batch, groups, size), flat.roles)
    most = call.build.spread(call.build.everywhere(split, [2]), [2])
    return call.build.resized(most, (batch, value.shape[1], *ones), value.shape, value.roles)


def _along_channels(call: Call, rank: int) -> list[Value | None]:
    """Inputs 1 and 2, with one entry per channel, reshaped to the data's rank."""
    parameters: list[Value | None] = []
    for parameter in (call.value(1), call.value(2)):
        if parameter is None:
            continue
        ones = (1,) * (rank - 2)
        roles = parameter.roles.moved({0: 0})
        parameters.append(call.build.resized(parameter, parameter.extents + ones, parameter.shape + ones, roles))
    return parameters


@operators("DynamicQuantizeLinear")
def dynamic_quantize(call: Call) -> Sequence[Value | None]:
    """The scale is a statistic of the whole tensor."""
    value = call.required()
    axes = list(range(len(value.shape)))
    scale = _collapse(call, value, axes, keep=False)
    return [call.normalised(value, axes), scale, scale]


@operators("LRN")
def local_response(call: Call) -> Sequence[Value | None]:
    """Reads neighbouring channels, which adds nothing as long as all channels have the same field."""
    value = call.required()
    if not value.constant_along(1):
        raise InexpressibleError("its channels have different fields")
    return [value]
