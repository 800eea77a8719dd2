"""The rows of the table of two versions: a layer each, with what differs marked by a sign and a word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from strideinspect import spelling
from strideinspect.page.comparison import Compared
from strideinspect.report import field_text, number_text
from strideinspect.report.diff_text import OF_WINDOWS, value_text
from strideinspect.report.layout import printable
from strideinspect.results.report import WindowNode
from strideinspect.results.rows import by_input, output_map

OWN = ("operator", "kernel", "stride", "dilation", "padding")
"""What is a window's own."""

COLUMNS = (*OWN, "output", "RF", "effective stride")
"""The columns after those of the names."""


class State(StrEnum):
    """How the two layers of a row compare."""

    SAME = "same"
    DIFFERS = "differs"
    FOLLOWS = "follows"
    FIRST = "only first"
    SECOND = "only second"


SIGNS = {State.SAME: "=", State.DIFFERS: "≠", State.FOLLOWS: "↳", State.FIRST: "−", State.SECOND: "+"}
"""The sign of each, so that none is told by its colour alone."""


class PairCell(Struct, frozen=True):
    """A number in both versions, equal where they agree."""

    first: str
    second: str

    @property
    def differs(self) -> bool:
        """Whether it is not the same in both."""
        return self.first != self.second


class PairRow(Struct, frozen=True):
    """A layer in both versions; the numbers are those of the reports, None where one has no such layer."""

    number: int
    first: int | None
    second: int | None
    titles: tuple[str, str]
    state: State
    cells: tuple[PairCell, ...]

    @property
    def sign(self) -> str:
        """The sign of the state."""
        return SIGNS[self.state]


def rows(
    layers: Sequence[Compared],
    nodes: tuple[Sequence[WindowNode], Sequence[WindowNode]],
    titles: Sequence[Sequence[str]],
) -> list[PairRow]:
    """A row per layer."""
    return [_row(number, layer, nodes, titles) for number, layer in enumerate(layers)]


def _row(
    number: int,
    layer: Compared,
    nodes: tuple[Sequence[WindowNode], Sequence[WindowNode]],
    titles: Sequence[Sequence[str]],
) -> PairRow:
    places = (layer.first, layer.second)
    texts = [{} if place is None else _texts(own[place]) for own, place in zip(nodes, places, strict=True)]
    named = ["" if place is None else own[place] for own, place in zip(titles, places, strict=True)]
    cells = tuple(PairCell(*_values(name, layer, texts[0], texts[1])) for name in COLUMNS)
    return PairRow(number, *places, (named[0], named[1]), _state(layer, cells), cells)


def _values(name: str, layer: Compared, first: Mapping[str, str], second: Mapping[str, str]) -> tuple[str, str]:
    """A column of both; a window's own number differs only where the comparison says so, whichever node holds it."""
    if name in OWN and layer.first is not None and layer.second is not None:
        for difference in layer.differences:
            if difference.what == name:
                return value_text(name, difference.a), value_text(name, difference.b)
        return first[name], first[name]
    return first.get(name, spelling.NONE), second.get(name, spelling.NONE)


def _state(layer: Compared, cells: Sequence[PairCell]) -> State:
    if layer.second is None:
        return State.FIRST
    if layer.first is None:
        return State.SECOND
    if any(difference.what in {*OF_WINDOWS, "ceil_mode"} - {"size"} for difference in layer.differences):
        return State.DIFFERS
    return State.FOLLOWS if any(cell.differs for cell in cells) else State.SAME


def _texts(node: WindowNode) -> dict[str, str]:
    fields = by_input(node.fields).values()
    sizes = dict.fromkeys(field_text.size_cell(own, ()) for own in fields)
    strides = dict.fromkeys(field_text.stride_cell(own) for own in fields)
    return {
        "operator": printable(node.op),
        "kernel": spelling.shape_text(node.kernel),
        "stride": number_text.once([str(number) for number in node.stride]),
        "dilation": number_text.dilation(node) or "1",
        "padding": number_text.padding(node),
        "output": spelling.shape_text(output_map(node)),
        "RF": "; ".join(sizes) or spelling.NONE,
        "effective stride": "; ".join(strides) or spelling.NONE,
    }
