"""What the page writes of what the outputs really see: words, numbers and drawings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from strideinspect import spelling
from strideinspect.page import effective_drawing, heat_map
from strideinspect.page.effective_drawing import Drawing
from strideinspect.page.pictures_view import data_address
from strideinspect.report import effective_field_text as words
from strideinspect.report.layout import printable
from strideinspect.results.effective_field import EffectiveOutput
from strideinspect.results.effective_parts import EffectiveInput

MOST: Final = 8
"""Outputs that are shown: each brings a picture."""
COLUMNS: Final = tuple(column.title for column in words.NUMBERS)
NUMBERS: Final = frozenset(column.title for column in words.NUMBERS if column.right)


class InputView(Struct, frozen=True):
    """How a cell sees one input: a sentence, drawings, their legend as classes and words, and a row per axis.

    `shape` is the class for how drawings and numbers stand: beside each other, or one above the other.
    """

    lead: str
    shape: str
    drawings: Sequence[Drawing]
    legend: Sequence[tuple[str, str]]
    rows: Sequence[Sequence[str]]
    squares: str


class OutputView(Struct, frozen=True):
    """What an output really sees: a heading, the layer's number if the cell is one's, parts, and what to know."""

    heading: str
    node: int | None
    inputs: Sequence[InputView]
    notes: Sequence[str]


class MassView(Struct, frozen=True):
    """What mass is of, and the colors of maps as an address; empty where there are only curves."""

    point: str
    scale: str


def mass(effective: Sequence[EffectiveOutput]) -> MassView:
    """Of the inputs that are shown."""
    ranks = [len(seen.axes) for one in effective if one.field is not None for seen in one.field.inputs]
    scale = data_address("image/png", heat_map.scale()) if max(ranks, default=0) > 1 else ""
    return MassView(spelling.point_noun(max(ranks, default=2)), scale)


def outputs(
    effective: Sequence[EffectiveOutput], numbers: Mapping[str, int], photos: Mapping[str, str], fed: str
) -> list[OutputView]:
    """The outputs that are shown.

    `numbers` are those of window nodes by their output, `photos` addresses of pictures in the page by input, `fed` how
    a photo was fed.
    """
    return [_output(one, numbers, photos, fed) for one in effective[:MOST]]


def further(effective: Sequence[EffectiveOutput]) -> str:
    """How many outputs are left out; empty for none."""
    number = len(effective) - MOST
    return f"{spelling.count(number, 'further output')}: strideinspect erf --at" if number > 0 else ""


def _output(one: EffectiveOutput, numbers: Mapping[str, int], photos: Mapping[str, str], fed: str) -> OutputView:
    field = one.field
    if field is None:
        return OutputView(printable(f"Output {one.output}"), None, [], [printable(f"not known: {one.reason}")])
    pooled = [f"output {one.output} is computed from this map"] if field.at.tensor != one.output else []
    how = [f"the image was fed as {fed}"] if fed and field.source == "images" else []
    return OutputView(
        printable(words.heading(field)),
        numbers.get(field.at.tensor),
        [_input(seen, photos.get(seen.name, "")) for seen in field.inputs],
        [printable(note) for note in (*pooled, *how, *words.remarks(field))],
    )


def _input(seen: EffectiveInput, photo: str) -> InputView:
    legend = [*_legend(seen)]
    label = printable(f"Effective field in {seen.name}: {'; '.join(text for _, text in legend)}")
    drawings = [*effective_drawing.drawings(seen, label, photo)]
    lead = words.share_sentence(seen)
    return InputView(
        f"{lead[:1].upper()}{lead[1:]}.",
        "slices" if len(drawings) > 1 else "wide" if drawings[0].wide else "beside",
        drawings,
        legend,
        [[printable(cell) for cell in row] for row in words.numbers(seen)],
        words.squares_sentence(seen),
    )


def _legend(seen: EffectiveInput) -> Iterator[tuple[str, str]]:
    """What the lines of the drawings are, with their numbers."""
    noun = spelling.point_noun(len(seen.axes))
    if None not in seen.theoretical:
        past = ", larger than this picture" if effective_drawing.beyond(seen) else ""
        yield "line-theory", f"theoretical field {spelling.shape_text(seen.theoretical)}{past}"
    spans = [spelling.span(ends) for ends in seen.shown]
    yield "line-exact", f"actual field: {spelling.along(spans, before=True)}"
    for share, radius in seen.radius.items():
        far = spelling.measured(radius)
        yield (
            f"line-{share}",
            f"{share} % of the mass within {far} {spelling.plural(noun, 1 if far == '1' else 2)} of the center",
        )
