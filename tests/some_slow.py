"""Tables of which `-m "not slow"` takes a part: each rule, operator, command and format is in it at least once."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from typing import Any

import pytest


def some_slow(rows: Iterable[Any], slow: Container[Any]) -> list[object]:
    """The rows of a table for `parametrize`; those that are named in `slow`, by their first value, are marked so."""
    marked: list[object] = []
    for row in rows:
        values = row if isinstance(row, tuple) else (row,)
        marked.append(pytest.param(*values, marks=pytest.mark.slow if values[0] in slow else ()))
    return marked


def repeating(graphs: Mapping[str, str]) -> set[str]:
    """The names of the graphs, given as ONNX text, whose operators are all in graphs before them."""
    known: set[str] = set()
    found = set()
    for name, text in graphs.items():
        operators = set(re.findall(r"=\s*([A-Za-z][\w.]*)\s*[<(]", text))
        if operators <= known:
            found.add(name)
        known |= operators
    return found
