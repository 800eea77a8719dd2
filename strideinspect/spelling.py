"""How numbers, shapes, ranges and axes are written in text: one place for every message and report."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

NONE = "–"
"""Written where a value is unknown or does not exist."""

AXIS_NOUNS = {1: ("sample",), 2: ("row", "column"), 3: ("slice", "row", "column")}
"""What an index along each spatial axis is called, by the number of spatial axes."""

INPUT_NOUNS = {1: "signal", 2: "image", 3: "volume"}
"""What an input is called, by its number of spatial axes."""

POINT_NOUNS = {1: "sample", 2: "pixel", 3: "voxel"}
"""What one position of an input is called, by its number of spatial axes."""

_PLURALS = {"index": "indices", "entry": "entries", "further branch": "further branches"}


def plural(noun: str, number: int = 2) -> str:
    """`rows`, `indices`; the noun itself where `number` is 1."""
    return noun if number == 1 else _PLURALS.get(noun, noun + "s")


def count(number: int, noun: str) -> str:
    """`1 row`, `2 rows`, `1,024 nodes`."""
    return f"{number:,} {plural(noun, number)}"


def listed(items: Sequence[str], word: str = "and") -> str:
    """`a, b and c`."""
    return f" {word} ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else list(items))


def by_axes(values: Iterable[object]) -> str:
    """One value per axis, with multiplication signs: `3×3`."""
    return "×".join(map(str, values))


def shape_text(sizes: Iterable[int | str | None] | None) -> str:
    """`1×3×224×224`, an unknown axis as `?`; `scalar` for a shape without axes, a dash for an unknown shape."""
    return NONE if sizes is None else by_axes("?" if size is None else size for size in sizes) or "scalar"


def value_text(value: object, most: int = 8) -> str:
    """`16000`, `1, 3, 16, 16`; of more than `most` values the first ones and an ellipsis."""
    texts = list(_texts(value))
    return ", ".join(texts[:most]) + (", …" if len(texts) > most else "")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
    else:
        yield str(value).lower() if isinstance(value, bool) else str(value)


def exact(value: Fraction) -> str:
    """`-15.5`, `4`; a fraction where there is no exact decimal form: `1/3`."""
    digits = next((n for n in range(40) if 10**n % value.denominator == 0), None)
    if not digits:
        return str(value)
    whole, part = divmod(int(abs(value) * 10**digits), 10**digits)
    return f"{'-' if value < 0 else ''}{whole}.{part:0{digits}}"


def center(stride: Fraction, offset: Fraction) -> str:
    """Where index i lies on the input, `offset` pixels after `(i + ½)·stride − ½`: `32·i`, `4·i + 1.5`, `i/2`."""
    start = (stride - 1) / 2 + offset
    return _scaled("i", stride) + (f" {'+' if start > 0 else '−'} {exact(abs(start))}" if start else "")


def half_pixel(stride: Fraction) -> str:
    """Where the convention of half-pixel centers puts index i: `(i + ½)·32 − ½`, `(i + ½)/2 − ½`; `i` at stride 1."""
    return "i" if stride == 1 else f"{_scaled('(i + ½)', stride)} − ½"


def _scaled(text: str, by: Fraction) -> str:
    """`32·i`, `i/2`, `i·4/3`; a sum in brackets comes first."""
    times = "" if by.numerator == 1 else f"·{by.numerator}"
    if by.denominator > 1:
        return f"{text}{times}/{by.denominator}"
    return f"{text}{times}" if text.startswith("(") or not times else f"{by.numerator}·{text}"


def distance(number: Fraction, rank: int) -> str:
    """A distance on an input with `rank` spatial axes: `1 pixel`, `0.5 samples`, `2 voxels`."""
    return f"{exact(number)} {plural(point_noun(rank), 1 if number == 1 else 2)}"


def shift(offset: Fraction, rank: int) -> str:
    """`15.5 pixels before`, `0.5 samples after`."""
    return f"{distance(abs(offset), rank)} {'after' if offset > 0 else 'before'}"


def span(ends: tuple[int, int]) -> str:
    """`219–223`, or `25` for a single index."""
    first, last = ends
    return str(first) if first == last else f"{first}–{last}"


def spans(ranges: Sequence[tuple[int, int]], most: int = 3) -> str:
    """`219–223, 7 and 9`; after `most` ranges the rest is cut off with an ellipsis."""
    texts = [span(ends) for ends in ranges]
    return ", ".join(texts[:most]) + ", …" if len(texts) > most else listed(texts)


def place_text(tensor: str, shape: Sequence[int], index: Sequence[int], alone: str = "") -> str:
    """One index of a tensor: `row 7, column 7 of logits (1×10×12×12)`; along a single axis the noun is `alone`."""
    whole = f"{tensor} ({shape_text(shape)})"
    if not index:
        return whole
    nouns = [axis_noun(position, len(index), 1) for position in range(len(index))]
    if alone and len(index) == 1:
        nouns = [alone]
    return f"{', '.join(f'{noun} {number}' for noun, number in zip(nouns, index, strict=True))} of {whole}"


def ranges(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending numbers as ranges of consecutive ones, both ends included."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found


def measured(value: float) -> str:
    """A measured number to three digits, from 100 on as a whole one: `0.816`, `17.6`, `1,234`."""
    return f"{value:.3g}" if abs(value) < 100 else f"{value:,.0f}"


def percent(share: float) -> str:
    """A share from 0 to 1 as a percentage with at least one significant digit.

    Only the whole is `all` and only nothing is `none`, however close a share is.
    """
    if share in (0, 1):
        return "all" if share else "none"
    if share < 0.00001:
        return "less than 0.001 %"
    if share < 0.0005:
        return f"{100 * share:.1g} %"
    return f"{100 * share:.1f} %" if share < 0.9995 else "more than 99.9 %"


def axis_nouns(rank: int) -> tuple[str, ...]:
    """What an index is called along each of `rank` spatial axes; `index` where the axes have no usual names."""
    return AXIS_NOUNS.get(rank, ("index",) * rank)


def axis_noun(position: int, rank: int, number: int = 2) -> str:
    """What `number` indices along the spatial axis at `position` of `rank` are called: `row`, `columns`."""
    return plural(axis_nouns(rank)[position], number)


def axes_nouns(positions: Iterable[int], rank: int, number: int = 2) -> str:
    """The same for several of the axes, each noun once: `rows and columns`."""
    return listed(list(dict.fromkeys(axis_noun(position, rank, number) for position in positions)))


def per_axis(numbers: Sequence[int]) -> str:
    """Counts per spatial axis, zeros left out: `1 row, 2 columns`."""
    nouns = axis_nouns(len(numbers))
    return ", ".join(count(number, noun) for number, noun in zip(numbers, nouns, strict=True) if number)


def along(values: Sequence[str], *, before: bool = False) -> str:
    """A value per spatial axis with its noun, written once where all agree: `224 rows and columns`.

    Values that differ are listed: `96 rows, 160 columns`; empty ones are left out. `before` puts the noun first:
    `rows 0–218`.
    """

    def phrase(value: str, noun: str) -> str:
        return f"{noun} {value}" if before else f"{value} {noun}"

    nouns = [plural(noun) for noun in axis_nouns(len(values))]
    if len(set(values)) > 1:
        return ", ".join(phrase(value, noun) for value, noun in zip(values, nouns, strict=True) if value)
    return phrase(values[0], listed(list(dict.fromkeys(nouns))))


def input_noun(rank: int) -> str:
    """What an input with `rank` spatial axes is called: `signal`, `image`, `volume`, else `input`."""
    return INPUT_NOUNS.get(rank, "input")


def point_noun(rank: int) -> str:
    """What one position of such an input is called: `sample`, `pixel`, `voxel`, else `index`."""
    return POINT_NOUNS.get(rank, "index")
