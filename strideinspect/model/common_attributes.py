"""Attributes of the operators that nearly every network has, with the opset from which each is allowed.

The ONNX library knows them all, but registers every schema at the first question: 20 ms and 10 MiB. A test holds this
table against the library. Source: ONNX operator changelog, https://onnx.ai/onnx/operators/.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

_WINDOW = {"auto_pad": 1, "kernel_shape": 1, "pads": 1, "strides": 1}

_STATES = {"activations": 1, "clip": 1, "direction": 1, "hidden_size": 1, "layout": 14}
_REDUCTION = {"keepdims": 1, "noop_with_empty_axes": 18}

SINCE: dict[str, dict[str, int]] = {
    "ArgMax": {"axis": 1, "keepdims": 1, "select_last_index": 12},
    "AveragePool": {**_WINDOW, "count_include_pad": 7, "ceil_mode": 10, "dilations": 19},
    "BatchNormalization": {"epsilon": 1, "momentum": 1, "training_mode": 14},
    "Cast": {"to": 1, "saturate": 19},
    "Concat": {"axis": 1},
    "Constant": {"value": 1, "value_float": 12, "value_floats": 12, "value_int": 12, "value_ints": 12},
    "ConstantOfShape": {"value": 9},
    "Conv": {**_WINDOW, "dilations": 1, "group": 1},
    "ConvTranspose": {**_WINDOW, "dilations": 1, "group": 1, "output_padding": 1, "output_shape": 1},
    "DepthToSpace": {"blocksize": 1, "mode": 11},
    "Einsum": {"equation": 12},
    "Elu": {"alpha": 1},
    "Flatten": {"axis": 1},
    "GRU": {**_STATES, "linear_before_reset": 3},
    "Gather": {"axis": 1},
    "Gelu": {"approximate": 20},
    "Gemm": {"alpha": 1, "beta": 1, "transA": 1, "transB": 1},
    "GridSample": {"align_corners": 16, "mode": 16, "padding_mode": 16},
    "GroupNormalization": {"epsilon": 18, "num_groups": 18, "stash_type": 21},
    "HardSigmoid": {"alpha": 1, "beta": 1},
    "InstanceNormalization": {"epsilon": 1},
    "LSTM": {**_STATES, "input_forget": 1},
    "LayerNormalization": {"axis": 17, "epsilon": 17, "stash_type": 17},
    "LeakyRelu": {"alpha": 1},
    "LogSoftmax": {"axis": 1},
    "MaxPool": {**_WINDOW, "storage_order": 8, "ceil_mode": 10, "dilations": 10},
    "Pad": {"mode": 1},
    "QLinearConv": {**dict.fromkeys(_WINDOW, 10), "dilations": 10, "group": 10},
    "ReduceL2": _REDUCTION,
    "ReduceMax": _REDUCTION,
    "ReduceMean": _REDUCTION,
    "ReduceSum": {"keepdims": 1, "noop_with_empty_axes": 13},
    "Reshape": {"allowzero": 14},
    "Resize": {
        "mode": 10,
        **dict.fromkeys(("coordinate_transformation_mode", "cubic_coeff_a", "nearest_mode"), 11),
        **dict.fromkeys(("exclude_outside", "extrapolation_value"), 11),
        **dict.fromkeys(("antialias", "axes", "keep_aspect_ratio_policy"), 18),
    },
    "ScatterND": {"reduction": 16},
    "Shape": {"end": 15, "start": 15},
    "Softmax": {"axis": 1},
    "SpaceToDepth": {"blocksize": 1},
    "Split": {"axis": 1, "num_outputs": 18},
    "TopK": {"axis": 1, "largest": 11, "sorted": 11},
    "Transpose": {"perm": 1},
    "Trilu": {"upper": 14},
}


def are_allowed(op: str, version: int, attributes: Collection[str]) -> bool:
    """Whether this table allows all of these attributes in an opset; False also where it does not say."""
    return _are_allowed(op, version, tuple(attributes))


@lru_cache(maxsize=256)  # nodes of one operator mostly have the same attributes
def _are_allowed(op: str, version: int, attributes: tuple[str, ...]) -> bool:
    since = SINCE.get(op, {})
    return all(name in since and since[name] <= version for name in attributes)
