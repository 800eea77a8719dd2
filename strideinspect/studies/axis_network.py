"""A network along one axis of an input: at which lengths it runs, drops nothing and sees every index.

Where nodes do nothing along the axis but what their windows and paddings say, a length is a number that goes through
them, and the rest of the network is as at the present length. `axis_links` tells whether that is so of a network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from strideinspect.fields.index_masks import Masks, all_marked, back, either
from strideinspect.model.geometry import Window
from strideinspect.model.window import MisfitError
from strideinspect.reads.convolution import window_step
from strideinspect.reads.steps import Read


class AxisLink(Struct, frozen=True):
    """How a map is made of others: by a window or padding over one, or by joining several that have to be equally long.

    Maps are numbered in order; 0 is the input. `spare` is how many indices before the end of its map the window of a
    window node may drop, since they are padding; None for padding itself. `broadcasts` where the only index of one map
    may be joined with many of another.
    """

    sources: tuple[int, ...]
    window: Callable[[int], Window] | None = None
    spare: int | None = None
    broadcasts: bool = False


class AxisLength(Struct, frozen=True):
    """A length of the axis: whether every node runs, whether a window ends before its map, and how long all maps are.

    The latter two only where every node runs.
    """

    runs: bool
    drops: bool = False
    maps: tuple[int, ...] = ()


_STOPS = AxisLength(runs=False)


class _Slid(Struct, frozen=True):
    """A window over a map of some length: what it reads, and what that is if every index of its output is read."""

    window: Window
    drops: bool
    read: Read
    read_by_all: Masks | None


class AxisNetwork:
    """Judges lengths of one axis. Answers are None where only an analysis of the whole network can tell.

    `read_whole` are the maps of which outputs read every index, `longest` is the longest map that is followed. Maps
    behind strides are as at other lengths, so that each window is resolved once per length of its own map.
    """

    def __init__(self, links: Sequence[AxisLink], read_whole: frozenset[int], longest: int) -> None:
        self._longest = longest
        self._links = links
        self._read_whole = read_whole
        self._slid: list[dict[int, _Slid | None]] = [{} for _ in links]
        self._lengths: dict[int, AxisLength | None] = {}

    def at(self, length: int) -> AxisLength | None:
        """What a length of the axis makes of all maps."""
        if length not in self._lengths:
            self._lengths[length] = self._followed(length)
        return self._lengths[length]

    def _followed(self, length: int) -> AxisLength | None:
        maps, drops = [length], False
        for link, known in zip(self._links, self._slid, strict=True):
            given = maps[link.sources[0]]
            if link.window is None:
                others = {maps[source] for source in link.sources}
                if len(others) > 1:
                    return None if link.broadcasts and 1 in others else _STOPS
                maps.append(given)
                continue
            if given not in known:
                known[given] = _slid(link, link.window, given)
            slid = known[given]
            if slid is None:
                return None
            if slid.window.size < 1:
                return _STOPS
            drops |= slid.drops
            maps.append(slid.window.size)
        return AxisLength(runs=True, drops=drops, maps=tuple(maps)) if max(maps) <= self._longest else None

    def sees_everything(self, found: AxisLength) -> bool | None:
        """Whether outputs depend on every index of the input, at a length at which every node runs."""
        whole = [all_marked((size,)) for size in found.maps]
        masks = [mask if number in self._read_whole else None for number, mask in enumerate(whole)]
        for number in range(len(self._links), 0, -1):
            wanted, link = masks[number], self._links[number - 1]
            if wanted is None:
                continue
            slid = self._slid[number - 1].get(found.maps[link.sources[0]])
            read = wanted if slid is None else slid.read_by_all if wanted is whole[number] else back(slid.read, wanted)
            if read is None:
                return None  # windows in padding alone: whether they count is decided by all axes
            for source in link.sources:
                if masks[source] is not whole[source]:
                    masks[source] = _whole_again(either(masks[source], read), whole[source])
        return masks[0] is whole[0]


def _whole_again(masks: Masks, whole: Masks) -> Masks:
    """The one object for every index, where every index is marked."""
    return whole if masks[0].all() else masks


def _slid(link: AxisLink, window_at: Callable[[int], Window], length: int) -> _Slid | None:
    """The window at a length of its map; None where more than windows decide what happens."""
    try:
        window = window_at(length)
    except MisfitError:
        return None
    if min(window.begin, window.end) < 0:
        return None
    read = Read(0, 0, (window_step(0, window),))
    drops = link.spare is not None and window.truncated > window.end + link.spare
    return _Slid(window, drops, read, back(read, all_marked((window.size,))) if window.size > 0 else None)
