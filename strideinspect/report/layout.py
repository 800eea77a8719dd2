"""Lines of styled text: measuring, shortening, wrapping and tables, for people who read in a terminal.

A document is made without knowing whether it will be coloured: `plain` gives its text, the command line turns the
styles into colours where the reader has any. Widths are in terminal cells.
"""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from os.path import commonprefix  # of texts, whatever they are

from msgspec import Struct, structs

from strideinspect.report.symbols import as_written


class Style(StrEnum):
    """What a piece of text is; how that looks is the terminal's business."""

    PLAIN = "plain"
    DIM = "dim"
    STRONG = "strong"
    GOOD = "good"
    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


class Segment(Struct, frozen=True):
    """A piece of text in one style; a terminal may lead to the `link`.

    Characters that would act on a terminal are spelt out: names come from a file.
    """

    text: str
    style: Style = Style.PLAIN
    link: str = ""

    def __post_init__(self) -> None:
        if not self.text.isprintable():
            structs.force_setattr(self, "text", printable(self.text))


Line = tuple[Segment, ...]
Document = tuple[Line, ...]


class Column(Struct, frozen=True):
    """A column of a table.

    `right` aligns it to the right, `elastic` lets it be shortened in the middle down to `floor`, and `brief` is a title
    for tables that are too wide otherwise.
    """

    title: str
    right: bool = False
    elastic: bool = False
    floor: int = 12
    brief: str = ""


GAP = 2


