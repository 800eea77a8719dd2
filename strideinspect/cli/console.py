"""Output: results to standard output, everything else to standard error; colours only on terminals."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from strideinspect.cli.colour_choice import Colour
from strideinspect.errors import UsageError

if TYPE_CHECKING:
    from rich.live import Live

    from strideinspect.report.layout import Document

NARROWEST, WIDEST = 60, 120


def width() -> int:
    """Cells per line: the terminal's width or 80, at least what a table needs and at most what is easy to read."""
    return min(max(shutil.get_terminal_size((80, 24)).columns, NARROWEST), WIDEST)


def write(text: str, *, exact: bool = False) -> None:
    """Write a result to standard output. A reader that has closed the pipe (`| head`) is not an error.

    `exact` text is for programs: it is UTF-8 as in a file, whatever the terminal's encoding. Raises UsageError where
    writing fails, for example on a full disk.
    """
    check_open()
    from strideinspect.report import symbols  # --help does not need it

    try:
        if exact and hasattr(sys.stdout, "buffer"):
            sys.stdout.flush()
            sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
        else:
            sys.stdout.write(symbols.encodable(text, encoding()))
        sys.stdout.flush()
    except OSError as error:
        # The rest of the buffer must not fail again when Python exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):
            raise UsageError(
                f"cannot write to standard output: {error.strerror}",
                "free some space, or use --output",
            ) from error


def check_open() -> None:
    """Raise UsageError where the program was started without a standard output (`>&-`)."""
    if sys.stdout is None:
        raise UsageError("cannot write to standard output: it is closed", "write >/dev/null to discard the result")


def encoding() -> str:
    """The encoding of standard output."""
    return getattr(sys.stdout, "encoding", None) or "ascii"


def watched() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def show(document: Document, colour: Colour = Colour.AUTO) -> None:
    """Write a document to standard output, in colour where that is wanted."""
    check_open()
    if colour.wanted(sys.stdout):
        # Imported only where it is used: a CI job does not need it.
        from strideinspect.cli import terminal_colours

        write(terminal_colours.coloured(document, links=watched()))
    else:
        from strideinspect.report.layout import plain

        write(plain(document))


def complain(message: str) -> None:
    """Write the message to standard error as one line, whatever it contains."""
    from strideinspect.report import symbols  # --help does not need them
    from strideinspect.report.layout import printable

    line = printable(" ".join(message.split()))
    if sys.stderr is not None:
        sys.stderr.write(symbols.encodable(f"strideinspect: {line}\n", sys.stderr.encoding or "ascii"))


class Progress:
    """One line on standard error that says what is being done. It never touches standard output."""

    def __init__(self) -> None:
        self._live: Live | None = None

    def __call__(self, step: str) -> None:
        """Show this step in place of the last one."""
        from rich.console import Console
        from rich.live import Live
        from rich.spinner import Spinner
        from rich.text import Text

        line = Spinner("dots", Text(step))  # as Text: brackets in a file's name are no markup
        if self._live is None:
            # Redirected, prints of ours would go to this console, which is standard error's.
            console = Console(stderr=True)
            self._live = Live(line, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)
            self._live.start()
        else:
            self._live.update(line)

    def clear(self) -> None:
        """Remove the line, so that other text can be written to the terminal; the next step shows it again."""
        if self._live is not None:
            self._live.stop()
            self._live = None


_shown: ContextVar[Progress | None] = ContextVar("progress", default=None)


@contextmanager
def progress(*, quiet: bool) -> Iterator[Progress | None]:
    """What shows the current step while the block runs; None without a terminal."""
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    line = Progress()
    token = _shown.set(line)
    try:
        yield line
    finally:
        _shown.reset(token)
        line.clear()


def step(text: str) -> None:
    """Show a step in the line of progress, if one is shown."""
    line = _shown.get()
    if line is not None:
        line(text)
