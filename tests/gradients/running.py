"""Gradients of a small model by its reverse graph, and by moving one element of its input at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray

from strideinspect.gradients.bundle import bundled
from strideinspect.gradients.engine import Engine, Measured, TargetCell
from strideinspect.model.inference import infer
from strideinspect.model.load import load
from strideinspect.model.network import prepare
from tests.oracle_runtime import declared_shape, session_of

Image = NDArray[np.float32]


def reversed_at(path: Path, x: Image, cell: TargetCell, target: str = "y") -> Measured:
    """The gradient of one cell of the target by the reverse graph, with its check."""
    network = prepare(load(path))
    shapes = infer(network, dict.fromkeys(network.inputs, x.shape))
    source = next(iter(network.inputs))
    return Engine(bundled(shapes, target, [source], 0)).measure({source: x}, cell, 0, checked=True)


def moved_at(path: Path, x: Image, cell: TargetCell, step: float) -> NDArray[np.float64]:
    """The same by onnxruntime's output for every element of the input moved up and down."""
    model = onnx.load(path)
    model.ir_version = max(8, model.ir_version)
    session = session_of(model)
    name = model.graph.input[0].name
    place: list[int | slice] = [0 if axis == 0 else slice(None) for axis in range(8)]
    found = np.zeros(x.shape)
    for element in np.ndindex(x.shape):
        ends = []
        for sign in (1, -1):
            bumped = x.copy()
            bumped[element] += np.float32(sign * step)
            (y,) = session.run(["y"], {name: bumped})
            for axis, index in zip(cell.axes, cell.indices, strict=True):
                place[axis] = index
            ends.append(float(y[tuple(place[: y.ndim])].astype(np.float64).sum()))
        found[element] = (ends[0] - ends[1]) / (2 * step)
    return found


def shape_of(path: Path) -> tuple[int, ...]:
    """The declared shape of the only input."""
    return declared_shape(onnx.load(path).graph.input[0])
