"""Phrases that several rules use: kernels, distances, axes by number."""

from __future__ import annotations

from collections.abc import Sequence

from strideinspect.spelling import axis_noun, by_axes, listed


def kernel(sizes: Sequence[int], article: str = "its") -> str:
    """A kernel by its size: its 3×3 kernel; its kernel of size 3 along one axis."""
    return f"{article} {by_axes(sizes)} kernel" if len(sizes) > 1 else f"{article} kernel of size {by_axes(sizes)}"


def map_of(sizes: Sequence[int], article: str = "its") -> str:
    """A map by its size: its 3×3 map; its map of 3 samples."""
    if len(sizes) > 1:
        return f"{article} {by_axes(sizes)} map"
    return f"{article} map of {sizes[0]} {axis_noun(0, 1, sizes[0])}"


def axes_listed(axes: Sequence[int]) -> str:
    """Axes by number: axis 2, axes 2 and 3."""
    return f"{'axes' if len(axes) > 1 else 'axis'} {listed([str(axis) for axis in axes])}"


def by_count(counts: Sequence[int]) -> dict[int, list[int]]:
    """The positions in `counts` of every count but 0, so that axes with the same one are named together."""
    return {count: [i for i, other in enumerate(counts) if other == count] for count in counts if count}
