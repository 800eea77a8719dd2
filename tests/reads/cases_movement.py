"""Operators that move data: padding, slicing, picking, repeating, shuffling, splitting."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from tests.reads.running import Case, integers, zeros


def cases() -> Iterator[Case]:
    """Every case; all of them are linear, so that one pass from zero tells everything."""
    yield from _pads()
    yield from _slices()
    yield from _gathers()
    yield from _elements()
    yield from _shuffles()
    yield from _splits()
    yield from _others()


def _pads() -> Iterator[Case]:
    amounts = [(0, 1, 0, 2), (0, -1, 0, 2), (1, 2, 0, -2), (0, -2, 0, -1), (0, 0, -1, 0), (0, 4, 0, 4), (1, -1, 2, 3)]
    for mode, pads, opset in itertools.product(("constant", "reflect", "edge", "wrap"), amounts, (10, 13, 21)):
        if (mode == "wrap" and opset < 19) or (mode == "reflect" and opset < 18 and max(pads) > 2):
            continue
        if opset < 11:
            yield Case("Pad", zeros(x=(3, 5)), {}, {"mode": mode, "pads": pads}, opset, linear=True)
        else:
            yield Case("Pad", zeros(x=(3, 5)), integers(p=pads), {"mode": mode}, opset, linear=True)
    for mode in ("constant", "edge", "reflect"):
        constants = {**integers(p=[1, 2]), "v": np.array(0, np.float32), **integers(axes=[-1])}
        yield Case("Pad", zeros(x=(2, 4)), constants, {"mode": mode}, linear=True)
        constants = {**integers(p=[1, 0, -1, 2]), **integers(axes=[2, 0])}
        yield Case("Pad", zeros(x=(2, 2, 4)), constants, {"mode": mode}, order=("x", "p", "", "axes"), linear=True)


def _slices() -> Iterator[Case]:
    ends = (-100, -7, -3, -1, 0, 1, 4, 6, 7, 100)
    for start, end, step in itertools.product(ends, ends, (1, 2, 3, -1, -2, -5)):
        yield Case("Slice", zeros(x=(7,)), integers(s=[start], e=[end], a=[0], t=[step]), linear=True)
    yield Case("Slice", zeros(x=(3, 6)), integers(s=[1, -1], e=[3, -9], a=[0, -1], t=[1, -2]), linear=True)
    yield Case("Slice", zeros(x=(3, 6)), integers(s=[1, 1], e=[3, 5]), linear=True)
    yield Case("Slice", zeros(x=(3, 6)), {}, {"starts": [-2], "ends": [100], "axes": [1]}, 9, linear=True)


def _gathers() -> Iterator[Case]:
    for axis, indices in itertools.product(
        (0, 1, -1), ([0], [1], [-1], [2, 0, 0], [0, 1, 2], [2, 1, 0], [[0, 2], [1, 1]])
    ):
        yield Case("Gather", zeros(x=(3, 4, 3)), integers(i=indices), {"axis": axis}, linear=True)
    yield Case("Gather", zeros(x=(3, 4)), {"i": np.array(-2, np.int64)}, {"axis": 1}, linear=True)


def _elements() -> Iterator[Case]:
    random = np.random.default_rng(1)
    for axis in (0, 1, -1):
        chosen = random.integers(-2, 2, (2, 3))
        yield Case("GatherElements", zeros(x=(2, 3)), integers(i=chosen), {"axis": axis}, linear=True)
        yield Case(
            "ScatterElements", zeros(x=(3, 4), u=(2, 3)), integers(i=np.argsort(random.random((2, 3)), axis=0)),
            {"axis": 0}, order=("x", "i", "u"), linear=True,
        )  # fmt: skip
    table: list[list[int]]
    for reduction in ("none", "add"):
        table = [[0, 0], [2, 1], [1, 3]] if reduction == "none" else [[0, 0], [2, 1], [2, 1]]
        yield Case(
            "ScatterND", zeros(x=(3, 4), u=(3,)), integers(i=table), {"reduction": reduction},
            18, order=("x", "i", "u"), linear=True,
        )  # fmt: skip
        yield Case(
            "ScatterND", zeros(x=(3, 4), u=(2, 4)), integers(i=[[2], [0 if reduction == "none" else 2]]),
            {"reduction": reduction}, 18, order=("x", "i", "u"), linear=True,
        )  # fmt: skip
        table = [[0, 2, 1]] if reduction == "none" else [[0, 2, 2]]
        yield Case(
            "ScatterElements", zeros(x=(2, 4), u=(1, 3)), integers(i=table), {"axis": -1, "reduction": reduction},
            18, order=("x", "i", "u"), linear=True,
        )  # fmt: skip
    yield from _blocks()
    yield Case("GatherND", zeros(x=(3, 4)), integers(i=[[0, 1], [2, -1]]), linear=True)
    yield Case("GatherND", zeros(x=(3, 4, 2)), integers(i=[[[0, 1]], [[2, 3]]]), linear=True)
    grid = np.stack(np.meshgrid([2, 0], [0, 2], indexing="ij"), axis=-1)
    yield Case("GatherND", zeros(x=(3, 4, 2)), integers(i=grid), linear=True)
    yield Case("GatherElements", zeros(x=(2, 3)), integers(i=[[2, 1, 0], [2, 1, 0]]), {"axis": 1}, linear=True)
    yield Case("GatherND", zeros(x=(2, 4, 3)), integers(i=[[1], [3]]), {"batch_dims": 1}, linear=True)


def _blocks() -> Iterator[Case]:
    """Indices as an exporter writes the assignment to `y[a:b, c:d]`: a grid of one range per axis."""
    ranges: list[list[list[int]]] = [
        [[0, 1, 2], [1, 2]], [[0, 1, 2], [0]], [[0, 1, 2], [-2, -1]], [[1], [0, 1, 2, 3]], [[0, 1, 2], [0, 1, 2, 3]],
        [[0, 1], [2, 3]], [[0, 1, 2], [0, 2]], [[0, 1, 2], [2, 1]], [[2], [3]], [[0, 1, 2], [1, 1]],
    ]  # fmt: skip
    for rows, columns in ranges:
        grid = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1)
        for index in (grid, grid.squeeze(), grid.transpose(1, 0, 2)):
            updates = zeros(u=(*index.shape[:-1], 2))
            inputs = {**zeros(x=(3, 4, 2)), **updates}
            yield Case("ScatterND", inputs, integers(i=index), order=("x", "i", "u"), linear=True)
            given = {**zeros(x=(3, 4, 2)), **integers(i=index)}
            yield Case("ScatterND", updates, given, order=("x", "i", "u"), linear=True)
    grid = np.stack(np.meshgrid([0, 1, 2], [1, 2], indexing="ij"), axis=-1)
    yield Case(
        "ScatterND", zeros(x=(3, 4), u=(3, 2)), integers(i=grid), {"reduction": "add"}, 18,
        order=("x", "i", "u"), linear=True,
    )  # fmt: skip
    whole = integers(i=np.arange(3)[:, None])
    yield Case("ScatterND", zeros(x=(3, 4), u=(3, 4)), whole, order=("x", "i", "u"), linear=True)


def _shuffles() -> Iterator[Case]:
    for mode in ("DCR", "CRD"):
        yield Case("DepthToSpace", zeros(x=(1, 8, 2, 3)), {}, {"blocksize": 2, "mode": mode}, linear=True)
    yield Case("DepthToSpace", zeros(x=(1, 9, 1, 2)), {}, {"blocksize": 3}, 9, linear=True)
    yield Case("SpaceToDepth", zeros(x=(1, 2, 4, 6)), {}, {"blocksize": 2}, linear=True)
    yield Case("SpaceToDepth", zeros(x=(2, 1, 3, 6)), {}, {"blocksize": 3}, linear=True)
    for perm in itertools.permutations(range(3)):
        yield Case("Transpose", zeros(x=(2, 3, 4)), {}, {"perm": perm}, linear=True)
    yield Case("Transpose", zeros(x=(2, 3, 4)), linear=True)
    for shape in ([4, 6], [0, -1], [2, 3, 2, 2], [24], [1, 4, 1, 6], [3, 8]):
        yield Case("Reshape", zeros(x=(4, 3, 2)), integers(s=shape), linear=True)
    yield Case("Flatten", zeros(x=(2, 3, 4)), {}, {"axis": 2}, linear=True)
    yield Case("Squeeze", zeros(x=(1, 3, 1, 4)), linear=True)
    yield Case("Unsqueeze", zeros(x=(3, 4)), integers(a=[0, -1]), linear=True)


def _splits() -> Iterator[Case]:
    yield Case("Split", zeros(x=(2, 7)), integers(s=[3, 1, 3]), {"axis": 1}, outputs=3, watched=(0, 1, 2), linear=True)
    yield Case("Split", zeros(x=(7, 2)), {}, {"axis": 0, "num_outputs": 3}, outputs=3, watched=(0, 1, 2), linear=True)
    yield Case("Split", zeros(x=(2, 6)), {}, {"axis": -1}, 11, outputs=2, watched=(0, 1), linear=True)
    yield Case("Split", zeros(x=(2, 6)), {}, {"axis": 1, "split": [1, 5]}, 11, outputs=2, watched=(0, 1), linear=True)


def _others() -> Iterator[Case]:
    yield Case("Tile", zeros(x=(2, 3)), integers(r=[2, 3]), linear=True)
    yield Case("Tile", zeros(x=(1, 3)), integers(r=[4, 1]), linear=True)
    yield Case("Tile", zeros(x=(1, 3, 1)), integers(r=[2, 2, 2]), linear=True)
    yield Case("Expand", zeros(x=(3, 1)), integers(s=[2, 1, 4]), linear=True)
    yield Case("Expand", zeros(x=(3, 4)), integers(s=[1, 1]), linear=True)
    yield Case("Concat", zeros(a=(2, 3), b=(2, 1), c=(2, 2)), {}, {"axis": -1}, linear=True)
    for exclusive, reverse, axis in itertools.product((0, 1), (0, 1), (0, 1, -1)):
        yield Case(
            "CumSum", zeros(x=(3, 5)), {"a": np.array(axis, np.int64)}, {"exclusive": exclusive, "reverse": reverse},
            linear=True,
        )  # fmt: skip
    for upper, k in itertools.product((0, 1), (-2, -1, 0, 1, 3, 9)):
        yield Case("Trilu", zeros(x=(2, 3, 4)), {"k": np.array(k, np.int64)}, {"upper": upper}, linear=True)
    yield Case("Trilu", zeros(x=(4, 3)), linear=True)
    for shape, axes in (([5, 2], None), ([2, 7], None), ([6], [1]), ([5, 3], [-1, 0])):
        attributes = {} if axes is None else {"axes": axes}
        yield Case("CenterCropPad", zeros(x=(4, 5)), integers(s=shape), attributes, linear=True)
    for attributes in (
        {"pads": [0, 0, 0, 0]}, {"strides": [2, 1]}, {"dilations": [1, 2]}, {"pads": [1, 0, 1, 1], "strides": [1, 2]},
    ):  # fmt: skip
        yield from _col2im(attributes)
    yield Case(
        "ReverseSequence", zeros(x=(4, 3)), integers(n=[4, 1, 3]), {"batch_axis": 1, "time_axis": 0}, linear=True
    )


def _col2im(attributes: dict[str, list[int]]) -> Iterator[Case]:
    image, block = (4, 5), (2, 2)
    pads = attributes.get("pads", [0] * 4)
    blocks = 1
    for i in range(2):
        dilation, stride = attributes.get("dilations", [1, 1])[i], attributes.get("strides", [1, 1])[i]
        blocks *= (image[i] + pads[i] + pads[i + 2] - dilation * (block[i] - 1) - 1) // stride + 1
    yield Case("Col2Im", zeros(x=(1, 2 * 4, blocks)), integers(i=image, b=block), attributes, linear=True, pairs=True)
