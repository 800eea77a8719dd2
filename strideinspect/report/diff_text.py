"""The answer to `diff` in words: where two models part, in what, and what that does to their outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from strideinspect.report.answers import Answer, Section
from strideinspect.report.layout import Column
from strideinspect.results.diff_result import Diff
from strideinspect.results.differences import Difference, MatchedOutput, MatchedWindow, Value
from strideinspect.spelling import NONE, by_axes, count, exact, listed, shape_text, shift

OF_WINDOWS = frozenset({"operator", "kernel", "stride", "dilation", "padding", "size"})
"""What is a window's own; all else is a consequence of the windows before it."""

MOST_ROWS = 24
"""Windows that are listed; JSON has all."""

WINDOWS = (
    Column("first", elastic=True, floor=14),
    Column("second", elastic=True, floor=14),
    Column("differs in"),
    Column("first"),
    Column("second"),
)
OUTPUTS = (Column("output", elastic=True, floor=8), Column("differs in"), Column("first"), Column("second"))


def answer(diff: Diff) -> Answer:
    """Where they part, the windows that differ themselves, and the outputs."""
    return Answer(" and ".join(diff.paths), [_windows(diff), *_outputs(diff)])


def _windows(diff: Diff) -> Section:
    rows = [row for pair in diff.windows for row in _rows(pair)]
    notes = list(diff.notes)
    if len(rows) > MOST_ROWS:
        notes.insert(0, f"{count(len(rows) - MOST_ROWS, 'further row')}: --format json has all")
    for which, names in zip(("first", "second"), diff.only_layers, strict=True):
        if names:
            few = listed([*names[:3], *(["others"] if len(names) > 3 else [])])
            notes.append(f"only the {which} model has {count(len(names), 'layer')} without a counterpart: {few}")
    return Section(_heading(diff), WINDOWS, rows[:MOST_ROWS], notes)


def _heading(diff: Diff) -> str:
    at = " and ".join(dict.fromkeys(map(shape_text, diff.sizes)))
    if not diff.windows and not diff.only_a and not diff.only_b:
        return f"Neither has a layer that slides a window: compared at {at}, nothing differs in their outputs."
    pairs = f"{count(len(diff.windows), 'layer')} {'is' if len(diff.windows) == 1 else 'are'} matched"
    if diff.same:
        return f"The geometry is the same: {pairs} at {at}."
    if diff.first is None:
        return f"The layers are the same, the outputs differ: {pairs} at {at}."
    where = _place(diff)
    return f"The geometry differs, first at {where}; {pairs} at {at}."


def _place(diff: Diff) -> str:
    first = diff.first
    if first is None:
        return ""
    left, right = first.layers
    if first.a is None or first.b is None:
        which, other = ("first", "second") if first.b is None else ("second", "first")
        return f"{left or right} of the {which} model, which the {other} one lacks"
    pair = next(pair for pair in diff.windows if (pair.a, pair.b) == (first.a, first.b))
    own = [d for d in pair.differences if d.what in OF_WINDOWS - {"size"}] or list(pair.differences)
    what = ", ".join(f"{_named(d)} {value_text(d.what, d.a)} and {value_text(d.what, d.b)}" for d in own)
    return f"{left} and {right}: {what}"


def _named(difference: Difference) -> str:
    """What differs; of the map before a window, if it is not the window's own."""
    return difference.what if difference.what in OF_WINDOWS else f"{difference.what} before it"


def _rows(pair: MatchedWindow) -> Iterator[tuple[str, ...]]:
    """One row per number of the window itself that differs; what follows from it is left out."""
    own = [d for d in pair.differences if d.what in OF_WINDOWS and d.what != "size"]
    for number, difference in enumerate(own):
        names = ("", "") if number else pair.layers
        yield (*names, difference.what, *_values(difference))


def _values(difference: Difference) -> tuple[str, str]:
    return value_text(difference.what, difference.a), value_text(difference.what, difference.b)


def value_text(what: str, value: Value) -> str:
    """A value in which two windows differ: `3×3`, `2`, padding as `1` or `0,1`."""
    if value is None or isinstance(value, str):
        return value or NONE
    if what == "padding":
        half = len(value) // 2
        begin, end = _collapsed(value[:half]), _collapsed(value[half:])
        return begin if begin == end else f"{begin},{end}"
    texts = [NONE if number is None else exact(Fraction(number)) for number in value]
    return by_axes(texts) if what in {"kernel", "size"} or len(set(texts)) > 1 else texts[0]


def _collapsed(numbers: Sequence[object]) -> str:
    return str(numbers[0]) if len(set(numbers)) == 1 else by_axes(numbers)


def _outputs(diff: Diff) -> Iterator[Section]:
    if not diff.outputs or not (diff.windows or diff.only_a or diff.only_b):
        return
    rows = []
    for pair in diff.outputs:
        name = pair.a if pair.a == pair.b else f"{pair.a} and {pair.b}"
        for number, difference in enumerate(pair.differences):
            rows.append(("" if number else name, difference.what, *_values(difference)))
    notes = [note for pair in diff.outputs if (note := _note(pair, many=len(diff.outputs) > 1))]
    alike = sum(not pair.differences for pair in diff.outputs)
    if not rows:
        what = "has the same receptive field" if alike == 1 else "have the same receptive fields"
        outputs = {1: "The output", 2: "Both outputs"}.get(alike, f"All {alike} outputs")
        heading = f"{outputs} {what}, stride and position in both models."
    else:
        heading = "Outputs, in pixels of the input:" + (f" ({alike} more are alike)" if alike else "")
    yield Section(heading, OUTPUTS, rows, list(dict.fromkeys(notes)))


def _note(pair: MatchedOutput, *, many: bool) -> str:
    """How far the cells of the second model lie from those of the first, and of which map that is said."""
    of = f"of {pair.a} " if many else ""
    last = "in the last map before the output becomes global, " if pair.global_ else ""
    if pair.shift is None or not any(pair.shift):
        known = pair.global_ and pair.shift is not None and not many
        return "it is global: the last map before that is compared" if known else ""
    if len(set(pair.shift)) == 1:
        by = shift(pair.shift[0], len(pair.shift))
    else:
        by = listed([shift(one, len(pair.shift)) for one in pair.shift])
    return f"{last}the cells {of}of the second model are centered {by} those of the first"
