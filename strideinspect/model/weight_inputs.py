"""Which inputs of each operator are learned weights, and how they are multiplied.

Running means and variances of a batch normalisation, scales and zero points of quantised values, and sizes are no
weights. Source: the ONNX standard's operators; onnxruntime's schemas of its own domain.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from strideinspect.model.convolution_inputs import CONVOLUTION_INPUTS

Key = tuple[str, str]
"""Domain and operator."""

MATRIX_PRODUCTS: Final[Mapping[Key, int]] = {
    ("", "MatMul"): 1,
    ("", "Gemm"): 1,
    ("", "MatMulInteger"): 1,
    ("", "QLinearMatMul"): 3,
    ("com.microsoft", "FusedMatMul"): 1,
    ("com.microsoft", "FusedGemm"): 1,
    ("com.microsoft", "MatMulIntegerToFloat"): 1,
    ("com.microsoft", "DynamicQuantizeMatMul"): 1,
    ("com.microsoft", "QGemm"): 3,
    ("com.microsoft", "Attention"): 1,
    ("com.microsoft", "QAttention"): 1,
}
"""The input that holds the matrix; each of its weights is used once per row of the other operand."""

RECURRENT: Final[frozenset[Key]] = frozenset(
    {("", "RNN"), ("", "GRU"), ("", "LSTM"), ("com.microsoft", "DynamicQuantizeLSTM")}
)
"""Inputs 1 and 2 hold matrices, each used once per time step."""

_OTHERS: Final[Mapping[Key, tuple[int, ...]]] = {
    ("", "Gemm"): (1, 2),
    ("", "MatMul"): (0, 1),
    ("", "RNN"): (1, 2, 3),
    ("", "GRU"): (1, 2, 3),
    ("", "LSTM"): (1, 2, 3, 7),
    ("", "BatchNormalization"): (1, 2),
    ("", "InstanceNormalization"): (1, 2),
    ("", "LayerNormalization"): (1, 2),
    ("", "GroupNormalization"): (1, 2),
    ("", "RMSNormalization"): (1,),
    ("", "PRelu"): (1,),
    ("", "Add"): (0, 1),
    ("", "Mul"): (0, 1),
    ("", "Gather"): (0,),
    ("", "Einsum"): (0, 1, 2),
    ("", "DeformConv"): (1, 3),
    ("com.microsoft", "FusedMatMul"): (0, 1),
    ("com.microsoft", "FusedGemm"): (1, 2),
    ("com.microsoft", "Attention"): (1, 2),
    ("com.microsoft", "QAttention"): (1, 2),
    ("com.microsoft", "DynamicQuantizeLSTM"): (1, 2, 3, 7),
    ("com.microsoft", "MatMulIntegerToFloat"): (1, 6),
    ("com.microsoft", "DynamicQuantizeMatMul"): (1, 4),
    ("com.microsoft", "QGemm"): (3, 6),
    ("com.microsoft", "BiasGelu"): (1,),
    ("com.microsoft", "FastGelu"): (1,),
    ("com.microsoft", "BiasAdd"): (1,),
    ("com.microsoft", "SkipLayerNormalization"): (2, 3, 4),
    ("com.microsoft", "GroupNorm"): (1, 2),
}


@lru_cache(maxsize=256)
def weight_inputs(domain: str, op: str) -> tuple[int, ...]:
    """Indices of the inputs that hold weights and biases; empty for an operator without any."""
    convolution = CONVOLUTION_INPUTS.get((domain, op))
    if convolution is not None:
        return tuple(i for i in (convolution.weight, convolution.bias) if i is not None)
    if (domain, op) in _OTHERS:
        return _OTHERS[domain, op]
    return (MATRIX_PRODUCTS[domain, op],) if (domain, op) in MATRIX_PRODUCTS else ()
