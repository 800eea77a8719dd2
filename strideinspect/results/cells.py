"""Two indices of an output, and what they really depend on: at the border, and in the middle."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from strideinspect.results.field import Field, Span


class CellAxis(Struct, frozen=True):
    """What one index of a tensor depends on along one axis of a graph input.

    Attributes:
        input: Name of the graph input.
        axis: Axis of the graph input.
        at: The index along the axis of this tensor on which the position runs.
        seen: First and last pixel of its actual local field, both included; None where it depends on none.
    """

    input: str
    axis: int
    at: int
    seen: Span | None


class Cell(Struct, frozen=True):
    """One index of a tensor with a position.

    Attributes:
        name: "corner" (index 0 along every axis) or "middle".
        axes: What it depends on, per axis of a graph input along which it has a position.
    """

    name: str
    axes: tuple[CellAxis, ...]


def cells_of(fields: Sequence[Field]) -> tuple[Cell, ...]:
    """The corner and the middle one; nothing where no axis has a position."""
    placed = [field for field in fields if field.node_axis is not None and len(field.positions)]
    if not placed:
        return ()
    return tuple(
        Cell(name, tuple(CellAxis(f.input, f.axis, i, f.positions.at(i)) for f, i in zip(placed, at, strict=True)))
        for name, at in (("corner", [0] * len(placed)), ("middle", [len(f.positions) // 2 for f in placed]))
    )
