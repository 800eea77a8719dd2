"""How shapes are written in messages and reports."""

from __future__ import annotations

from collections.abc import Iterable


def spell_shape(shape: Iterable[int | str | None]) -> str:
    """A shape such as 1×3×224×224; an axis of unknown size is "?". A shape without axes is "scalar"."""
    return "×".join("?" if size is None else str(size) for size in shape) or "scalar"
