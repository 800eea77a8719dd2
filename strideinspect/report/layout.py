"""Lines of styled text: measuring, shortening, wrapping and tables, for people who read in a terminal.

A document is made without knowing whether it will be coloured: `plain` gives its text, the command line turns the
styles into colours where the reader has any. Widths are in terminal cells.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple


class Style(StrEnum):
    """What a piece of text is; how that looks is the terminal's business."""

    PLAIN = "plain"
    DIM = "dim"
    STRONG = "strong"
    GOOD = "good"
    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of text in one style; a terminal may lead to the `link`.

    Characters that would act on a terminal are spelt out: names come from a file.
    """

    text: str
    style: Style = Style.PLAIN
    link: str = ""

    def __post_init__(self) -> None:
        if not self.text.isprintable():
            object.__setattr__(self, "text", printable(self.text))


Line = tuple[Segment, ...]
Document = tuple[Line, ...]


class Column(NamedTuple):
    """A column of a table; `right` aligns it to the right, `elastic` lets it be shortened from the left to `floor`."""

    title: str
    right: bool = False
    elastic: bool = False
    floor: int = 12


GAP = 2


def printable(text: str) -> str:
    """The text with control characters, line ends and broken Unicode written as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


_COMMANDS = re.compile(r"##(?=[a-z]*\[)")


def inert(line: str) -> str:
    """The line, so that no CI service takes it for a command: names in it come from a file and may be anything.

    GitHub's runner obeys lines that begin with `::`, and older runners and Azure `##[…]` and `##vso[…]` anywhere.
    """
    if "::" in line:
        start = len(line) - len(line.lstrip())
        if line.startswith("::", start):
            line = f"{line[:start]}\\x3a{line[start + 1 :]}"
    return _COMMANDS.sub(r"\\x23#", line) if "##" in line else line


def line(*parts: Segment | str) -> Line:
    """A line of spans; plain strings are taken as plain spans."""
    return tuple(Segment(part) if isinstance(part, str) else part for part in parts)


def plain(document: Iterable[Line]) -> str:
    """The text of a document, with no space at line ends and one line end after each line."""
    return "".join(inert("".join(span.text for span in row).rstrip()) + "\n" for row in document)


@lru_cache(maxsize=1 << 12)  # a table holds the same few texts over and over
def cells(text: str) -> int:
    """How many terminal cells a text takes: two for wide characters, none for combining ones."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def pad(text: str, width: int, *, right: bool = False) -> str:
    """The text filled up with spaces to a width; `right` puts them in front."""
    fill = " " * (width - cells(text))
    return fill + text if right else text + fill


def shorten(text: str, width: int) -> str:
    """The text cut from the left to a width, where names differ least: `…/layer1.0/conv1`."""
    if cells(text) <= width:
        return text
    kept = text
    while kept and cells(kept) > width - 1:
        kept = kept[1:]
    return "…" + kept


def hang(
    head: Sequence[Segment], text: str, width: int, *, style: Style = Style.PLAIN, indent: int | None = None
) -> Iterator[Line]:
    """The head, then the text wrapped; continuation lines are indented by `indent`, or by the head's width.

    Words longer than a line stay whole.
    """
    taken = sum(cells(span.text) for span in head)
    pieces = textwrap.wrap(
        text,
        max(width, taken + 20),
        initial_indent=" " * taken,
        subsequent_indent=" " * (taken if indent is None else indent),
        break_long_words=False,
        break_on_hyphens=False,
    )
    yield (*head, *(Segment(piece[taken:], style) for piece in pieces[:1]))
    yield from ((Segment(piece, style),) for piece in pieces[1:])


def flow(pieces: Sequence[str], width: int, *, indent: int) -> Iterator[str]:
    """Pieces set one after another, broken only between them; continuation lines are indented."""
    current = ""
    for piece in pieces:
        if current and cells(current) + cells(piece) > width:
            yield current.rstrip()
            current = " " * indent + piece.lstrip()
        else:
            current += piece
    yield current.rstrip()


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int | None) -> Iterator[Line]:
    """A table with a dim title line, two cells in, empty columns left out.

    Where it is wider than `width`, the elastic column gives way down to its floor, and no further; without a width
    it never does.
    """
    used = [index for index in range(len(columns)) if any(row[index] for row in rows)]
    widths = {i: max(cells(columns[i].title), *(cells(row[i]) for row in rows)) for i in used}
    excess = 0 if width is None else GAP * len(used) + sum(widths.values()) - width
    for index in used:
        if columns[index].elastic and excess > 0:
            widths[index] = max(min(widths[index], columns[index].floor), widths[index] - excess)

    def cell(index: int, text: str) -> str:
        return " " * GAP + pad(shorten(text, widths[index]), widths[index], right=columns[index].right)

    yield (Segment("".join(cell(i, columns[i].title) for i in used).rstrip(), Style.DIM),)
    for row in rows:
        yield tuple(Segment(cell(i, row[i])) for i in used)


def fitting(width: int, *variants: Iterable[Line]) -> tuple[Line, ...]:
    """The first of these that fits a width, else the last. Lazy ones are only rendered when their turn comes."""
    lines: tuple[Line, ...] = ()
    for variant in variants:
        lines = tuple(variant)
        if all(sum(cells(span.text) for span in row) <= width for row in lines):
            break
    return lines
