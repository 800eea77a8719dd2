"""Numbers, ranges and keywords of which the types of the JSON report are made."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Struct


class Keyword(Struct, frozen=True):
    """A constraint that Python's types cannot express, as a keyword of JSON Schema with its value."""

    name: str
    value: int | str | tuple[str, ...]


Count = Annotated[int, Keyword("minimum", 0)]
CountPerAxis = list[Count]
Stride = Annotated[str, Keyword("pattern", "^-?[0-9]+(/[1-9][0-9]*)?$"), 'An exact number: "32" or "1/2".']
Exact = Annotated[
    str, Keyword("pattern", r"^-?[0-9]+(\.[0-9]+|/[1-9][0-9]*)?$"), 'An exact number: "-15.5", "0" or "1/3".'
]
RangeJson = Annotated[list[int], Keyword("minItems", 2), Keyword("maxItems", 2), "First and last index, both included."]
Ranges = Annotated[list[RangeJson], "Ranges of indices."]
AnyEntries = dict[str, Any]
"""An object that another standard describes."""
