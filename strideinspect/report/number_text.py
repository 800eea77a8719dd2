"""How numbers are spelt for people: one place, so that a table, a ladder and a sentence agree."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from strideinspect.results.field import Span
from strideinspect.results.report import Dropped, Input, WindowNode

NONE = "–"
AXIS_NOUNS = {1: ("index",), 2: ("row", "col"), 3: ("plane", "row", "col")}
PLURALS = {"index": "indices", "entry": "entries"}


def count(number: int, noun: str) -> str:
    """`1 row`, `2 rows`, `1,024 nodes`."""
    return f"{number:,} {noun if number == 1 else PLURALS.get(noun, noun + 's')}"


def shape(sizes: Sequence[int] | None) -> str:
    """`1×3×224×224`; a dash where unknown, `scalar` where there is no axis."""
    if sizes is None:
        return NONE
    return "×".join(map(str, sizes)) or "scalar"


def once(values: Sequence[str]) -> str:
    """Values per axis, joined by ×, or the value alone where all axes agree."""
    return values[0] if len(set(values)) == 1 else "×".join(values)


def fraction(value: Fraction) -> str:
    """`32` or `1/2`: strides stay exact."""
    return str(value)


def decimal(value: Fraction) -> str:
    """`111.5`, `2`; six places at most, for what is no exact decimal."""
    return f"{float(value):.6f}".rstrip("0").rstrip(".")


def magnitude(number: int | None) -> str:
    """Three significant digits with k, M, G, T: `9.47 k`, `118 M`; a dash where unknown."""
    if number is None:
        return NONE
    if number < 1000:
        return str(number)
    scaled = float(number)
    for unit in "kMGT":
        scaled /= 1000
        if scaled < 999.5 or unit == "T":
            break
    digits = 2 if scaled < 9.995 else 1 if scaled < 99.95 else 0
    return f"{scaled:.{digits}f} {unit}"


def span(ends: Span) -> str:
    """`219–223`, or `25` for a single index."""
    first, last = ends
    return str(first) if first == last else f"{first}–{last}"


def transposed(node: WindowNode) -> bool:
    """Whether the window spreads its input out instead of gathering it."""
    return node.output_padding is not None


def kernel(node: WindowNode) -> str:
    """Kernel and stride as `7×7/2`; the stride left out where it is 1, `4×4↑2` where it spreads."""
    kernel_text = shape(node.kernel)
    if set(node.stride) <= {1}:
        return kernel_text
    return f"{kernel_text}{'↑' if transposed(node) else '/'}{once([str(s) for s in node.stride])}"


def window(node: WindowNode) -> str:
    """Operator, kernel and stride: `Conv 7×7/2`."""
    return f"{node.op} {kernel(node)}"


def padding(node: WindowNode) -> str:
    """`3`; `0,1` where begin and end differ; per axis joined by × where the axes differ."""
    pairs = zip(node.padding_begin, node.padding_end, strict=True)
    return once([str(begin) if begin == end else f"{begin},{end}" for begin, end in pairs])


def dilation(node: WindowNode) -> str:
    """`2`, `2×1`; empty where no axis is dilated."""
    return "" if set(node.dilation) <= {1} else once([str(d) for d in node.dilation])


def spatial(sizes: Sequence[int], axes: Sequence[int]) -> str:
    """The spatial part of a shape: `112×112`."""
    return shape([sizes[axis] for axis in axes])


def output_map(node: WindowNode) -> tuple[int, ...] | None:
    """The spatial part of a window's output; None where it is unknown, or gone: a reduction may remove its axes."""
    if node.output_shape is None or node.input_shape is None or len(node.output_shape) != len(node.input_shape):
        return None
    return tuple(node.output_shape[axis] for axis in node.spatial_axes)


def per_axis(numbers: Sequence[int]) -> str:
    """Counts per spatial axis in words, zeros left out: `1 row, 1 col`."""
    nouns = axis_nouns(len(numbers))
    return ", ".join(count(number, noun) for number, noun in zip(numbers, nouns, strict=True) if number)


def axis_nouns(rank: int) -> tuple[str, ...]:
    """What an index is called along each of so many spatial axes."""
    return AXIS_NOUNS.get(rank, ("index",) * rank)


def along(values: Sequence[str], *, before: bool = False) -> str:
    """A value per spatial axis with its noun, said once where all agree: `224 rows and cols`; `96 rows, 160 cols`.

    `before` puts the noun first: `rows 0–218`.
    """

    def phrase(value: str, noun: str) -> str:
        return f"{noun} {value}" if before else f"{value} {noun}"

    nouns = [PLURALS.get(noun, noun + "s") for noun in axis_nouns(len(values))]
    if len(set(values)) > 1:
        return ", ".join(phrase(value, noun) for value, noun in zip(values, nouns, strict=True))
    *front, last = dict.fromkeys(nouns)
    return phrase(values[0], f"{', '.join(front)} and {last}" if front else last)


def lost(numbers: Sequence[int], *, brief: bool) -> str:
    """Lost indices per spatial axis: `1 row, 1 col`, or bare numbers where `brief`: `1`; empty where none is lost."""
    if not any(numbers):
        return ""
    return once([str(number) for number in numbers]) if brief else per_axis(numbers)


def losses(dropped: Dropped | None, *, brief: bool) -> tuple[str, str]:
    """What a window never touches: what the division drops at the end, and what is skipped in between.

    Dropped padding is no loss and not told here.
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
