"""One of several maps that a tensor holds side by side, such as a level of a detector."""

from __future__ import annotations

from msgspec import Struct

from strideinspect.results.field import Field


class Scale(Struct, frozen=True):
    """A map that fills a range of a tensor's axis, flattened.

    Attributes:
        tensor: Name of the tensor that holds the map by itself.
        grid: Indices of the map along each of its position axes.
        count: Indices of the tensor's axis that the map fills: more than the grid has where a position has several.
        fields: The receptive field of the map's indices, one per axis of a graph input. Their positions run along the
            grid; `node_axis` is the tensor's axis, which all axes of the grid share.
    """

    tensor: str
    grid: tuple[int, ...]
    count: int
    fields: tuple[Field, ...]
