"""Which input of each convolution operator is which. The data are always input 0.

Source: ONNX Conv, ConvInteger, QLinearConv, ConvTranspose; onnxruntime's schemas of its own domains.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct


class ConvolutionInputs(Struct, frozen=True):
    """Positions of the inputs; None where the operator has no such input.

    `bias` has one entry per output channel, `summand` has the shape of the output and is added to it, `zero_point` is
    that of the data.
    """

    weight: int
    bias: int | None = None
    summand: int | None = None
    zero_point: int | None = None


CONVOLUTION_INPUTS: Final[Mapping[tuple[str, str], ConvolutionInputs]] = {
    ("", "Conv"): ConvolutionInputs(weight=1, bias=2),
    ("", "ConvInteger"): ConvolutionInputs(weight=1, zero_point=2),
    ("", "QLinearConv"): ConvolutionInputs(weight=3, bias=8),
    ("", "ConvTranspose"): ConvolutionInputs(weight=1, bias=2),
    ("com.microsoft", "QLinearConv"): ConvolutionInputs(weight=3, bias=8),
    ("com.microsoft", "FusedConv"): ConvolutionInputs(weight=1, bias=2, summand=3),
    ("com.microsoft", "NhwcFusedConv"): ConvolutionInputs(weight=1, bias=2, summand=3),
    ("com.microsoft", "NhwcConv"): ConvolutionInputs(weight=1, bias=2),
    ("com.microsoft", "ConvTransposeWithDynamicPads"): ConvolutionInputs(weight=1, bias=3),
    ("com.microsoft.nchwc", "Conv"): ConvolutionInputs(weight=1, bias=2, summand=3),
    ("com.ms.internal.nhwc", "Conv"): ConvolutionInputs(weight=1, bias=2),
    ("com.ms.internal.nhwc", "QLinearConv"): ConvolutionInputs(weight=3, bias=8),
    ("com.ms.internal.nhwc", "ConvTranspose"): ConvolutionInputs(weight=1, bias=2),
}
"""By (domain, operator)."""
