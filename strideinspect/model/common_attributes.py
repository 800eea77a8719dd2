"""Attributes of the operators that nearly every network has, with the opset from which each is allowed.

The ONNX library knows them all, but registers every schema at the first question: 20 ms and 10 MiB. A test holds this
table against the library. Source: ONNX operator changelog, https://onnx.ai/onnx/operators/.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

_WINDOW = {"auto_pad": 1, "kernel_shape": 1, "pads": 1, "strides": 1}

SINCE: dict[str, dict[str, int]] = {
    "AveragePool": {**_WINDOW, "count_include_pad": 7, "ceil_mode": 10, "dilations": 19},
    "BatchNormalization": {"epsilon": 1, "momentum": 1},
    "Concat": {"axis": 1},
    "Constant": {"value": 1, "value_float": 12, "value_floats": 12, "value_int": 12, "value_ints": 12},
    "Conv": {**_WINDOW, "dilations": 1, "group": 1},
    "Flatten": {"axis": 1},
    "Gemm": {"alpha": 1, "beta": 1, "transA": 1, "transB": 1},
    "MaxPool": {**_WINDOW, "storage_order": 8, "ceil_mode": 10, "dilations": 10},
    "ReduceMean": {"keepdims": 1},
    "Resize": {"mode": 10, "coordinate_transformation_mode": 11, "cubic_coeff_a": 11, "nearest_mode": 11},
    "Transpose": {"perm": 1},
}


def are_allowed(op: str, version: int, attributes: Collection[str]) -> bool:
    """Whether this table allows all of these attributes in an opset; False also where it does not say."""
    return _are_allowed(op, version, tuple(attributes))


@lru_cache(maxsize=256)  # nodes of one operator mostly have the same attributes
def _are_allowed(op: str, version: int, attributes: tuple[str, ...]) -> bool:
    since = SINCE.get(op, {})
    return all(name in since and since[name] <= version for name in attributes)