def printable(text: str) -> str:
    """The text with control characters, line ends and broken Unicode written as escapes."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


_COMMANDS = r"##(?=[a-z]*\[)"


def inert(line: str) -> str:
    """The line, so that no CI service takes it for a command: names in it come from a file and may be anything.

    GitHub's runner obeys lines that begin with `::`, and older runners and Azure `##[…]` and `##vso[…]` anywhere.
    """
    if "::" in line:
        start = len(line) - len(line.lstrip())
        if line.startswith("::", start):
            line = f"{line[:start]}\\x3a{line[start + 1 :]}"
    return re.sub(_COMMANDS, r"\\x23#", line) if "##" in line else line


def line(*parts: Segment | str) -> Line:
    """A line of spans; plain strings are taken as plain spans."""
    return tuple(Segment(part) if isinstance(part, str) else part for part in parts)


def plain(document: Iterable[Line]) -> str:
    """The text of a document, with no space at line ends and one line end after each line."""
    return "".join(inert("".join(span.text for span in row).rstrip()) + "\n" for row in document)


def cells(text: str) -> int:
    """How many terminal cells a text takes as it is written: two for wide characters, none for combining ones."""
    return len(text) if text.isascii() else _cells(as_written(text))


@lru_cache(maxsize=1 << 12)  # a table holds the same few texts over and over
def _cells(text: str) -> int:
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def pad(text: str, width: int, *, right: bool = False) -> str:
    """The text filled up with spaces to a width; `right` puts them in front."""
    fill = " " * (width - cells(text))
    return fill + text if right else text + fill


def shorten(text: str, width: int, before: float = 0.5) -> str:
    """The text cut in the middle to a width: `layer1.0…conv1`; `before` is the share of the width for its beginning."""
    if cells(text) <= width:
        return text
    room = width - cells("…")
    begin, end = round(room * before), room - round(room * before)
    return f"{_start(text, begin)}…{_start(text[::-1], end)[::-1]}"


def _start(text: str, width: int) -> str:
    kept = text[:width]
    while cells(kept) > width:
        kept = kept[:-1]
    return kept


_SHARES = (0.5, 0.2, 0.8, 0.0, 1.0)
"""Where to cut names so that they stay apart: many differ at their ends, some at their beginnings."""


def shortened(texts: Sequence[str], width: int) -> list[str]:
    """The texts cut to a width, at a place where they stay as different as they are, if there is one.

    If there is none, what all the long ones have in common at both ends goes first.
    """
    if all(cells(text) <= width for text in texts):
        return list(texts)
    long = [text for text in texts if cells(text) > width]
    begin, end = (len(commonprefix(way)) for way in (long, [text[::-1] for text in long]))  # noqa: RUF071  # no paths
    middle = [f"…{text[begin : max(begin, len(text) - end)]}…" if cells(text) > width else text for text in texts]
    ways = ([shorten(text, width, share) for text in candidates] for candidates in (texts, middle) for share in _SHARES)
    best: list[str] = []
    for way in ways:
        if len(set(way)) > len(set(best)):
            best = way
        if len(set(best)) == len(set(texts)):
            break
    return best


_ONE_WORD = r"(?<=\d) (?=%)|(?<=[\w)½]) (?=[+−-] [\d½])|(?<= [+−-]) (?=[\d½])"
"""The spaces inside a formula, `(i + ½)·16 − ½`, and before a percent sign, at which no line ends."""

_NO_BREAK = "\x1f"  # such a space while lines are broken; printable text has no control characters


def hang(
    head: Sequence[Segment],
    text: str,
    width: int,
    *,
    style: Style = Style.PLAIN,
    indent: int | None = None,
    whole: bool = False,
) -> Iterator[Line]:
    """The head, then the text wrapped; continuation lines are indented by `indent`, or by the head's width.

    Words longer than a line are cut in the middle, but for `whole` text, such as a path that people click on.
    """
    taken = sum(cells(span.text) for span in head)
    room = max(width, taken + 20) - (taken if indent is None else max(taken, indent))
    words = text if whole else " ".join(shorten(word, room) for word in text.split(" "))
    pieces = textwrap.wrap(
        re.sub(_ONE_WORD, _NO_BREAK, as_written(words)),
        max(width, taken + 20),
        initial_indent=" " * taken,
        subsequent_indent=" " * (taken if indent is None else indent),
        break_long_words=False,
        break_on_hyphens=False,
    )
    lines = [piece.replace(_NO_BREAK, " ") for piece in pieces]
    yield (*head, *(Segment(piece[taken:], style) for piece in lines[:1]))
    yield from ((Segment(piece, style),) for piece in lines[1:])


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


class _Grid(Struct, frozen=True):
    """A title and a width for each column that is used, the gap before each, and the width that each column needs."""

    titles: Mapping[int, str]
    widths: Mapping[int, int]
    gap: int
    full: Mapping[int, int]

    @property
    def total(self) -> int:
        """The width of the whole table."""
        return sum(self.gap + width for width in self.widths.values())


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], width: int | None) -> Iterator[Line]:
    """A table with a dim title line, two cells in, empty columns left out.

    Where it is wider than `width`, elastic columns give way down to their floors, then gaps and titles are shortened,
    and at last rows are continued on further lines. Without a width it is as wide as it is.
    """
    used = [index for index in range(len(columns)) if any(row[index] for row in rows)]
    titles = {i: columns[i].title for i in used}
    brief = {i: columns[i].brief or columns[i].title for i in used}
    grid, lines = _grid(columns, titles, rows, GAP, width), [used]
    if width is not None and not _holds(grid, rows, width):
        grid = _grid(columns, brief, rows, 1, width)
        if not _holds(grid, rows, width):
            grid = _grid(columns, titles, rows, GAP, width, share=2)
            lines = list(_lines(grid, width))
    texts = {i: shortened([row[i] for row in rows], own) for i, own in grid.widths.items()}

    def cell(index: int, text: str) -> str:
        return " " * grid.gap + pad(text, grid.widths[index], right=columns[index].right)

    for number, line in enumerate(lines):
        yield (Segment(_INDENT * number + "".join(cell(i, grid.titles[i]) for i in line).rstrip(), Style.DIM),)
    for row in range(len(rows)):
        for number, line in enumerate(lines):
            if not number or any(texts[i][row] for i in line):
                yield (
                    *([Segment(_INDENT * number)] if number else []),
                    *(Segment(cell(i, texts[i][row])) for i in line),
                )


_INDENT = "    "
"""What stands before the lines that continue a row."""


def _grid(
    columns: Sequence[Column],
    titles: Mapping[int, str],
    rows: Sequence[Sequence[str]],
    gap: int,
    width: int | None,
    *,
    share: int = 0,
) -> _Grid:
    """Elastic columns are as narrow as the width asks, down to their floors; with a `share`, that part of the width."""
    full = {i: max(map(cells, (title, *[row[i] for row in rows]))) for i, title in titles.items()}
    widths = dict(full)
    for index in [i for i in titles if columns[i].elastic]:
        if width is None:
            break
        excess = _Grid(titles, widths, gap, full).total - width
        least = width // share if share else max(columns[index].floor, widths[index] - max(excess, 0))
        widths[index] = min(widths[index], least)
    return _Grid(titles, widths, gap, full)


def _holds(grid: _Grid, rows: Sequence[Sequence[str]], width: int) -> bool:
    """Whether the table is narrow enough, and the texts of each column stay as different as they are."""
    narrow = (([row[i] for row in rows], own) for i, own in grid.widths.items() if own < grid.full[i])
    return grid.total <= width and all(len(set(shortened(texts, own))) == len(set(texts)) for texts, own in narrow)


def _lines(grid: _Grid, width: int) -> Iterator[list[int]]:
    """The columns of each line of a row."""
    line: list[int] = []
    taken = number = 0
    for index, own in grid.widths.items():
        if line and taken + grid.gap + own > width:
            yield line
            number += 1
            line, taken = [], number * len(_INDENT)
        line.append(index)
        taken += grid.gap + own
    yield line


def fitting(width: int, *variants: Iterable[Line]) -> tuple[Line, ...]:
    """The first of these that fits a width, else the last. Lazy ones are only rendered when their turn comes."""
    lines: tuple[Line, ...] = ()
    for variant in variants:
        lines = tuple(variant)
        if all(sum(cells(span.text) for span in row) <= width for row in lines):
            break
    return lines
