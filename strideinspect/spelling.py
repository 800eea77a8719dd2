"""How numbers, shapes, ranges and axes are written in text: one place for every message and report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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


def span(ends: tuple[int, int]) -> str:
    """`219–223`, or `25` for a single index."""
    first, last = ends
    return str(first) if first == last else f"{first}–{last}"


def spans(ranges: Sequence[tuple[int, int]], most: int = 3) -> str:
    """`219–223, 7 and 9`; after `most` ranges the rest is cut off with an ellipsis."""
    texts = [span(ends) for ends in ranges]
    return ", ".join(texts[:most]) + ", …" if len(texts) > most else listed(texts)


def percent(share: float) -> str:
    """A share from 0 to 1 as a percentage with at least one significant digit; `all` from 99.5 % on."""
    if share >= 0.995:
        return "all"
    return f"{100 * share:.1f} %" if share >= 0.0005 else f"{100 * share:.1g} %"


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

    Values that differ are listed: `96 rows, 160 columns`. `before` puts the noun first: `rows 0–218`.
    """

    def phrase(value: str, noun: str) -> str:
        return f"{noun} {value}" if before else f"{value} {noun}"

    nouns = [plural(noun) for noun in axis_nouns(len(values))]
    if len(set(values)) > 1:
        return ", ".join(phrase(value, noun) for value, noun in zip(values, nouns, strict=True))
    return phrase(values[0], listed(list(dict.fromkeys(nouns))))


def input_noun(rank: int) -> str:
    """What an input with `rank` spatial axes is called: `signal`, `image`, `volume`, else `input`."""
    return INPUT_NOUNS.get(rank, "input")


def point_noun(rank: int) -> str:
    """What one position of such an input is called: `sample`, `pixel`, `voxel`, else `index`."""
    return POINT_NOUNS.get(rank, "index")
