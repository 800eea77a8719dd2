"""Colours and links of a document on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from strideinspect.report.layout import Document, Segment, Style

COLOURS = {
    Style.DIM: "dim",
    Style.STRONG: "bold",
    Style.GOOD: "green",
    Style.NOTE: "cyan",
    Style.WARNING: "yellow",
    Style.ERROR: "bold red",
}


def coloured(document: Document, *, links: bool) -> str:
    """The document as text with terminal escape sequences for its colours and, if `links`, for its links."""
    # Whether colours are wanted has been decided: rich must not ask the environment again.
    console = Console(soft_wrap=True, highlight=False, force_terminal=True, no_color=False, color_system="standard")
    with console.capture() as capture:
        for row in document:
            console.print(Text.assemble(*((span.text, _look(span, links=links)) for span in row)))
    return capture.get()


def _look(span: Segment, *, links: bool) -> str:
    """A segment's colour and link as a style of rich."""
    link = f"link {span.link}" if span.link and links else ""
    return f"{COLOURS.get(span.style, '')} {link}".strip()
