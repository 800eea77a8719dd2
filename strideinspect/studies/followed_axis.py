"""Follow one axis of a graph input through windows and padding: a quick test that rules out sizes that drop pixels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from msgspec import Struct

from strideinspect.analysis import Analysis
from strideinspect.fields.liveness import keeps_map
from strideinspect.model.geometry import Kind, Window
from strideinspect.model.node import Node
from strideinspect.model.window import refitting
from strideinspect.reads.steps import Read
from strideinspect.windows.pad_nodes import added_by


class Link(Struct, frozen=True):
    """A window or padding along an axis.

    `last` is the window before it; `readers` is how many nodes read its map `tensor`, 0 where the map is read elsewhere
    before. `window` makes the window at another length of the map; there is none for padding.
    """

    node: Node
    last: str
    tensor: str = ""
    readers: int = 0
    window: Callable[[int], Window] | None = None
    padding: tuple[int, int] = (0, 0)


class _Map(Struct, frozen=True):
    """The extent of a map, the number of padding indices at each end, and whether no window precedes it (`first`).

    Mirrored indices count as padding: dropping them loses nothing, since the originals remain.
    """

    size: int
    before: int = 0
    after: int = 0
    first: bool = True


class FollowedAxis:
    """One axis of a graph input and the windows that it runs through.

    Maps are the smaller the more strides lie before them, so that few differ between neighbouring sizes: what was
    computed of a window and a map is kept, and a size costs microseconds.
    """

    def __init__(self, analysis: Analysis, name: str, axis: int) -> None:
        self._links = followed(analysis, name, axis)
        self._steps: list[dict[_Map, tuple[int, _Map | None]]] = [{} for _ in self._links]

    def drops(self, length: int, *, only_first: bool) -> bool:
        """Whether a pixel of a map would be dropped by every window that reads the map.

        `only_first` leaves out windows behind others.
        """
        maps = {"": _Map(length)}
        droppers: Counter[str] = Counter()
        for link, steps in zip(self._links, self._steps, strict=True):
            given = maps.get(link.last)
            if given is None or (only_first and link.window is not None and not given.first):
                continue
            if given not in steps:
                steps[given] = _step(link, given)
            dropped, made = steps[given]
            if dropped > 0:
                droppers[link.tensor] += 1
                if droppers[link.tensor] == link.readers:
                    return True
            if made is not None:
                maps[link.node.key] = made
        return False


def _step(link: Link, given: _Map) -> tuple[int, _Map | None]:
    """How many pixels of a map a window drops, and the map that it makes, None where that is not followed."""
    if link.window is None:
        before, after = link.padding
        return 0, _Map(given.size + before + after, given.before + before, given.after + after, given.first)
    window = link.window(given.size)
    before, after = window.begin + given.before, window.end + given.after
    dropped = max(0, window.truncated - after)
    # If a window may lie in padding alone, what a later one drops may be padding: such maps are not followed.
    if max(before, after) < window.extent <= given.size - given.before - given.after:
        return dropped, _Map(window.size, first=False)
    return dropped, None


def followed(analysis: Analysis, name: str, axis: int) -> list[Link]:
    """The windows that an input axis runs through, each with the window whose output it slides over."""
    readers = Counter(item.node.inputs[i] for item in analysis.reads for i in {read.input for read in item.reads})
    readers.update(analysis.network.outputs)
    # Per tensor the last window before it, and whether only one way leads from there to it.
    behind: dict[str, tuple[str, bool]] = {name: ("", True)}
    links = []
    for item in analysis.reads:
        seen = analysis.fields.get(item.node.key, {}).get((name, axis))
        inputs = [item.node.inputs[read.input] for read in item.reads if item.node.inputs[read.input] in behind]
        if seen is None or len(seen.actual.axes) != 1 or not inputs:
            continue
        (at,) = seen.actual.axes
        last, sole = behind[inputs[0]]
        geometry = analysis.shapes.geometries.get(item.node.key)
        if geometry is not None and at in geometry.axes:
            position = geometry.axes.index(at)
            if geometry.windows[position].transposed or geometry.kind is Kind.GLOBAL:
                continue
            count = readers[inputs[0]] if sole else 0
            links.append(Link(item.node, last, inputs[0], count, refitting(item.node, geometry, position)))
            behind[item.node.key] = (item.node.key, True)
            continue
        # A node that mixes tensors starts a new map.
        own = (sole and readers[inputs[0]] == 1) or not keeps_map(item)
        added = added_by(item, at)
        if added is not None:
            links.append(Link(item.node, last, padding=added))
            behind[item.node.key] = (item.node.key, own)
        elif not any(_touches(read, at) for read in item.reads):
            behind[item.node.key] = (last, own)
    return links


def _touches(read: Read, axis: int) -> bool:
    """Whether a read moves indices along an axis."""
    placed = read.place is not None and read.place.axis == axis
    return placed or any(getattr(step, "axis", None) == axis for step in read.steps)
