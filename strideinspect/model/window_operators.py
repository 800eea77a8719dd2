"""The operators that slide a window, and the kind of each."""

from __future__ import annotations

from msgspec import Struct

from strideinspect.model.geometry import Kind


class WindowOperator(Struct, frozen=True):
    """The kind of window; `channels_last` where the channels are always the last axis, whatever the attribute."""

    kind: Kind
    channels_last: bool = False


_POOLS = ("MaxPool", "AveragePool", "LpPool")
_GLOBAL_POOLS = ("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool")

WINDOW_OPERATORS: dict[tuple[str, str], WindowOperator] = {
    **{("", op): WindowOperator(Kind.CONVOLUTION) for op in ("Conv", "ConvInteger", "QLinearConv")},
    ("", "ConvTranspose"): WindowOperator(Kind.TRANSPOSED),
    **{("", op): WindowOperator(Kind.POOL) for op in _POOLS},
    **{("", op): WindowOperator(Kind.GLOBAL) for op in _GLOBAL_POOLS},
    ("com.microsoft", "QLinearConv"): WindowOperator(Kind.CONVOLUTION),
    ("com.microsoft", "FusedConv"): WindowOperator(Kind.CONVOLUTION),
    ("com.microsoft", "NhwcFusedConv"): WindowOperator(Kind.CONVOLUTION, channels_last=True),
    ("com.microsoft", "NhwcConv"): WindowOperator(Kind.CONVOLUTION, channels_last=True),
    ("com.microsoft", "ConvTransposeWithDynamicPads"): WindowOperator(Kind.TRANSPOSED),
    ("com.microsoft", "NhwcMaxPool"): WindowOperator(Kind.POOL, channels_last=True),
    ("com.microsoft", "MaxpoolWithMask"): WindowOperator(Kind.POOL),
    ("com.microsoft", "QLinearAveragePool"): WindowOperator(Kind.POOL),
    ("com.microsoft", "QLinearGlobalAveragePool"): WindowOperator(Kind.GLOBAL),
    # Written by onnxruntime when it saves an optimised model: channels in blocks (the shapes are the same), or last.
    ("com.microsoft.nchwc", "Conv"): WindowOperator(Kind.CONVOLUTION),
    **{("com.microsoft.nchwc", op): WindowOperator(Kind.POOL) for op in ("MaxPool", "AveragePool")},
    **{("com.microsoft.nchwc", op): WindowOperator(Kind.GLOBAL) for op in ("GlobalMaxPool", "GlobalAveragePool")},
    ("com.ms.internal.nhwc", "Conv"): WindowOperator(Kind.CONVOLUTION, channels_last=True),
    ("com.ms.internal.nhwc", "QLinearConv"): WindowOperator(Kind.CONVOLUTION, channels_last=True),
    ("com.ms.internal.nhwc", "ConvTranspose"): WindowOperator(Kind.TRANSPOSED, channels_last=True),
    **{
        ("com.ms.internal.nhwc", op): WindowOperator(Kind.POOL, channels_last=True)
        for op in (*_POOLS, "QLinearAveragePool")
    },
    **{("com.ms.internal.nhwc", op): WindowOperator(Kind.GLOBAL, channels_last=True) for op in _GLOBAL_POOLS},
}
"""Every window operator by (domain, operator)."""
