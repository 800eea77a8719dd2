"""Window arithmetic: kernel, stride, dilation, padding and output size of every node that slides a window.

This is the only place where attributes become window geometry. Sizes and offsets are those of onnxruntime; where it
differs from the standard a comment says so. Verification compares every number with onnxruntime.
Source: ONNX operators Conv, ConvTranspose, MaxPool, AveragePool, LpPool and their com.microsoft forms.
"""

from __future__ import annotations

from functools import lru_cache, partial

from msgspec import Struct, structs

from strideinspect.limits import LONGEST_MAP
from strideinspect.model.convolution_inputs import CONVOLUTION_INPUTS
from strideinspect.model.geometry import Geometry, Kind, Window
from strideinspect.model.node import Node, PlacedNode, Shape, UnresolvedError
from strideinspect.model.window_operators import WINDOW_OPERATORS, WindowOperator
from strideinspect.spelling import count, shape_text


class MisfitError(Exception):
    """The node cannot run at this size; the text says why. `empty` where its output would have size 0."""

    def __init__(self, text: str, *, empty: bool = False) -> None:
        super().__init__(text)
        self.empty = empty


class BrokenError(MisfitError):
    """The node cannot run at any size: its attributes or weights are invalid."""


def is_window(node: Node) -> bool:
    """Whether the node slides a window."""
    return (node.domain, node.op) in WINDOW_OPERATORS


def geometry(placed: PlacedNode, known: dict[str, WindowAttributes] | None = None) -> Geometry:
    """Resolve defaults, `auto_pad`, `ceil_mode` and `output_shape` of a window node.

    `known` is filled and used: the attributes of nodes that are asked for at several sizes, by first output.

    Raises MisfitError where the node cannot run at this size, KeyError where a shape is unknown.
    """
    if placed.geometry is not None:
        return placed.geometry
    node = placed.node
    operator = WINDOW_OPERATORS[node.domain, node.op]
    inputs = CONVOLUTION_INPUTS.get((node.domain, node.op))
    shape = placed.shape(0)
    if len(shape) < 3:
        raise BrokenError(f"it needs an input of at least 3 axes, but {node.inputs[0]!r} has {len(shape)}")
    weight = None if inputs is None else placed.shape(inputs.weight)
    if known is None or not node.key:
        asked = _attributes(node)
    else:
        asked = known[node.key] if node.key in known else known.setdefault(node.key, _attributes(node))
    return _resolved(operator, asked, shape, weight, None if inputs is None else inputs.weight)


_Sizes = tuple[int, ...]


class WindowAttributes(Struct, frozen=True):
    """The attributes of a window node as in the file; None where one is left out."""

    kernel: _Sizes | None
    strides: _Sizes | None
    dilations: _Sizes | None
    pads: _Sizes | None
    output_padding: _Sizes | None
    output_shape: _Sizes | None
    group: int
    auto_pad: str
    rounds_up: bool
    channels_last: bool


def _attributes(node: Node) -> WindowAttributes:
    return WindowAttributes(
        kernel=node.integers("kernel_shape"),
        strides=node.integers("strides"),
        dilations=node.integers("dilations"),
        pads=node.integers("pads"),
        output_padding=node.integers("output_padding"),
        output_shape=node.integers("output_shape"),
        group=node.integer("group", 1),
        auto_pad=node.text("auto_pad", "NOTSET"),
        rounds_up=node.integer("ceil_mode", 0) == 1,
        channels_last=node.integer("channels_last", 0) == 1,
    )


