"""Answers to questions about a model, as tables with notes: one description, written as text and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from strideinspect.report.layout import Column, Document, Line, Segment, Style, hang, table
from strideinspect.report.markdown import escaped
from strideinspect.report.symbols import as_written


class Section(NamedTuple):
    """A sentence, a table, notes under it and a picture in characters. A table without rows is left out."""

    heading: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()
    picture: Sequence[str] = ()


class Answer(NamedTuple):
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
        if section.picture:
            yield "\n```text"
            yield from section.picture
            yield "```"


def _row(cells: Sequence[str], *, as_it_is: bool = False) -> str:
    return f"| {' | '.join(cells if as_it_is else map(escaped, cells))} |"
