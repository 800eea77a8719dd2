"""Hypothesis strategies for one step of a graph: a family of operators each, with attributes that fit small maps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests import graph_rarer, graph_steps, graph_windows
from tests.graph_builder import Step

STEPS = (graph_steps, graph_rarer, graph_windows)  # importing them registers their emitters

Draw = Callable[[st.SearchStrategy[Any]], Any]


def _per_axis(draw: Draw, rank: int, low: int, high: int) -> list[int]:
    return [draw(st.integers(low, high)) for _ in range(rank)]


def _window(draw: Draw, rank: int, *, deepest: int = 3, kernels: int = 4) -> dict[str, Any]:
    """Attributes of a window; sizes small enough to fit odd little maps."""
    window: dict[str, Any] = {"kernel_shape": _per_axis(draw, rank, 1, kernels)}
    if draw(st.booleans()):
        window["strides"] = _per_axis(draw, rank, 1, 4)
    padding = draw(st.sampled_from(["none", "explicit", "explicit", "SAME_UPPER", "SAME_LOWER", "VALID"]))
    if padding == "explicit":
        most = [size - 1 for size in window["kernel_shape"]] * 2
        window["pads"] = [draw(st.integers(0, min(deepest, limit))) for limit in most]
    elif padding != "none":
        window["auto_pad"] = padding
    # onnxruntime refuses SAME with dilation (Conv), or leaves the standard (pools).
    if not padding.startswith("SAME") and draw(st.integers(0, 3)) == 0:
        window["dilations"] = _per_axis(draw, rank, 1, 3)
    return window


def _sane_same(window: dict[str, Any]) -> bool:
    """SAME with an extent under the stride is ambiguous: onnxruntime crops where the standard does not."""
    if not str(window.get("auto_pad", "")).startswith("SAME"):
        return True
    return all(
        size >= stride
        for size, stride in zip(window["kernel_shape"], window.get("strides", window["kernel_shape"]), strict=True)
    )


def _conv(draw: Draw, rank: int, opset: int) -> Step:
    del opset
    window = _window(draw, rank)
    if not _sane_same(window):
        del window["auto_pad"]
    kernel = window.pop("kernel_shape")
    group = draw(st.sampled_from(["dense", "dense", "two", "depthwise"]))
    channels = draw(st.sampled_from([2, 4]))
    return Step("conv", {"kernel": kernel, "channels": channels, "group": group, **window})


def _conv_transpose(draw: Draw, rank: int, opset: int) -> Step:
    del opset
    kernel, strides = _per_axis(draw, rank, 1, 4), _per_axis(draw, rank, 1, 3)
    window: dict[str, Any] = {"kernel": kernel, "strides": strides, "channels": draw(st.sampled_from([2, 4]))}
    form = draw(st.sampled_from(["plain", "plain", "pads", "pads", "same", "extra"]))
    if form == "pads":
        window["pads"] = [draw(st.integers(0, size - 1)) for size in kernel * 2]
        if draw(st.booleans()):
            window["dilations"] = _per_axis(draw, rank, 1, 2)
    elif form == "same" and all(size >= stride for size, stride in zip(kernel, strides, strict=True)):
        window["auto_pad"] = draw(st.sampled_from(["SAME_UPPER", "SAME_LOWER"]))
    elif form == "extra":
        window["output_padding"] = [draw(st.integers(0, stride - 1)) for stride in strides]
    return Step("conv_transpose", window)


def _pool(draw: Draw, rank: int, opset: int) -> Step:
    op = draw(st.sampled_from(["MaxPool", "MaxPool", "AveragePool", "AveragePool", "LpPool"]))
    window = _window(draw, rank)
    if not _sane_same(window):
        del window["auto_pad"]
    since = {"MaxPool": 10, "AveragePool": 19, "LpPool": 18}[op]
    if opset < since:
        window.pop("dilations", None)
    since = {"MaxPool": 10, "AveragePool": 10, "LpPool": 18}[op]
    # With auto_pad and ceil_mode runtimes part; ceil_mode is drawn with explicit or no pads.
    if opset >= since and "auto_pad" not in window and draw(st.booleans()):
        window["ceil_mode"] = 1
    if op == "AveragePool" and draw(st.booleans()):
        window["count_include_pad"] = 1
    return Step("pool", {"op": op, **window})


def _global(draw: Draw, rank: int, opset: int) -> Step:
    del rank, opset
    return Step("global_pool", {"op": draw(st.sampled_from(["GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"]))})


def _pointwise(draw: Draw, rank: int, opset: int) -> Step:
    del rank, opset
    return Step("pointwise", {"op": draw(st.sampled_from(["Relu", "LeakyRelu", "BatchNormalization", "Add", "Abs"]))})


def _pad(draw: Draw, rank: int, opset: int) -> Step:
    modes = ["constant", "constant", "reflect", "edge", *(["wrap"] if opset >= 19 else [])]
    mode = draw(st.sampled_from(modes))
    # Cutting and repeating at once is described by nobody.
    return Step("pad", {"mode": mode, "pads": _per_axis(draw, 2 * rank, -2 if mode == "constant" else 0, 3)})


def _crop(draw: Draw, rank: int, opset: int) -> Step:
    del opset
    ends = [draw(st.sampled_from([-3, -2, -1, 2**31])) for _ in range(rank)]
    steps = [draw(st.sampled_from([1, 1, 2, 3, -1, -2])) for _ in range(rank)]
    return Step("crop", {"starts": _per_axis(draw, rank, 0, 3), "ends": ends, "steps": steps})


def _resize(draw: Draw, rank: int, opset: int) -> Step:
    modes = ["nearest", "linear", "cubic"] if rank == 2 else ["nearest", "linear"]
    names = ["half_pixel", "pytorch_half_pixel", "asymmetric", "align_corners"]
    names += ["half_pixel_symmetric"] if opset >= 19 else []
    return Step(
        "resize",
        {
            "scales": [draw(st.sampled_from([0.5, 1.5, 2.0, 2.5, 3.0, 4.0])) for _ in range(rank)],
            "mode": draw(st.sampled_from(modes)),
            "coordinates": draw(st.sampled_from(names)),
            "nearest": draw(st.sampled_from(["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"])),
            "by_size": draw(st.booleans()),
        },
    )


def _moved(draw: Draw, rank: int, opset: int) -> Step:
    del opset
    steps = [
        Step("shuffle", {"factor": 2, "up": draw(st.booleans())}),
        Step("gather", {"stride": draw(st.sampled_from([1, 2, 3, -1])), "axis": draw(st.integers(1, 1 + rank))}),
        Step("repeat", {"times": draw(st.integers(2, 3))}),
        Step("channels_last", {}),
        Step("swap_spatial", {}),
        Step(
            "block",
            {
                "op": draw(st.sampled_from(["DepthToSpace", "SpaceToDepth"])),
                "size": 2,
                "mode": draw(st.sampled_from(["DCR", "CRD"])),
            },
        ),
    ]
    return draw(st.sampled_from(steps))  # type: ignore[no-any-return]


def _spread(draw: Draw, rank: int, opset: int) -> Step:
    del opset
    norms = ["Softmax", "InstanceNormalization", "LayerNormalization", "LpNormalization"]
    steps = [
        Step("gate", {"op": draw(st.sampled_from(["GlobalAveragePool", "ReduceMean"]))}),
        Step("normalise", {"op": draw(st.sampled_from(norms)), "axis": draw(st.integers(1, 1 + rank))}),
        Step("prefix", {"reverse": draw(st.integers(0, 1)), "exclusive": draw(st.integers(0, 1))}),
        Step("mix", {}),
    ]
    return draw(st.sampled_from(steps))  # type: ignore[no-any-return]


def _rarer(draw: Draw, rank: int, opset: int) -> Step:
    del opset
    steps = [
        Step("computed_crop", {"start": draw(st.integers(0, 2)), "less": draw(st.integers(0, 2))}),
        Step(
            "computed_resize", {"factor": draw(st.integers(2, 3)), "mode": draw(st.sampled_from(["nearest", "linear"]))}
        ),
        Step("expanded", {"times": draw(st.integers(2, 3))}),
        Step("channel_norm", {"op": "LRN" if rank == 2 else "GroupNormalization"}),
        Step("recurrent", {"direction": draw(st.sampled_from(["forward", "reverse", "bidirectional"]))}),
        Step("dense", {}),
        Step("adaptive_pool", {"count": draw(st.integers(2, 7))}),
        Step("adaptive_pool", {"count": draw(st.integers(2, 7))}),
        Step("second_input", {"merge": draw(st.sampled_from(["Add", "Mul", "Concat"]))}),
        Step("depthwise_by_input", {}),
    ]
    return draw(st.sampled_from(steps))  # type: ignore[no-any-return]


def _digits(draw: Draw, rank: int, opset: int) -> Step:
    del opset
    steps = [
        Step("tokens", {}),
        Step("mixed_channels", {"groups": 2}),
        Step("windows", {"size": draw(st.integers(2, 4)), "attends": draw(st.booleans())}),
        Step("windows", {"size": draw(st.integers(2, 4)), "attends": True}),
        Step("rolled", {"by": draw(st.integers(1, 3)), "back": draw(st.booleans())}),
        Step("circular", {"before": draw(st.integers(0, 3)), "after": draw(st.integers(0, 3))}),
        Step(
            "part_reduced",
            {"factor": draw(st.integers(2, 4)), "major": draw(st.booleans()), "pools": draw(st.booleans())},
        ),
        Step("side_by_side", {"factor": 2}),
        Step(
            "partitioned",
            {"size": draw(st.integers(2, 3)), "grid": draw(st.booleans()), "attends": draw(st.booleans())},
        ),
        Step(
            "rearranged",
            {
                "factors": [draw(st.integers(1, 3)) for _ in range(rank + 1)],
                "order": [draw(st.integers(0, 4)) for _ in range(2 * rank + 2)],
                "ends": [draw(st.integers(0, 6)) for _ in range(rank)],
                "then": draw(st.sampled_from(["nothing", "back", "back", "reduce", "pool"])),
            },
        ),
    ]
    return draw(st.sampled_from(steps))  # type: ignore[no-any-return]


FAMILIES: dict[str, Callable[[Draw, int, int], Step]] = {
    "conv": _conv,
    "conv_transpose": _conv_transpose,
    "pool": _pool,
    "pointwise": _pointwise,
    "pad": _pad,
    "crop": _crop,
    "resize": _resize,
    "moved": _moved,
    "spread": _spread,
    "rarer": _rarer,
    "digits": _digits,
}
EVERY = (*FAMILIES, "conv", "pool", "conv", "pool")  # windows are what it is about
DIGITS = ("digits", "digits", "conv", "pool", "moved", "pad")  # families that cut axes into parts, between windows
CLOSED = ("conv", "pool", "conv_transpose", "pointwise")  # families that always have a closed form