@lru_cache(maxsize=256)  # most networks use few different windows
def _resolved(
    operator: WindowOperator, asked: WindowAttributes, shape: Shape, weight: Shape | None, weight_input: int | None
) -> Geometry:
    rank = len(shape)
    last = operator.channels_last or asked.channels_last
    axes = tuple(range(1, rank - 1)) if last else tuple(range(2, rank))
    channel_axis = rank - 1 if last else 1
    lengths = tuple(shape[axis] for axis in axes)
    channels = shape[channel_axis]
    if operator.kind is Kind.GLOBAL:
        if 0 in lengths:
            raise MisfitError("the map that it pools is empty", empty=True)
        windows = tuple(Window(n, 1, 1, 0, 0, n, 1) for n in lengths)
        return Geometry(operator.kind, axes, windows, channel_axis, channels, channels, 0, None)

    groups = asked.group if weight else channels
    if weight is not None:
        channels = _output_channels(operator.kind, weight, channels, groups, rank)
    kernel = asked.kernel or (weight[2:] if weight else None)
    if kernel is None:
        raise BrokenError("it has no kernel_shape")
    if weight is not None and kernel != weight[2:]:
        raise BrokenError(f"kernel_shape is {shape_text(kernel)}, its weight is {shape_text(weight[2:])}")
    count = len(axes)
    stride = _per_axis("strides", asked.strides, count, 1)
    dilation = _per_axis("dilations", asked.dilations, count, 1)
    if len(kernel) != count:
        raise BrokenError(f"kernel_shape has {len(kernel)} numbers for {count} spatial axes")
    if min(*kernel, *stride, *dilation, 1) < 1:
        raise BrokenError("kernel, strides and dilations must be at least 1")
    if operator.kind is Kind.TRANSPOSED:
        windows = _usable(_transposed(asked, lengths, kernel, stride, dilation))
    else:
        windows = _usable(_forward(operator.kind, asked, lengths, kernel, stride, dilation))
    return Geometry(operator.kind, axes, windows, channel_axis, channels, groups, 0, weight_input)


def _usable(windows: tuple[Window, ...]) -> tuple[Window, ...]:
    if any(window.size < 1 for window in windows):
        raise MisfitError(
            f"its window spans {shape_text(w.extent for w in windows)} indices, the padded map has only "
            f"{shape_text(w.length + w.begin + w.end for w in windows)}",
            empty=True,
        )
    if any(max(window.size, window.length) > LONGEST_MAP for window in windows):
        raise UnresolvedError(
            f"its map of {shape_text(window.size for window in windows)} indices is too large to follow"
        )
    return windows


def refitting(node: Node, original: Geometry, position: int) -> partial[Window]:
    """From the length of an input to one window of a window node, otherwise as the original.

    Equal arguments of two of them mean equal windows. The function raises MisfitError where the node cannot run.
    """
    return partial(_refitted, original.kind, original.windows, structs.replace(_attributes(node), group=1), position)


@lru_cache(maxsize=1024)  # networks repeat a few windows many times
def _refitted(kind: Kind, original: tuple[Window, ...], asked: WindowAttributes, position: int, length: int) -> Window:
    lengths = tuple(length if i == position else w.length for i, w in enumerate(original))
    kernel, stride, dilation = zip(*((w.kernel, w.stride, w.dilation) for w in original), strict=True)
    if kind is Kind.TRANSPOSED:
        return _transposed(asked, lengths, kernel, stride, dilation)[position]
    return _forward(kind, asked, lengths, kernel, stride, dilation)[position]


def _output_channels(kind: Kind, weight: Shape, channels: int, groups: int, rank: int) -> int:
    if len(weight) != rank:
        raise BrokenError(f"its weight has {len(weight)} axes, its input {rank}")
    if groups < 1:
        raise BrokenError(f"group is {groups}")
    wanted = weight[0] if kind is Kind.TRANSPOSED else weight[1] * groups
    if wanted != channels:
        raise MisfitError(f"its weight needs {count(wanted, 'channel')}, but its input has {channels}")
    return weight[1] * groups if kind is Kind.TRANSPOSED else weight[0]


def _per_axis(attribute: str, values: _Sizes | None, count: int, default: int) -> _Sizes:
    if values is None:
        return (default,) * count
    if len(values) != count:
        raise BrokenError(f"{attribute} has {len(values)} numbers for {count} spatial axes")
    return values


def _pads(asked: WindowAttributes, count: int) -> tuple[_Sizes, _Sizes]:
    """Explicit padding at the beginning and end of each axis; 0 where `auto_pad` computes it."""
    pads = asked.pads if asked.auto_pad in ("NOTSET", "") else None
    if pads is None:
        return (0,) * count, (0,) * count
    if len(pads) != 2 * count:
        raise BrokenError(f"pads has {len(pads)} numbers, but needs {2 * count}")
    if min(pads) < 0:
        raise BrokenError(f"pads are negative: {list(pads)}")
    return pads[:count], pads[count:]


