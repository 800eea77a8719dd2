"""The dilated twin of a model with smaller strides: every field as it was, on a denser map.

Where a stride s becomes t, the map behind it is s/t times as dense. A later window reaches as far as before if its
dilation and its padding are multiplied by that (Yu, Koltun and Funkhouser, "Dilated Residual Networks", CVPR 2017; the
`output_stride` of DeepLab).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from msgspec import structs

from strideinspect.analysis import Analysis
from strideinspect.edit.window_changes import Numbers, numbers_of
from strideinspect.errors import UsageError
from strideinspect.model.geometry import Kind
from strideinspect.results.graph_nodes import WindowNode

Density = tuple[Fraction, ...]
"""How many indices of the new map lie where one of the old map was, per spatial axis."""


def dilated(analysis: Analysis, changed: Mapping[str, Numbers]) -> dict[str, Numbers]:
    """The changes, and those of the windows behind smaller strides that keep their fields.

    Raises UsageError where a window cannot be dilated: behind a larger stride, a transposed convolution, a window whose
    padding is in a node of its own.
    """
    windows = {window.output: window for window in analysis.windows}
    densities: dict[str, Density] = {}
    result = dict(changed)
    for item in analysis.reads:
        node = item.node
        inputs = [node.inputs[read.input] for read in item.reads] if item.known else node.inputs
        given = [densities[name] for name in inputs if name in densities]
        density = max(given, default=())
        window = windows.get(node.key)
        geometry = analysis.shapes.geometries.get(node.key)
        if window is not None and geometry is not None and geometry.kind is not Kind.GLOBAL:
            own = densities.get(node.inputs[geometry.data], (Fraction(1),) * len(window.kernel))
            before, after = numbers_of(analysis, window), result.get(node.key, numbers_of(analysis, window))
            if set(own) != {Fraction(1)}:
                after = _spread(window, after, own, transposed=geometry.kind is Kind.TRANSPOSED)
            if after != before:
                result[node.key] = after
            density = tuple(dense * old / new for dense, old, new in zip(own, before.stride, after.stride, strict=True))
        if set(density) - {Fraction(1)}:
            densities |= {name: density for name in node.outputs if name}
    return result


def _spread(window: WindowNode, numbers: Numbers, density: Density, *, transposed: bool) -> Numbers:
    """The numbers of a window on a denser map."""
    rank = len(density)
    where = f"{window.op} {window.label}"
    moves = max(window.kernel) > 1 or any(numbers.padding)
    if moves and transposed:
        raise UsageError(
            f"--keep-field: {where} is a transposed convolution behind the change", "leave out --keep-field"
        )
    if moves and window.pad_nodes is not None:
        raise UsageError(f"--keep-field: {where} is padded by a node of its own", "leave out --keep-field")
    dilation = [
        n * dense if kernel > 1 else Fraction(n)
        for n, dense, kernel in zip(numbers.dilation, density, window.kernel, strict=True)
    ]
    padding = [n * dense for n, dense in zip(numbers.padding, density * 2, strict=True)]
    if any(number.denominator > 1 for number in (*dilation, *padding)):
        raise UsageError(
            f"--keep-field: behind a larger stride, {where} would need a fraction of its dilation",
            ("leave out --keep-field"),
        )
    whole = tuple(map(int, padding))
    return structs.replace(numbers, dilation=tuple(map(int, dilation)), padding=whole if len(whole) == 2 * rank else ())
