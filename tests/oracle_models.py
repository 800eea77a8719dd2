"""Small models for tests: ONNX text for the nodes, positive random numbers for the weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import onnx
import onnx.parser
from numpy.typing import NDArray

from tests.oracle_sets import Shape

Constant = Shape | list[int] | list[float] | NDArray[np.generic]
"""A shape (tuple) to be filled with positive random numbers, or the values themselves (list, array)."""


def weights(shape: Shape, seed: int = 0) -> NDArray[np.float32]:
    """Positive random numbers whose sum over all but the first axis is about 1, so that deep chains stay near 1."""
    scale = max(1, math.prod(shape[1:]))
    return ((np.random.default_rng(seed).random(shape) + 0.5) / scale).astype(np.float32)


def tensor(name: str, constant: Constant) -> onnx.TensorProto:
    """An initializer: floats for a shape or floats, int64 for integers."""
    if isinstance(constant, tuple):
        return onnx.numpy_helper.from_array(weights(constant), name)
    if isinstance(constant, list):
        whole = all(isinstance(value, int) for value in constant)
        return onnx.numpy_helper.from_array(np.array(constant, dtype=np.int64 if whole else np.float32), name)
    return onnx.numpy_helper.from_array(constant, name)


def model_of(
    body: str,
    inputs: Mapping[str, Shape],
    opset: int = 18,
    constants: Mapping[str, Constant] | None = None,
    outputs: Sequence[str] = ("y",),
) -> onnx.ModelProto:
    """A model of these nodes, written as ONNX text without braces; every input is float."""
    fed = ", ".join(f"float[{','.join(map(str, shape))}] {name}" for name, shape in inputs.items())
    made = ", ".join(f"float[] {name}" for name in outputs)
    parsed = onnx.parser.parse_model(f'<ir_version: 8, opset_import: ["": {opset}]> g ({fed}) => ({made}) {{ {body} }}')
    parsed.graph.initializer.extend(tensor(name, value) for name, value in (constants or {}).items())
    return parsed
