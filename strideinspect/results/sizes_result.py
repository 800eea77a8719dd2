"""Which input sizes of a model are good for what: rules over the sizes of one axis."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from strideinspect.results.field import Span
from strideinspect.results.size_rules import AxisSizes


class Sizes(Struct, frozen=True):
    """The answer to `sizes`.

    Attributes:
        path: The file, as it was given.
        axes: One entry per spatial axis of each graph input.
        within: The range of sizes that was asked for; None without one.
    """

    path: str
    axes: tuple[AxisSizes, ...]
    within: Span | None = None

    def to_dict(self) -> dict[str, Any]:
        """The answer as dicts, lists, texts and numbers, under the schema `strideinspect/sizes/1`."""
        from strideinspect.results import sizes_data

        return {**sizes_data.document(self.path, self.axes)}
