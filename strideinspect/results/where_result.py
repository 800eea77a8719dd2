"""Which part of one tensor an index of another depends on, and which indices depend on a pixel."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, structs

from strideinspect.results.boxes import Box, Cells, Place


class Where(Struct, frozen=True):
    """The answer to `where`.

    Attributes:
        path: The file, as it was given.
        at: The index or pixel that was asked about.
        boxes: What an index depends on, per graph input; empty where a pixel was asked about.
        cells: What depends on a pixel, per graph output; empty where an index was asked about.
    """

    path: str
    at: Place
    boxes: tuple[Box, ...]
    cells: tuple[Cells, ...]

    def to_dict(self) -> dict[str, Any]:
        """The answer as dicts, lists, texts and numbers, under the schema `strideinspect/where/1`."""
        from strideinspect.results import where_data

        return {**where_data.document(*structs.astuple(self))}
