"""The downsampling ladder: windows with a stride."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from strideinspect.results.report import LadderStep, WindowNode


def ladder(windows: Sequence[WindowNode]) -> tuple[LadderStep, ...]:
    """Windows with a stride above 1, grouped by the effective stride and the size of their output."""
    steps: dict[tuple[tuple[Fraction, ...], tuple[int, ...]], list[str]] = {}
    for window in windows:
        if window.dropped is None or window.output_shape is None or max(window.stride) == 1:
            continue
        strides = _strides(window)
        if strides is None:
            continue
        size = tuple(window.output_shape[axis] for axis in window.spatial_axes)
        steps.setdefault((strides, size), []).append(window.output)
    return tuple(LadderStep(stride, size, tuple(nodes)) for (stride, size), nodes in steps.items())


def _strides(window: WindowNode) -> tuple[Fraction, ...] | None:
    """Effective stride per spatial axis of the node, for the first graph input that runs along all of them."""
    for name in dict.fromkeys(f.input for f in window.fields):
        own = {f.node_axis: abs(f.stride) for f in window.fields if f.input == name and f.stride is not None}
        strides = [own.get(axis) for axis in window.spatial_axes]
        known = [stride for stride in strides if stride is not None]
        if known and len(known) == len(strides):
            return tuple(known)
    return None
