"""Where words go: results to standard output, everything else to standard error; colours only for who can see them."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from strideinspect.errors import UsageError

if TYPE_CHECKING:
    from strideinspect.report.layout import Document

ASCII = str.maketrans(
    {"×": "x", "–": "-", "─": "-", "▸": ">", "·": "-", "…": "...", "↑": "^", "┌": "/", "│": "|", "└": "\\", "⁰": "[0]"}
    | {superscript: f"[{digit}]" for digit, superscript in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}
)
NARROWEST, WIDEST = 60, 120


def width() -> int:
    """Cells to fill: the terminal's, or 80; within bounds that a table needs and an eye can follow."""
    return min(max(shutil.get_terminal_size((80, 24)).columns, NARROWEST), WIDEST)


def write(text: str) -> None:
    """Write a result to standard output. A reader that has left (`| head`) is no error: it has seen enough.

    Raises UsageError where standard output cannot take it, a full disk say.
    """
    try:
        sys.stdout.write(_encodable(text, sys.stdout))
        sys.stdout.flush()
    except OSError as error:
        # What is still buffered must not fail once more when Python exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise UsageError(
                f"cannot write to standard output: {error.strerror}", "give room, or --output elsewhere"
            ) from error


def watched() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()


def show(document: Document) -> None:
    """Write a document to standard output, in colour where that is a terminal that wants it."""
    if _colourful(sys.stdout):
        # Only where it is used: a CI job pays nothing for colours that nobody sees.
        from strideinspect.cli import colours

        write(colours.coloured(document, links=watched()))
    else:
        from strideinspect.report.layout import plain

        write(plain(document))


def complain(message: str) -> None:
    """One line on standard error, whatever the message holds."""
    from strideinspect.report.layout import printable  # --help does without

    line = printable(" ".join(message.split()))
    sys.stderr.write(_encodable(f"strideinspect: {line}\n", sys.stderr))


@contextmanager
def progress(*, quiet: bool) -> Iterator[Callable[[str], None] | None]:
    """A function that shows what is being done, while the block runs; None where nobody watches."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    with Console(stderr=True).status("") as status:
        yield status.update


def _colourful(stream: TextIO) -> bool:
    return not os.environ.get("NO_COLOR") and (stream.isatty() or bool(os.environ.get("FORCE_COLOR")))


def _encodable(text: str, stream: TextIO) -> str:
    """The text as the stream can take it: our own signs in ASCII, and a question mark for what has no such form."""
    encoding = stream.encoding or "ascii"
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(ASCII).encode(encoding, "replace").decode(encoding)
    return text