def _forward(
    kind: Kind, asked: WindowAttributes, lengths: _Sizes, kernel: _Sizes, stride: _Sizes, dilation: _Sizes
) -> tuple[Window, ...]:
    auto = asked.auto_pad
    is_pool = kind is Kind.POOL
    begin, end = _pads(asked, len(lengths))
    same = auto in ("SAME_UPPER", "SAME_LOWER")
    if not same and auto not in ("NOTSET", "VALID", ""):
        raise BrokenError(f"auto_pad is {auto!r}")
    windows = []
    for n, k, s, d, before, after in zip(lengths, kernel, stride, dilation, begin, end, strict=True):
        padding = (before, after)
        if same:
            padding = _same_padding(n, k, s, d, lower=auto == "SAME_LOWER", is_pool=is_pool)
        room = n + sum(padding) - d * (k - 1) - 1
        size = _output_size(room, s, is_pool=is_pool)
        if is_pool and asked.rounds_up:
            size = -(-room // s) + 1
            if size > 1 and (size - 1) * s >= n + padding[0]:
                size -= 1
        windows.append(Window(k, s, d, *padding, n, size, size_dependent=same and s > 1))
    return tuple(windows)


def _output_size(room: int, stride: int, *, is_pool: bool) -> int:
    """Output size; `room` is the number of indices that the window can move by, padded length − extent.

    onnxruntime's pools divide toward zero, so an input that is too small by less than the stride still gives size 1
    (3×3/2 on 2×2 gives 1×1); its Conv raises.
    """
    if room < 0:
        return 1 if is_pool and -room < stride else 0
    return room // stride + 1


def _same_padding(
    length: int, kernel: int, stride: int, dilation: int, *, lower: bool, is_pool: bool
) -> tuple[int, int]:
    """SAME padding, begin and end: the odd index goes to the end (UPPER) or the beginning (LOWER).

    onnxruntime's pools ignore dilation here, so their output is smaller than the standard's. Where the kernel is
    smaller than the stride, the computed padding is negative: it crops the beginning. At the end nothing has to be
    cropped, since no window reaches so far; with dilation one may, and onnxruntime's AveragePool stops before.
    """
    target = -(-length // stride)
    reach = kernel if is_pool else dilation * (kernel - 1) + 1
    total = (target - 1) * stride + reach - length
    begin = (total + 1) // 2 if lower else total // 2
    if total < 0:
        begin = _crop(-total, lower=lower, is_pool=is_pool)
        return begin, total - begin if dilation > 1 else 0
    return begin, total - begin


def _crop(excess: int, *, lower: bool, is_pool: bool) -> int:
    """The negative padding at the beginning where SAME computes a total of −`excess`, rounded as onnxruntime does.

    MaxPool without dilation, and AveragePool before opset 19, refuse to run such a window.
    """
    if is_pool:
        return -((excess - 1) // 2) if lower else -(excess // 2)
    return -(max(excess - 2, 0) // 2) if lower else -((excess - 1) // 2)


def _transposed(
    asked: WindowAttributes, lengths: _Sizes, kernel: _Sizes, stride: _Sizes, dilation: _Sizes
) -> tuple[Window, ...]:
    auto = asked.auto_pad
    extra = _per_axis("output_padding", asked.output_padding, len(lengths), 0)
    wanted = asked.output_shape
    if wanted is not None:
        wanted = wanted[-len(lengths) :] if len(wanted) == len(lengths) + 2 else wanted
        if len(wanted) != len(lengths):
            raise BrokenError(f"output_shape has {len(wanted)} numbers for {len(lengths)} spatial axes")
    begin, end = _pads(asked, len(lengths))
    windows = []
    for i, (n, k, s, d, given) in enumerate(zip(lengths, kernel, stride, dilation, extra, strict=True)):
        adj = given
        reach = (n - 1) * s + d * (k - 1) + 1 + adj
        before, after, size, size_dependent = begin[i], end[i], reach - begin[i] - end[i], False
        target = wanted[i] if wanted is not None else n * s if auto.startswith("SAME") else None
        if target is not None:
            # The excess over the target is cropped. SAME_UPPER puts the smaller half first, all others the larger.
            total = max(0, reach - target)
            before = total // 2 if auto == "SAME_UPPER" else total - total // 2
            after = total - before
            size = target if wanted is not None else reach - total
            size_dependent = wanted is not None
            if target > reach:
                if wanted is not None and target - reach + adj >= s and target - reach > 0:
                    raise MisfitError(
                        f"output_shape is {target} indices, but at most {reach - adj + s - 1} are possible"
                    )
                adj += size - reach + total
        windows.append(
            Window(k, s, d, before, after, n, size, transposed=True, output_padding=adj, size_dependent=size_dependent)
        )
    return tuple(windows)
