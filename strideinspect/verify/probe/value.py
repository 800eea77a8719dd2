"""A tensor of the probe: where it lives in the probe's graph, and where the probed position runs in it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from strideinspect.results.field import Shape


class InexpressibleError(Exception):
    """The probe cannot say what a node reads; the message is the reason."""


class Marks(NamedTuple):
    """Where the position along the probed axis runs in a tensor.

    `running` are the axes of the tensor along which it runs; `collapsed` those that had it and were brought to extent 1
    by pooling or reducing; `gone` says that such an axis was removed since. `aside` are the axes along which the
    positions of the other probed axes run: fields are projected over these, so that padding along them is no hole.
    """

    running: frozenset[int] = frozenset()
    collapsed: frozenset[int] = frozenset()
    gone: bool = False
    aside: frozenset[int] = frozenset()

    def moved(self, places: dict[int, int]) -> Marks:
        """The marks after axis `k` became `places[k]`; an axis without a place is removed."""
        lost = self.collapsed - places.keys()
        return Marks(
            frozenset(places[k] for k in self.running if k in places),
            frozenset(places[k] for k in self.collapsed if k in places),
            self.gone or bool(lost),
            frozenset(places[k] for k in self.aside if k in places),
        )

    def collapsing(self, axes: Iterable[int], shape: Shape) -> Marks:
        """The marks after pooling the whole of `axes` of a tensor of this shape into one index each."""
        fresh = frozenset(k for k in axes if k in self.running and shape[k] > 1)
        return self._replace(running=self.running - fresh, collapsed=self.collapsed | fresh)

    def without(self, axes: Iterable[int]) -> Marks:
        """The marks once no position runs along `axes` any more, and they count as ordinary."""
        gone = frozenset(axes)
        return Marks(self.running - gone, self.collapsed - gone, self.gone, self.aside - gone)

    @staticmethod
    def merged(found: Sequence[Marks]) -> Marks:
        """The marks of what depends on several values: what one of them has lost, the whole has."""
        if all(marks == found[0] for marks in found) and found[0].running.isdisjoint(found[0].collapsed):
            return found[0]
        collapsed = frozenset().union(*(marks.collapsed for marks in found))
        running = frozenset().union(*(marks.running for marks in found)) - collapsed
        aside = frozenset().union(*(marks.aside for marks in found))
        return Marks(running, collapsed, any(marks.gone for marks in found), aside)

    def spreads(self, axis: int) -> bool:
        """Whether going from extent 1 to more along `axis` spreads a collapsed axis again."""
        return axis in self.collapsed or (self.gone and axis not in self.running)


class Value(NamedTuple):
    """A tensor as the probe has it.

    `shape` is that of the model's tensor. `extents` is the shape of the probe's own tensor `name`: 1 along every axis
    along which nothing changes, `shape`'s extent along the others; so it broadcasts to `shape`.
    """

    name: str
    shape: Shape
    extents: Shape
    marks: Marks

    def constant_along(self, axis: int) -> bool:
        """Whether the probe keeps one index for all along `axis`."""
        return self.extents[axis] == 1

    def ignores_holes(self, axis: int) -> bool:
        """Whether what is empty along `axis` is projected away: there run only the positions of other probed axes."""
        return self.constant_along(axis) and axis in self.marks.aside and axis not in self.marks.running

    def normal(self, axis: int) -> int:
        """`axis` counted from the front. Raises InexpressibleError where there is no such axis."""
        rank = len(self.shape)
        if not -rank <= axis < rank:
            raise InexpressibleError(f"axis {axis} of a tensor with {rank} axes")
        return axis % rank
