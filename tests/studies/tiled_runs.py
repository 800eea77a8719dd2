"""Tiles against the whole, run by onnxruntime: where a tile begins and what of it is kept is worked out here anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import onnx
import onnxruntime

from strideinspect.results.tile_parts import TiledAxis
from tests.oracle_sets import Shape

Array = np.ndarray


class Sides(NamedTuple):
    """The largest difference from the whole: of the cells that are kept, and of the one before and behind them."""

    kept: float
    before: float
    after: float


def session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    """The model with open sizes."""
    opened = onnx.ModelProto()
    opened.CopyFrom(model)
    for entry in (*opened.graph.input, *opened.graph.output):
        for dim in entry.type.tensor_type.shape.dim:
            dim.ClearField("dim_value")
    for entry in opened.graph.output:
        entry.type.tensor_type.ClearField("shape")
    del opened.graph.value_info[:]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(opened.SerializeToString(), options, providers=["CPUExecutionProvider"])


def random_input(shape: Shape, seed: int) -> Array:
    """Positive random numbers, so that no activation hides a dependence."""
    return np.random.default_rng(seed).uniform(0.5, 2.0, shape).astype(np.float32)


def tile_and_whole(
    model: onnx.ModelProto, output: str, axis: TiledAxis, shape: Shape, size: int, advance: int, seed: int = 0
) -> Sides:
    """Cut one axis into tiles of a size, and compare each with the whole, whose shape is given."""
    run = session(model)
    x = random_input(shape, seed)
    (whole,) = run.run([output], {axis.input: x})
    kept = before = after = 0.0
    length = shape[axis.axis]
    for start in range(0, length - size + 1, advance):
        part = np.ascontiguousarray(np.take(x, range(start, start + size), axis.axis))
        (tile,) = run.run([output], {axis.input: part})
        place = start * axis.scale
        assert place.denominator == 1
        there = np.take(whole, range(int(place), int(place) + tile.shape[axis.node_axis]), axis.node_axis)
        apart = np.abs(tile.astype(np.float64) - there)
        apart = apart.max(axis=tuple(i for i in range(apart.ndim) if i != axis.node_axis))
        first = axis.crop[0] if start else 0
        last = len(apart) - (axis.crop[1] if start + size < length else 0)
        kept = max(kept, float(apart[first:last].max(initial=0)))
        before = max(before, float(apart[first - 1])) if first else before
        after = max(after, float(apart[last])) if last < len(apart) else after
    return Sides(kept, before, after)


def reached(model: onnx.ModelProto, output: str, shape: Shape, axis: int, changed: range, seed: int) -> Iterator[Array]:
    """The cells of an output, along its axis of the same number, that move if these pixels take other values."""
    run = session(model)
    x = random_input(shape, seed)
    moved = x.copy()
    index = [slice(None)] * x.ndim
    index[axis] = slice(changed.start, changed.stop)
    moved[tuple(index)] = random_input(moved[tuple(index)].shape, seed + 1000)
    name = run.get_inputs()[0].name
    (one,), (other,) = run.run([output], {name: x}), run.run([output], {name: moved})
    apart = one != other
    yield apart.any(axis=tuple(i for i in range(apart.ndim) if i != axis))
