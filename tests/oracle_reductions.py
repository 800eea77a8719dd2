"""Dependency sets of the operators that read whole axes: reductions, normalisation, products, prefixes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

import numpy as np

from tests.oracle_sets import Integers, OracleLimitError, Reads, Shape, Step, crossed, numbered, operator


def _whole(shape: Shape, axes: Iterable[int]) -> list[Integers]:
    """Taps that read every index along `axes`, each other axis at its own index; of the input's shape."""
    axes = sorted(axes)
    taps = []
    for place in product(*(range(shape[axis]) for axis in axes)):
        rows = [np.arange(extent) for extent in shape]
        for axis, index in zip(axes, place, strict=True):
            rows[axis] = np.full(shape[axis], index)
        taps.append(crossed(shape, rows))
    return taps


def _reduced(shape: Shape, axes: Iterable[int], *, keep: bool) -> Reads:
    gone = set(axes)
    taps = []
    for tap in _whole(shape, gone):
        line = tap[tuple(slice(0, 1) if axis in gone else slice(None) for axis in range(len(shape)))]
        taps.append(line if keep else np.squeeze(line, tuple(gone)))
    left = [axis for axis in range(len(shape)) if keep or axis not in gone]
    travel = {axis: to for to, axis in enumerate(left)}
    return Reads(
        taps[0].shape, {0: taps}, collapses=frozenset(axis for axis in gone if shape[axis] > 1), axes={0: travel}
    )


@operator(
    *(f"Reduce{kind}" for kind in ("Mean", "Sum", "Max", "Min", "Prod", "L1", "L2", "LogSum", "LogSumExp", "SumSquare"))
)
def reduce(step: Step) -> list[Reads]:
    """All axes by default, or none with noop_with_empty_axes."""
    rank = len(step.shape())
    axes = step.integers(1, "axes")
    if not axes:
        axes = [] if step.whole("noop_with_empty_axes", 0) else list(range(rank))
    return [_reduced(step.shape(), [axis % rank for axis in axes], keep=step.whole("keepdims", 1) == 1)]


@operator("ArgMax", "ArgMin")
def arg(step: Step) -> list[Reads]:
    """One axis, 0 by default."""
    return [_reduced(step.shape(), [step.whole("axis", 0) % len(step.shape())], keep=step.whole("keepdims", 1) == 1)]


def _normalised(step: Step, axes: Iterable[int]) -> list[Reads]:
    """Elementwise, plus statistics over `axes` that count for full dependence only; the other inputs broadcast."""
    shape = step.shape()
    return [Reads(shape, {0: [numbered(shape)]}, {0: _whole(shape, axes)})]


@operator("Softmax", "LogSoftmax", "Hardmax")
def softmax(step: Step) -> list[Reads]:
    """Along one axis; before operator set 13 over all axes from `axis` on."""
    rank = len(step.shape())
    if step.version < 13:
        return _normalised(step, range(step.whole("axis", 1) % rank, rank))
    return _normalised(step, [step.whole("axis", -1) % rank])


@operator("LpNormalization")
def lp_normalization(step: Step) -> list[Reads]:
    """Along one axis."""
    return _normalised(step, [step.whole("axis", -1) % len(step.shape())])


@operator("LayerNormalization")
def layer_normalization(step: Step) -> list[Reads]:
    """Over all axes from `axis` on; mean and deviation are there on request."""
    rank = len(step.shape())
    axes = range(step.whole("axis", -1) % rank, rank)
    return [*_normalised(step, axes), *[_reduced(step.shape(), axes, keep=True)] * (step.outputs - 1)]


@operator("InstanceNormalization")
def instance_normalization(step: Step) -> list[Reads]:
    """Over the spatial axes."""
    return _normalised(step, range(2, len(step.shape())))


@operator("MeanVarianceNormalization")
def mean_variance_normalization(step: Step) -> list[Reads]:
    """Over the axes named, 0, 2 and 3 by default."""
    return _normalised(step, step.wholes("axes", [0, 2, 3]))


