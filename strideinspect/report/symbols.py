"""Our own symbols where the reader's encoding lacks them: `x` for a multiplication sign, `[1]` for a footnote's number.

Some of them take more cells, so a text is laid out for an encoding: widths are measured of what will be written. That
is a property of the whole rendering, like a locale, so it is a context and no argument of every function.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

ASCII = str.maketrans(
    {
        "×": "x",
        "–": "-",
        "─": "-",
        "▸": ">",
        "·": "-",
        "…": "...",
        "↑": "^",
        "┌": "/",
        "│": "|",
        "└": "\\",
        "⁰": "[0]",
        "┐": "\\",
        "┘": "/",
        "−": "-",
        "½": "1/2",
        "√": "sqrt ",
    }
    | {"░": ".", "▒": "+", "█": "#"}
    | {superscript: f"[{digit}]" for digit, superscript in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")}
)
_SYMBOLS = "".join(map(chr, ASCII))
_TIMES = r"(?<=[\w)])·(?=[\w(])"
"""A multiplication sign, as in `16·i` and `(i + ½)·16`; between words the same character parts them."""

_encoding: ContextVar[str] = ContextVar("encoding", default="")


@contextmanager
def written_in(encoding: str) -> Iterator[None]:
    """Lay out what is rendered in this block for an encoding. One that has all of our symbols changes nothing."""
    token = _encoding.set("" if _has(encoding, _SYMBOLS) else encoding)
    try:
        yield
    finally:
        _encoding.reset(token)


def as_written(text: str) -> str:
    """The text as it will be written in the encoding of the block around."""
    return in_encoding(text, _encoding.get()) if _encoding.get() and not text.isascii() else text


def in_encoding(text: str, encoding: str) -> str:
    """The text with our own symbols in ASCII, and a question mark for any other character that the encoding lacks."""
    return re.sub(_TIMES, "*", text).translate(ASCII).encode(encoding, "replace").decode(encoding)


def encodable(text: str, encoding: str) -> str:
    """The text itself where the encoding has all of it, else as `in_encoding`."""
    return text if _has(encoding, text) else in_encoding(text, encoding)


def _has(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
