"""A tensor of the probe: its name in the probe's graph, and the axes along which the probed position runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct, structs

from strideinspect.results.field import Shape


class InexpressibleError(Exception):
    """The probe cannot express what a node reads; the message is the reason."""


class AxisRoles(Struct, frozen=True):
    """The axes of a tensor along which the position along the probed axis runs.

    `position_axes` are the axes along which it runs; `collapsed` those along which it ran before pooling or reducing
    brought them to extent 1; `removed` says that such an axis was removed since, and `remade` that an axis was inserted
    after that, so that any of extent 1 may be the one that was removed. `other_axes` are the axes along which the
    positions of the other probed axes run: fields are projected over these, so that padding along them is not a hole.
    """

    position_axes: frozenset[int] = frozenset()
    collapsed: frozenset[int] = frozenset()
    removed: bool = False
    other_axes: frozenset[int] = frozenset()
    remade: bool = False

    def with_new_axes(self) -> AxisRoles:
        """The roles after axes of extent 1 were inserted."""
        return structs.replace(self, remade=True) if self.removed else self

    def moved(self, places: dict[int, int]) -> AxisRoles:
        """The roles after axis `k` became `places[k]`; an axis without a place is removed."""
        lost = self.collapsed - places.keys()
        return AxisRoles(
            frozenset(places[k] for k in self.position_axes if k in places),
            frozenset(places[k] for k in self.collapsed if k in places),
            self.removed or bool(lost),
            frozenset(places[k] for k in self.other_axes if k in places),
            self.remade,
        )

    def collapsing(self, axes: Iterable[int], shape: Shape) -> AxisRoles:
        """The roles after pooling the whole of `axes` of a tensor of this shape into one index each."""
        fresh = frozenset(k for k in axes if k in self.position_axes and shape[k] > 1)
        return structs.replace(self, position_axes=self.position_axes - fresh, collapsed=self.collapsed | fresh)

    def without(self, axes: Iterable[int]) -> AxisRoles:
        """The roles without `axes`: no position runs along them any more."""
        ordinary = frozenset(axes)
        return structs.replace(
            self,
            position_axes=self.position_axes - ordinary,
            collapsed=self.collapsed - ordinary,
            other_axes=self.other_axes - ordinary,
        )

    @staticmethod
    def merged(several: Sequence[AxisRoles]) -> AxisRoles:
        """The roles of a value that depends on several: an axis that collapsed in one of them has collapsed."""
        if all(roles == several[0] for roles in several) and several[0].position_axes.isdisjoint(several[0].collapsed):
            return several[0]
        collapsed = frozenset().union(*(roles.collapsed for roles in several))
        position_axes = frozenset().union(*(roles.position_axes for roles in several)) - collapsed
        other_axes = frozenset().union(*(roles.other_axes for roles in several))
        removed, remade = any(roles.removed for roles in several), any(roles.remade for roles in several)
        return AxisRoles(position_axes, collapsed, removed, other_axes, remade)

    def spreads(self, axis: int) -> bool:
        """Whether going from extent 1 to more along `axis` spreads a collapsed axis again."""
        return axis in self.collapsed or (self.remade and axis not in self.position_axes)


class Value(Struct, frozen=True):
    """A tensor of the probe.

    `shape` is that of the model's tensor. `extents` is the shape of the probe's own tensor `name`, which broadcasts to
    `shape`: 1 along every axis along which it is constant, else the extent in `shape`.
    """

    name: str
    shape: Shape
    extents: Shape
    roles: AxisRoles

    def constant_along(self, axis: int) -> bool:
        """Whether the probe's tensor has extent 1 along `axis`."""
        return self.extents[axis] == 1

    def ignores_holes(self, axis: int) -> bool:
        """Whether holes along `axis` are projected away, because only positions of other probed axes run along it."""
        return self.constant_along(axis) and axis in self.roles.other_axes and axis not in self.roles.position_axes

    def normal(self, axis: int) -> int:
        """`axis` counted from the front. Raises InexpressibleError where there is no such axis."""
        rank = len(self.shape)
        if not -rank <= axis < rank:
            raise InexpressibleError(f"axis {axis} of a tensor with {rank} axes")
        return axis % rank