@operator("GroupNormalization")
def group_normalization(step: Step) -> list[Reads]:
    """Over the spatial axes and the channels of one group."""
    batch, channels, *lengths = step.shape()
    size = channels // step.whole("num_groups", 1)
    taps = []
    for offset, place in product(range(size), product(*(range(length) for length in lengths))):
        rows = [np.arange(batch), np.arange(channels) // size * size + offset]
        rows += [np.full(length, index) for length, index in zip(lengths, place, strict=True)]
        taps.append(crossed(step.shape(), rows))
    return [Reads(step.shape(), {0: [numbered(step.shape())]}, {0: taps})]


@operator("BatchNormalization")
def batch_normalization(step: Step) -> list[Reads]:
    """At inference elementwise; while training over all but the channels."""
    if step.whole("training_mode", 0) or step.outputs > 1:
        raise OracleLimitError("BatchNormalization: training mode")
    return [Reads(step.shape(), {0: [numbered(step.shape())]})]


def _einsum(shapes: Sequence[Shape], terms: Sequence[str], result: str) -> Reads:
    """Letters of the result are the output's axes, all others are summed over."""
    extents: dict[str, int] = {}
    for shape, term in zip(shapes, terms, strict=True):
        assert len(shape) == len(term), (shape, term)
        for extent, letter in zip(shape, term, strict=True):
            extents[letter] = max(extents.get(letter, 1), extent)
    summed = [letter for letter in extents if letter not in result]
    order = [*result, *summed]
    out: Shape = tuple(extents[letter] for letter in result)
    taps: dict[int, list[Integers]] = {}
    axes: dict[int, Mapping[int, int]] = {}
    for number, (shape, term) in enumerate(zip(shapes, terms, strict=True)):
        address = np.zeros([extents[letter] for letter in order], dtype=np.int64)
        for extent, letter in zip(shape, term, strict=True):
            index = np.arange(extents[letter]) if extent > 1 else np.zeros(extents[letter], dtype=np.int64)
            address = address * extent + index.reshape([-1 if letter == other else 1 for other in order])
        flat = address.reshape(*out, -1)
        taps[number] = [flat[..., tap] for tap in range(flat.shape[-1])]
        axes[number] = {axis: result.index(letter) for axis, letter in enumerate(term) if letter in result}
    return Reads(out, taps, axes=axes, spreads=True)


@operator("MatMul")
def matmul(step: Step) -> list[Reads]:
    """numpy.matmul: the last two axes are multiplied, those before broadcast."""
    left, right = len(step.shape(0)), len(step.shape(1))
    batch = "abcdefgh"[: max(left, right, 2) - 2]
    first = "k" if left == 1 else batch[len(batch) - left + 2 :] + "ik"
    second = "k" if right == 1 else batch[len(batch) - right + 2 :] + "kj"
    result = batch + ("i" if left > 1 else "") + ("j" if right > 1 else "")
    return [_einsum([step.shape(0), step.shape(1)], [first, second], result)]


@operator("Gemm")
def gemm(step: Step) -> list[Reads]:
    """A·B + C, where A and B may be transposed and C broadcasts."""
    found = _einsum(
        [step.shape(0), step.shape(1)],
        ["ki" if step.whole("transA", 0) else "ik", "jk" if step.whole("transB", 0) else "kj"],
        "ij",
    )
    if not step.given(2):
        return [found]
    taps = {**found.taps, 2: [np.broadcast_to(numbered(step.shape(2)), found.shape)]}
    return [Reads(found.shape, taps, axes=found.axes, spreads=True)]


@operator("Einsum")
def einsum(step: Step) -> list[Reads]:
    """Equations with one letter per axis; without `->` the letters that occur once, in order."""
    equation = step.word("equation", "").replace(" ", "")
    if "." in equation:
        raise OracleLimitError("Einsum: an ellipsis")
    left, arrow, result = equation.partition("->")
    terms = left.split(",")
    if not arrow:
        result = "".join(sorted(letter for letter in set(left) if letter != "," and left.count(letter) == 1))
    return [_einsum([step.shape(number) for number in range(len(terms))], terms, result)]


@operator("GRU", "LSTM", "RNN")
def recurrent(step: Step) -> list[Reads]:
    """Along the first axis: a forward layer reads all that came before, a reverse one all that comes after."""
    if step.whole("layout", 0) or any(step.given(number) for number in range(4, len(step.inputs))):
        raise OracleLimitError(f"{step.op}: a layout or an initial state")
    length, batch, features = step.shape()
    hidden = step.whole("hidden_size", 0)
    sides = {"forward": [1], "reverse": [-1], "bidirectional": [1, -1]}[step.word("direction", "forward")]
    taps = []
    for distance, feature in product(range(length), range(features)):
        for place, sign in enumerate(sides):
            picked = np.arange(length) - sign * distance
            time = np.where((picked >= 0) & (picked < length), picked, -1)
            own = np.where(np.arange(len(sides)) == place, 0, -1)
            rows = [np.maximum(time, 0), np.arange(batch), np.full(hidden, feature)]
            address = crossed(step.shape(), rows)[:, None]  # length, side, batch, hidden
            nothing = (time < 0)[:, None, None, None] | (own < 0)[None, :, None, None]
            taps.append(np.where(nothing, -1, address))
    if step.outputs > 1:
        raise OracleLimitError(f"{step.op}: the last state")
    return [Reads(taps[0].shape, {0: taps}, axes={0: {0: 0, 1: 2}})]


@operator("CumSum")
def cumsum(step: Step) -> list[Reads]:
    """Everything before an index and, unless exclusive, the index itself; after it in reverse."""
    shape = step.shape()
    axis = int(step.constant(1).reshape(())) % len(shape)
    exclusive, reverse = step.whole("exclusive", 0), step.whole("reverse", 0)
    taps = []
    for distance in range(exclusive, shape[axis]):
        rows = [np.arange(extent) for extent in shape]
        picked = rows[axis] + (distance if reverse else -distance)
        rows[axis] = np.where((picked >= 0) & (picked < shape[axis]), picked, -1)
        taps.append(crossed(shape, rows))
    return [Reads(shape, {0: taps or [np.full(shape, -1)]})]
