"""Sizes that neither the file nor the user gives: which axes have them, at what size they are inspected, and why."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, StrEnum

from msgspec import Struct, structs

from strideinspect.model.node import Shape
from strideinspect.results.field import InputAxis


class Origin(StrEnum):
    """Where a size is from that neither the file's inputs nor the user give."""

    METADATA = "metadata"  # the exporter wrote it into the file's metadata
    WEIGHT = "weight"  # a convolution that reads the input has a weight of this many channels
    STATE = "state"  # the batch of a recurrent layer's initial state
    DECLARED = "declared"  # another declared shape of the file needs it
    TRIED = "tried"  # a usual size, at which the model runs


class OpenAxisRole(Enum):
    """What an open axis is, as far as the model tells."""

    BATCH = "batch"
    CHANNELS = "channels"
    KERNEL = "kernel"
    MAP = "map"
    OTHER = "other"


class OpenSize(Struct, frozen=True):
    """A size that is open: of one axis, or of all axes with the same symbol."""

    axes: tuple[InputAxis, ...]
    role: OpenAxisRole
    size: int
    origin: Origin

    @property
    def reported(self) -> bool:
        """Whether the report names it as assumed; a batch of 1 is not worth mentioning, but for a state's."""
        return self.role is not OpenAxisRole.BATCH or self.size != 1 or self.origin is Origin.STATE


class InputSizes(Struct, frozen=True):
    """The shape of every graph input. `given` are the inputs whose shape the user gave, `open` the sizes left open."""

    shapes: Mapping[str, Shape]
    given: frozenset[str]
    open: tuple[OpenSize, ...]

    @property
    def assumed(self) -> dict[str, dict[int, Origin]]:
        """Per input the axes that are reported as assumed, in order, with where their size is from."""
        origins = {axis: size.origin for size in self.open if size.reported for axis in size.axes}
        assumed: dict[str, dict[int, Origin]] = {}
        for name, axis in sorted(origins):
            assumed.setdefault(name, {})[axis] = origins[name, axis]
        return assumed

    def at(self, sizes: tuple[int, ...], origin: Origin) -> InputSizes:
        """The same with these open sizes; those that differ from the present ones are of this origin."""
        changed = tuple(
            before if before.size == size else structs.replace(before, size=size, origin=origin)
            for before, size in zip(self.open, sizes, strict=True)
        )
        places = {axis: size.size for size in changed for axis in size.axes}
        shapes = {
            name: tuple(places.get((name, axis), size) for axis, size in enumerate(shape))
            for name, shape in self.shapes.items()
        }
        return InputSizes(shapes, self.given, changed)
