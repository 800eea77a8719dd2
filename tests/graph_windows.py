"""Steps of generated graphs that cut an axis into digits: tokens, windows of attention, rolls, reduced parts."""

from __future__ import annotations

import math

from tests.graph_builder import Builder, UnfitError, emitter


@emitter
def tokens(b: Builder) -> None:
    """A map as tokens, channels last, something elementwise, and back."""
    shape = b.now()
    b.add("Reshape", [b.current, b.constant([shape[0], shape[1], -1])])
    b.add("Transpose", [b.current], perm=[0, 2, 1])
    b.add("Abs", [b.current])
    b.add("Transpose", [b.current], perm=[0, 2, 1])
    b.add("Reshape", [b.current, b.constant(list(shape))])


@emitter
def mixed_channels(b: Builder, groups: int) -> None:
    """Channel shuffle with the image axes flattened, as in ShuffleNet."""
    shape = b.now()
    if shape[1] % groups:
        raise UnfitError("groups do not divide")
    b.add("Reshape", [b.current, b.constant([shape[0], groups, shape[1] // groups, math.prod(shape[2:])])])
    b.add("Transpose", [b.current], perm=[0, 2, 1, 3])
    b.add("Reshape", [b.current, b.constant(list(shape))])


@emitter
def windows(b: Builder, size: int, *, attends: bool) -> None:
    """Windows of the first spatial axis as a batch, attention inside each of them, and back."""
    batch, channels, length, *rest = b.now()
    if length % size or length == size:
        raise UnfitError("not divisible")
    count, inner = length // size, math.prod(rest)
    b.add("Reshape", [b.current, b.constant([batch, channels, count, size, inner])])
    b.add("Transpose", [b.current], perm=[0, 2, 3, 4, 1])
    each = b.add("Reshape", [b.current, b.constant([batch * count, size * inner, channels])])
    if attends:
        turned = b.add("Transpose", [each], perm=[0, 2, 1])
        b.add("MatMul", [each, turned])
        b.add("MatMul", [b.current, each])
    b.add("Reshape", [b.current, b.constant([batch, count, size, inner, channels])])
    b.add("Transpose", [b.current], perm=[0, 4, 1, 2, 3])
    b.add("Reshape", [b.current, b.constant([batch, channels, length, *rest])])


@emitter
def rolled(b: Builder, by: int, *, back: bool) -> None:
    """The first indices of the first spatial axis moved behind the last, as in shifted windows; maybe back again."""
    if b.opset < 10 or b.now()[2] <= by:
        raise UnfitError("too short")
    for at in (by, -by) if back else (by,):
        source, axis = b.current, b.constant([2])
        head = b.add("Slice", [source, b.constant([0]), b.constant([at]), axis])
        tail = b.add("Slice", [source, b.constant([at]), b.constant([2**31]), axis])
        b.add("Concat", [tail, head], axis=2)


@emitter
def circular(b: Builder, before: int, after: int) -> None:
    """Circular padding of the first spatial axis by slices of its two ends."""
    if b.opset < 10 or b.now()[2] < max(before, after) or before + after == 0:
        raise UnfitError("too short")
    source, axis = b.current, b.constant([2])
    pieces = [source]
    if before:
        pieces.insert(0, b.add("Slice", [source, b.constant([-before]), b.constant([2**31]), axis]))
    if after:
        pieces.append(b.add("Slice", [source, b.constant([0]), b.constant([after]), axis]))
    b.add("Concat", pieces, axis=2)


@emitter
def part_reduced(b: Builder, factor: int, *, major: bool, pools: bool) -> None:
    """The first spatial axis split in two, one part of which is reduced."""
    batch, channels, length, *rest = b.now()
    if length % factor or length == factor:
        raise UnfitError("not divisible")
    inner = math.prod(rest)
    b.add("Reshape", [b.current, b.constant([batch, channels * inner, length // factor, factor])])
    if pools:
        kernel = [length // factor, 1] if major else [1, factor]
        b.add("AveragePool", [b.current], kernel_shape=kernel)
    elif b.opset >= 18:
        b.add("ReduceMean", [b.current, b.constant([2 if major else 3])], keepdims=1)
    else:
        b.add("ReduceMean", [b.current], axes=[2 if major else 3], keepdims=1)
    b.add("Reshape", [b.current, b.constant([batch, channels * inner, -1, *[1] * len(rest)])])


@emitter
def side_by_side(b: Builder, factor: int) -> None:
    """The map beside a coarser version of itself, both flattened: the levels of a detector."""
    shape = b.now()
    if any(extent < factor for extent in shape[2:]):
        raise UnfitError("too short")
    source = b.current
    flat = [b.add("Reshape", [source, b.constant([shape[0], shape[1], -1])])]
    pools = len(shape) - 2
    b.add("AveragePool", [source], kernel_shape=[factor] * pools, strides=[factor] * pools)
    flat.append(b.add("Reshape", [b.current, b.constant([shape[0], shape[1], -1])]))
    b.add("Concat", flat, axis=2)
    b.add("Reshape", [b.current, b.constant([*shape[:2], -1, *[1] * (len(shape) - 3)])])


@emitter
def partitioned(b: Builder, size: int, *, grid: bool, attends: bool) -> None:
    """Square windows of both spatial axes as a batch, or their grid (MaxViT), attention inside each, and back."""
    shape = b.now()
    if len(shape) != 4 or any(extent % size or extent == size for extent in shape[2:]):
        raise UnfitError("not divisible")
    batch, channels, height, width = shape
    inside = (height // size, width // size) if grid else (size, size)
    parts = [height // inside[0], width // inside[1]]
    digits = [size, inside[0], size, inside[1]] if grid else [parts[0], size, parts[1], size]
    b.add("Reshape", [b.current, b.constant([batch, channels, *digits])])
    b.add("Transpose", [b.current], perm=[0, 2, 4, 3, 5, 1])
    each = b.add("Reshape", [b.current, b.constant([batch * math.prod(parts), math.prod(inside), channels])])
    if attends:
        turned = b.add("Transpose", [each], perm=[0, 2, 1])
        b.add("MatMul", [each, turned])
        b.add("MatMul", [b.current, each])
    b.add("Reshape", [b.current, b.constant([batch, *parts, *inside, channels])])
    b.add("Transpose", [b.current], perm=[0, 5, 1, 3, 2, 4])
    b.add("Reshape", [b.current, b.constant(list(shape))])


@emitter
def rearranged(b: Builder, factors: list[int], order: list[int], ends: list[int], then: str) -> None:
    """Every axis but the batch cut in two, the parts in another order, glued to axes as `ends` say, and maybe back.

    `order` and `ends` are drawn for more parts than there may be. `then` is what happens before: nothing, `back`, or
    `reduce`, `pool` of the last axis.
    """
    shape = b.now()
    cut = [[n // f, f] if n % f == 0 else [n, 1] for n, f in zip(shape[1:], factors, strict=False)]
    digits = [part for parts in cut for part in parts]
    moved = sorted(range(len(digits)), key=lambda i: (order[i], i))
    marks = sorted({1 + end % (len(digits) - 1) for end in ends[: len(shape) - 2]})
    while len(marks) < len(shape) - 2:  # as many axes as before
        marks = sorted({*marks, next(i for i in range(1, len(digits)) if i not in marks)})
    sizes = [digits[i] for i in moved]
    glued = [math.prod(sizes[a:z]) for a, z in zip([0, *marks], [*marks, len(sizes)], strict=True)]
    b.add("Reshape", [b.current, b.constant([shape[0], *digits])])
    b.add("Transpose", [b.current], perm=[0, *(i + 1 for i in moved)])
    b.add("Reshape", [b.current, b.constant([shape[0], *glued])])
    if then == "reduce":
        axes = [len(shape) - 1]
        inputs = [b.current, b.constant(axes)] if b.opset >= 18 else [b.current]
        b.add("ReduceMean", inputs, keepdims=1, **({} if b.opset >= 18 else {"axes": axes}))
    elif then == "pool":
        b.add("AveragePool", [b.current], kernel_shape=[*[1] * (len(shape) - 3), 2])
    elif then == "back":
        b.add("Reshape", [b.current, b.constant([shape[0], *sizes])])
        b.add("Transpose", [b.current], perm=[0, *(moved.index(i) + 1 for i in range(len(digits)))])
        b.add("Reshape", [b.current, b.constant(list(shape))])
