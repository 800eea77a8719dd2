"""The rows of a table as they stand on a page or a terminal."""

from __future__ import annotations

import re


def rows(text: str) -> list[str]:
    """The lines with columns: those that hold two spaces and more between words. Their columns are part of them."""
    return [line.rstrip() for line in text.splitlines() if re.search(r"\S {2,}\S", line)]
