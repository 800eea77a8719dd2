"""Words that several rules use: rows and columns, counts, ranges."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from strideinspect.results.field import Span

_NAMES = {1: ("sample",), 2: ("row", "column"), 3: ("slice", "row", "column")}
_WHOLES = {1: "signal", 3: "volume"}
_PLURALS = {"index": "indices"}


def axis_name(position: int, count: int, number: int = 2) -> str:
    """What an index along the spatial axis at `position` of `count` is called, in the plural unless `number` is 1."""
    names = _NAMES.get(count, ("index",) * count)
    name = names[position]
    return name if number == 1 else _PLURALS.get(name, name + "s")


def axes_name(positions: Sequence[int], count: int, number: int = 2) -> str:
    """The same for several axes: rows and columns."""
    return " and ".join(dict.fromkeys(axis_name(p, count, number) for p in positions))


def whole_name(count: int) -> str:
    """What an input with so many spatial axes is called: signal, image, volume."""
    return _WHOLES.get(count, "image")


def pixels(number: Fraction, count: int) -> str:
    """A distance on an input with so many spatial axes: 1 pixel, 0.5 samples, 2 voxels."""
    noun = {1: "sample", 3: "voxel"}.get(count, "pixel")
    return f"{float(number):g} {noun}{'' if number == 1 else 's'}"


def kernel(sizes: Sequence[int], article: str = "its") -> str:
    """A kernel by its size: its 3×3 kernel; its kernel of size 3 along one axis."""
    return f"{article} {by(sizes)} kernel" if len(sizes) > 1 else f"{article} kernel of size {by(sizes)}"


def axes_listed(axes: Sequence[int]) -> str:
    """Axes by number: axis 2, axes 2 and 3."""
    return f"{'axes' if len(axes) > 1 else 'axis'} {listed([str(axis) for axis in axes])}"


def spans(ranges: Sequence[Span], most: int = 3) -> str:
    """Ranges as people write them: 219–223, 7 and 9; many are cut short."""
    texts = [str(a) if a == b else f"{a}–{b}" for a, b in ranges]
    if len(texts) > most:
        return ", ".join(texts[:most]) + ", …"
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def by(numbers: Sequence[object]) -> str:
    """Numbers with multiplication signs: 3×3."""
    return "×".join(map(str, numbers))


def listed(items: Sequence[str], word: str = "and") -> str:
    """a, b and c."""
    return f" {word} ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else list(items))


def percent(share: float) -> str:
    """A share as a percentage with as many digits as tell something."""
    if share >= 0.995:
        return "all"
    return f"{100 * share:.1f} %" if share >= 0.0005 else f"{100 * share:.1g} %"
