"""The cell that a question about one index is asked of: the one that is named, or the middle one of a map."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice

from strideinspect.analysis import Analysis
from strideinspect.errors import UsageError
from strideinspect.results.boxes import Place
from strideinspect.studies import places


def place_of(analysis: Analysis, at: str | None) -> Place:
    """The cell that is asked for; by default the middle one of the first output with a position.

    Where no output has one, of the map that the first of them was pooled from. Raises UsageError where there is none.
    """
    if at is not None:
        place = places.place(analysis, at, analysis.network.outputs, "--at")
        if place.tensor in analysis.network.inputs:
            raise UsageError(f"--at {at}: {place.tensor} is an input", "name an output, or a tensor inside the model")
        return place
    names = analysis.network.outputs
    own = (place for name in names for place in _own(analysis, name))
    pooled = (place for name in names for place in _pooled(analysis, name))
    found = next(chain(own, pooled), None)
    if found is not None:
        return found
    raise UsageError("no output has a position", "name an index of a tensor inside the model: --at TENSOR:7,7")


def middles_of(analysis: Analysis, output: str) -> list[Place]:
    """The middle index of an output, of each map that it holds, or of the one that it was pooled from; else none."""
    return [*_own(analysis, output)] or [*islice(_pooled(analysis, output), 1)]


def middle(analysis: Analysis, name: str) -> Place | None:
    """The middle index of a tensor; None where it has no position."""
    axes = places.position_axes(analysis, name)
    most = max(map(len, analysis.spatial_axes.values()), default=0)  # windows of attention have more
    if not 1 <= len(axes) <= most or name in analysis.network.inputs:
        return None
    shape = analysis.shapes.shapes[name]
    return Place(name, shape, axes, tuple(shape[axis] // 2 for axis in axes))


def _own(analysis: Analysis, name: str) -> Iterator[Place]:
    """Of a tensor that holds several maps, such as the levels of a detector, the middles of those; else its own."""
    if name not in analysis.shapes.shapes:
        return
    levels = [middle(analysis, scale.tensor) for scale in analysis.tensor(name).scales]
    found = [place for place in levels if place is not None]
    itself = None if found else middle(analysis, name)
    yield from found if itself is None else [itself]


def _pooled(analysis: Analysis, name: str) -> Iterator[Place]:
    """Of the last maps with a position that a tensor without one was made of.

    A pooling with a kernel as large as the map leaves a closed form without a position.
    """
    if name not in analysis.shapes.shapes:
        return
    known = (field.last_local.tensor for field in analysis.tensor(name).fields if field.last_local is not None)
    before = analysis.needed_by(name)
    others = (tensor for node in reversed(analysis.shapes.nodes) for tensor in node.outputs if tensor in before)
    yield from (place for tensor in chain(known, others) if (place := middle(analysis, tensor)) is not None)
