"""Random weights for a file without its own, of a size that keeps values finite through many layers."""

from __future__ import annotations

import zlib
from math import prod, sqrt
from pathlib import Path

import numpy as np
import onnx
from onnx import helper

from strideinspect.verify.stored_tensors import is_external


def randomise(tensor: onnx.TensorProto, folder: Path) -> bool:
    """Replace the values of a tensor whose file is missing, the same in every run; whether that was the case.

    Matrices and kernels keep the variance of what they are applied to (He et al., 2015); vectors are near 1, since
    they may be variances.
    """
    location = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
    if not is_external(tensor) or (folder / location).exists():
        return False
    dtype = helper.tensor_dtype_to_np_dtype(tensor.data_type)
    shape = tuple(tensor.dims)
    random = np.random.default_rng(zlib.crc32(tensor.name.encode()))
    values: np.ndarray
    if dtype.kind in "iu":
        values = random.integers(-3 if dtype.kind == "i" else 0, 4, shape)
    elif len(shape) > 1:
        values = random.normal(scale=sqrt(2 / max(1, prod(shape[1:]))), size=shape)
    else:
        values = random.uniform(0.5, 1.5, shape)
    data = values.astype(dtype).tobytes()
    fresh = onnx.TensorProto(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims, raw_data=data)
    tensor.CopyFrom(fresh)
    return True
