"""Follow one axis of a graph input through windows and padding: a quick test that rules out sizes that drop pixels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from strideinspect.analysis import Analysis
from strideinspect.fields.liveness import keeps_map
from strideinspect.model.geometry import Geometry, Kind
from strideinspect.model.node import Node
from strideinspect.model.window import refitted
from strideinspect.reads.steps import Read
from strideinspect.windows.pad_nodes import added_by


class Link(NamedTuple):
    """A window or padding along an axis.

    `last` is the window before it; `sole_reader` says that no other node reads its map.
    """

    node: Node
    last: str
    sole_reader: bool
    geometry: Geometry | None = None
    position: int = 0
    padding: tuple[int, int] = (0, 0)


class _Map(NamedTuple):
    """The extent of a map, the number of padding indices at each end, and whether no window precedes it (`first`).

    Mirrored indices count as padding: dropping them loses nothing, since the originals remain.
    """

    size: int
    before: int = 0
    after: int = 0
    first: bool = True


def drops(links: Sequence[Link], length: int, *, only_first: bool) -> bool:
    """Whether one of these windows would drop a pixel of a map that no other node reads."""
    maps = {"": _Map(length)}
    for link in links:
        given = maps.get(link.last)
        if given is None:
            continue
        if link.geometry is None:
            before, after = link.padding
            padded = _Map(given.size + before + after, given.before + before, given.after + after, given.first)
            maps[link.node.key] = padded
        elif given.first or not only_first:
            window = refitted(link.node, link.geometry, link.position, given.size)
            before, after = window.begin + given.before, window.end + given.after
            if link.sole_reader and window.truncated > after:
                return True
            # If a window may lie in padding alone, what a later one drops may be padding: such maps are not followed.
            if max(before, after) < window.extent <= given.size - given.before - given.after:
                maps[link.node.key] = _Map(window.size, first=False)
    return False


def followed(analysis: Analysis, name: str, axis: int) -> list[Link]:
    """The windows that an input axis runs through, each with the window whose output it slides over."""
    readers = Counter(item.node.inputs[i] for item in analysis.reads for i in {read.input for read in item.reads})
    readers.update(analysis.network.outputs)
    behind: dict[str, tuple[str, bool]] = {
        name: ("", readers[name] == 1)
    }  # per tensor: the last window, and whether it has one reader
    links = []
    for item in analysis.reads:
        seen = analysis.fields.get(item.node.key, {}).get((name, axis))
        inputs = [item.node.inputs[read.input] for read in item.reads if item.node.inputs[read.input] in behind]
        if seen is None or len(seen.actual.axes) != 1 or not inputs:
            continue
        (at,) = seen.actual.axes
        last, sole_reader = behind[inputs[0]]
        geometry = analysis.shapes.geometries.get(item.node.key)
        if geometry is not None and at in geometry.axes:
            position = geometry.axes.index(at)
            if geometry.windows[position].transposed or geometry.kind is Kind.GLOBAL:
                continue
            links.append(Link(item.node, last, sole_reader, geometry, position))
            behind[item.node.key] = (item.node.key, readers[item.node.key] == 1)
            continue
        own = (sole_reader or not keeps_map(item)) and readers[
            item.node.key
        ] == 1  # a node that mixes tensors starts a new map
        added = added_by(item, at)
        if added is not None:
            links.append(Link(item.node, last, sole_reader, padding=added))
            behind[item.node.key] = (item.node.key, own)
        elif not any(_touches(read, at) for read in item.reads):
            behind[item.node.key] = (last, own)
    return links


def _touches(read: Read, axis: int) -> bool:
    """Whether a read moves indices along an axis."""
    placed = read.place is not None and read.place.axis == axis
    return placed or any(getattr(step, "axis", None) == axis for step in read.steps)
