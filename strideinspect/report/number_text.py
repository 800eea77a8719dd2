"""How a window's numbers are written: one place, so that the table, the ladder and the sentences agree."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from strideinspect import spelling
from strideinspect.results.report import Dropped, Input, WindowNode


def once(values: Sequence[str]) -> str:
    """Values per axis, joined by ×, or the value alone where all axes agree."""
    return values[0] if len(set(values)) == 1 else "×".join(values)


def fraction(value: Fraction) -> str:
    """`32` or `1/2`: strides stay exact."""
    return str(value)


def decimal(value: Fraction) -> str:
    """`111.5`, `2`; six places at most, for numbers without an exact decimal form."""
    return f"{float(value):.6f}".rstrip("0").rstrip(".")


def magnitude(number: int | None) -> str:
    """Three significant digits with k, M, G, T: `9.47 k`, `118 M`; a dash where unknown."""
    if number is None:
        return spelling.NONE
    if number < 1000:
        return str(number)
    scaled = float(number)
    for unit in "kMGT":
        scaled /= 1000
        if scaled < 999.5 or unit == "T":
            break
    digits = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
    return f"{scaled:.{digits}f} {unit}"


def bytes_text(number: int) -> str:
    """`9.63 MB`, `512 B`: decimal units."""
    text = magnitude(number)
    return f"{text}B" if text[-1:].isalpha() else f"{text} B"


def transposed(node: WindowNode) -> bool:
    """Whether the node is a transposed convolution or unpooling."""
    return node.output_padding is not None


def kernel(node: WindowNode) -> str:
    """Kernel and stride as `7×7/2`; the stride left out where it is 1, `4×4↑2` where the convolution is transposed."""
    kernel_text = spelling.shape_text(node.kernel)
    if set(node.stride) <= {1}:
        return kernel_text
    return f"{kernel_text}{'↑' if transposed(node) else '/'}{once([str(s) for s in node.stride])}"


BRIEF = {"GlobalAveragePool": "GlobalAvg", "GlobalMaxPool": "GlobalMax", "AveragePool": "AvgPool"}
"""Short names for operators, used where a table is too wide."""


def operator(node: WindowNode, *, brief: bool) -> str:
    """The operator, by its short name where `brief`."""
    return BRIEF.get(node.op, node.op) if brief else node.op


def window(node: WindowNode, *, brief: bool = False) -> str:
    """Operator, kernel and stride: `Conv 7×7/2`."""
    return f"{operator(node, brief=brief)} {kernel(node)}"


PAD_NODES = "Pad"
"""Stands before the padding that Pad nodes add, which is not the window's own."""


def padding(node: WindowNode) -> str:
    """`3`; `0,1` where begin and end differ; per axis joined by × where the axes differ; `Pad 0,1` from a Pad node."""
    own = _ends(node.padding_begin, node.padding_end)
    if node.pad_nodes is None:
        return own
    return f"{PAD_NODES} {_ends(*node.pad_nodes)}" if own == "0" else f"{own} + {PAD_NODES} {_ends(*node.pad_nodes)}"


def _ends(before: Sequence[int], after: Sequence[int]) -> str:
    pairs = zip(before, after, strict=True)
    return once([str(begin) if begin == end else f"{begin},{end}" for begin, end in pairs])


def dilation(node: WindowNode) -> str:
    """`2`, `2×1`; empty where no axis is dilated."""
    return "" if set(node.dilation) <= {1} else once([str(d) for d in node.dilation])


def spatial(sizes: Sequence[int], axes: Sequence[int]) -> str:
    """The spatial part of a shape: `112×112`."""
    return spelling.shape_text([sizes[axis] for axis in axes])


def lost(numbers: Sequence[int], *, brief: bool) -> str:
    """Lost indices per spatial axis: `1 row, 1 column`, or bare numbers where `brief`; empty where none is lost."""
    if not any(numbers):
        return ""
    return once([str(number) for number in numbers]) if brief else spelling.per_axis(numbers)


def losses(dropped: Dropped | None, *, brief: bool) -> tuple[str, str]:
    """The indices that a window never reads: those dropped at the end, and those skipped in between.

    Dropped padding is not a loss and is left out.
    """
    if dropped is None:
        return "", ""
    return lost(dropped.pixels, brief=brief), lost(dropped.gap, brief=brief)


def layout_of(input: Input) -> str:
    """`NCHW`, or which axes are spatial where the order has no such name."""
    if input.layout:
        return input.layout
    if not input.spatial_axes:
        return "no spatial axis"
    return f"spatial {'axis' if len(input.spatial_axes) == 1 else 'axes'} {', '.join(map(str, input.spatial_axes))}"
