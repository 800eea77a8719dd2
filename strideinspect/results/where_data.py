"""The answer to `where` as plain data: the JSON contract `strideinspect/where/1`."""

from __future__ import annotations

from strideinspect.results.boxes import Box, BoxAxis, Cells, Place
from strideinspect.results.json_where_types import NAME, BoxAxisJson, CellsJson, WhereJson


def document(path: str, at: Place, boxes: tuple[Box, ...], cells: tuple[Cells, ...]) -> WhereJson:
    """The document as dicts, lists, texts and numbers."""
    return {
        "schema": NAME,
        "path": path,
        "at": {"tensor": at.tensor, "shape": [*at.shape], "axes": [*at.axes], "index": [*at.indices]},
        "boxes": [{"input": box.input, "axes": [*map(_side, box.axes)]} for box in boxes],
        "cells": [*map(_cells, cells)],
    }


def _side(side: BoxAxis) -> BoxAxisJson:
    full = side.full
    return {
        "axis": side.axis,
        "extent": side.extent,
        "first": side.first,
        "last": side.last,
        "center": None if side.center is None else float(side.center),  # whole or half: exact
        "padding": None if side.padding is None else [*side.padding],
        "holes": [[*hole] for hole in side.holes],
        "full": None if full is None else {"since": full.collapsed_at, "first": full.first, "last": full.last},
        "reason": side.reason,
    }


def _cells(cells: Cells) -> CellsJson:
    return {
        "output": cells.output,
        "axes": [
            {
                "axis": side.axis,
                "extent": side.extent,
                "first": side.first,
                "last": side.last,
                "holes": [[*hole] for hole in side.holes],
            }
            for side in cells.axes
        ],
        "full": cells.full,
        "unknown": cells.unknown,
    }
