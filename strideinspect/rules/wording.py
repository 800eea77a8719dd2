"""Words that several rules use: rows and columns, counts, ranges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from strideinspect.results.field import Span
from strideinspect.results.verdict import Check

_NAMES = {1: ("index",), 2: ("row", "column"), 3: ("slice", "row", "column")}
_PLURALS = {"index": "indices"}


def axis_name(position: int, count: int, number: int = 2) -> str:
    """What an index along the spatial axis at `position` of `count` is called, in the plural unless `number` is 1."""
    names = _NAMES.get(count, ("index",) * count)
    name = names[position]
    return name if number == 1 else _PLURALS.get(name, name + "s")


def axes_name(positions: Sequence[int], count: int, number: int = 2) -> str:
    """The same for several axes: rows and columns."""
    return " and ".join(dict.fromkeys(axis_name(p, count, number) for p in positions))


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


def contradiction(place: str, check: Check) -> str:
    """What was predicted and what ran, in words."""
    if check.claim == "shape":
        return f"{place}: its shape is {_shape(check.predicted)} here, {_shape(check.ran)} in onnxruntime"
    predicted, ran = _facts(check.predicted), _facts(check.ran)
    if check.claim == "field":
        where = f"index {predicted['index']}" if "index" in predicted else "it"
        return (
            f"{place}: {where} sees {_seen(predicted)} of axis {predicted['axis']} of {predicted['input']} here, "
            f"{_seen(ran)} in onnxruntime"
        )
    if check.claim == "theory":
        return (
            f"{place}: on an infinite plane index {predicted['index']} sees {_seen(predicted)} of axis "
            f"{predicted['axis']} of {predicted['input']} here; in onnxruntime, away from the borders of an input of "
            f"{predicted['of']:,} indices, {_seen(ran)}"
        )
    if check.claim == "impulse":
        return (
            f"{place}: element {list(predicted['index'])} sees {_seen(predicted)} of axis {predicted['axis']} "
            f"of {predicted['input']} here, but in onnxruntime changing index {ran['changed_by']} there changes it"
        )
    ranges = spans([(first, last) for first, last in predicted["ranges"]])
    return (
        f"{ranges} of axis {predicted['axis']} of {place} reach no output here, "
        f"in onnxruntime they reach {ran['reaches']}"
    )


def _shape(value: object) -> str:
    return by(value) if isinstance(value, list | tuple) else "unknown"


def _facts(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _seen(side: Mapping[str, Any]) -> str:
    first, last = side.get("first"), side.get("last")
    return "nothing" if first is None or last is None else f"{first} to {last}"


def percent(share: float) -> str:
    """A share as a percentage with as many digits as tell something."""
    if share >= 0.995:
        return "all"
    return f"{100 * share:.1f} %" if share >= 0.0005 else f"{100 * share:.1g} %"
