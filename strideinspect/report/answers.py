"""Answers to questions about a model, as tables with notes: one description, written as text and as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from strideinspect.report.layout import Column, Document, Line, Segment, Style, hang, printable, table
from strideinspect.report.markdown import escaped
from strideinspect.report.symbols import as_written


class Section(Struct, frozen=True):
    """A sentence, a table, notes under it, lines that are shown as they are, and a picture in characters.

    Empty parts are left out.
    """

    heading: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    lines: Sequence[str] = ()
    picture: Sequence[str] = ()


class Answer(Struct, frozen=True):
    """An answer about one model, under its path."""

    path: str
    sections: Sequence[Section]


def text(answer: Answer, width: int) -> Document:
    """The answer in lines of a width, in terminal cells."""
    return tuple(_lines(answer, width))


def _lines(answer: Answer, width: int) -> Iterator[Line]:
    yield (Segment(answer.path, Style.STRONG),)
    for section in answer.sections:
        yield ()
        yield from hang((), section.heading, width)
        if section.rows:
            yield from table(section.columns, section.rows, width)
        for note in section.notes:
            yield from hang((Segment("  "),), note, width)
        yield from ((Segment(line),) for line in section.lines)
        yield from ((Segment(f"  {as_written(row)}"),) for row in section.picture)


def markdown(answer: Answer) -> str:
    """The answer in GitHub's flavour of Markdown."""
    return "\n".join(_paragraphs(answer)) + "\n"


def _paragraphs(answer: Answer) -> Iterator[str]:
    yield f"## {escaped(answer.path)}"
    for section in answer.sections:
        yield f"\n{escaped(section.heading)}"
        used = [i for i in range(len(section.columns)) if any(row[i] for row in section.rows)]
        if section.rows:
            yield ""
            yield _row([section.columns[i].title for i in used])
            yield _row(["--:" if section.columns[i].right else "---" for i in used], as_it_is=True)
            yield from (_row([row[i] for i in used]) for row in section.rows)
        if section.notes:
            yield ""
        yield from (f"- {escaped(note)}" for note in section.notes)
        if section.lines:
            fence = "`" * max(3, *(1 + _ticks(line) for line in section.lines))
            yield from ("", f"{fence}diff", *map(printable, section.lines), fence)
        if section.picture:
            yield "\n```text"
            yield from section.picture
            yield "```"


def _ticks(line: str) -> int:
    """The longest run of backticks: a fence has to be longer."""
    return max((len(run) for run in re.findall("`+", line)), default=0)


def _row(cells: Sequence[str], *, as_it_is: bool = False) -> str:
    return f"| {' | '.join(cells if as_it_is else map(escaped, cells))} |"
