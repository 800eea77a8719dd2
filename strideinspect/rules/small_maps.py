"""Maps that have become too small for the kernels over them: rules share the cause and the advice."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strideinspect.analysis import Analysis
    from strideinspect.results.report import WindowNode


def idle_axes(analysis: Analysis, window: WindowNode) -> tuple[int, ...]:
    """Positions among the window's spatial axes along which some taps only ever read padding."""
    used = taps_used(analysis, window)
    return tuple(i for i, (count, taps) in enumerate(zip(used, window.kernel, strict=True)) if count < taps)


def taps_used(analysis: Analysis, window: WindowNode) -> tuple[int, ...]:
    """Per spatial axis, how many taps read a pixel at some position."""
    from strideinspect.fields.coverage import used_taps  # imports numpy

    if window.dropped is None:
        return window.kernel
    return tuple(used_taps(w) for w in analysis.shapes.geometries[window.output].windows)


def cause(analysis: Analysis, tensor: str) -> Hashable:
    """What all findings about too small maps have in common: the inputs whose size they follow from."""
    return "small map", frozenset(name for name, _ in analysis.fields.get(tensor, {}))


def is_fixed(analysis: Analysis, window: WindowNode) -> bool:
    """Whether the file fixes the sizes of the inputs behind a window node."""
    inputs = analysis.network.inputs
    behind = analysis.fields.get(analysis.data_tensor(window), {})
    return bool(behind) and all(isinstance(dims[axis], int) for n, axis in behind if (dims := inputs[n].dims))


def advice(analysis: Analysis, window: WindowNode) -> str:
    """What to do: a larger input where the file leaves its size open, else what the fixed size leaves to do."""
    less = ["less downsampling before it"] if _is_downsampled(analysis, window) else []
    dilated = ["a smaller dilation"] if max(window.dilation) > 1 else []
    if is_fixed(analysis, window):
        others = f"; {' or '.join(changes)} would use them" if (changes := [*dilated, *less]) else ""
        return f"taps that only touch padding change nothing at this size and can be left out{others}"
    kernel = "a smaller kernel or dilation" if dilated else "a smaller kernel"
    return f"use {', '.join(['a larger input', *less])}{',' if less else ''} or {kernel}"


def _is_downsampled(analysis: Analysis, window: WindowNode) -> bool:
    """Whether the map of a window node is smaller than the inputs behind it, along some axis."""
    tensor = analysis.data_tensor(window)
    here = analysis.shapes.shapes[tensor]
    return any(
        here[axis] < analysis.sizes[name][source]
        for (name, source), seen in analysis.fields.get(tensor, {}).items()
        for axis in seen.actual.axes
        if axis in window.spatial_axes
    )
