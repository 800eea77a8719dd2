"""Where indices lie, measured: the center of mass of what each index sees, with equal weights, run by onnxruntime."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import numpy_helper


def with_equal_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with kernels of equal positive weights that add up to 1, and averages in place of maxima."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for tensor in copy.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.ndim > 2:
            tensor.CopyFrom(numpy_helper.from_array(np.full_like(values, 1 / values[0].size), tensor.name))
    for node in copy.graph.node:
        if node.op_type == "MaxPool":
            node.op_type = "AveragePool"
    return copy


def centers(model: onnx.ModelProto, axis: int) -> NDArray[np.float64]:
    """Per index along the axis of the only output, in pixels of the only input along the same axis."""
    equal = with_equal_weights(model)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # constants that a model does not use are no news
    session = onnxruntime.InferenceSession(equal.SerializeToString(), options, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    ramp = np.arange(given.shape[axis], dtype=np.float32).reshape(
        [-1 if i == axis else 1 for i in range(len(given.shape))]
    )
    ones = np.ones(given.shape, dtype=np.float32)
    (weighted,), (mass,) = (session.run(None, {given.name: ones * values}) for values in (ramp, np.float32(1)))
    others = tuple(i for i in range(mass.ndim) if i != axis)
    along: NDArray[np.float64] = weighted.sum(others, dtype=np.float64) / mass.sum(others, dtype=np.float64)
    return along


def offset(model: onnx.ModelProto, axis: int, stride: Fraction, period: int) -> float:
    """How far the centers lie after (i + ½)·stride − ½, averaged over a period in the middle, clear of the borders."""
    measured = centers(model, axis)
    middle = (len(measured) - period) // 2
    index = np.arange(middle, middle + period)
    return float(np.mean(measured[index] - ((index + 0.5) * float(stride) - 0.5)))
