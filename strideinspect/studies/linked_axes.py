"""Axes of graph inputs that have to be cut together, because they become the same axis of an output."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from msgspec import Struct

from strideinspect.results.field import InputAxis
from strideinspect.results.tile_parts import TiledAxis, TiledOutput


class LinkedAxes(Struct, frozen=True, eq=False):
    """Axes that are cut together. Sizes are given in pixels of the first one, `axis`.

    `ratios` are pixels of each axis per pixel of the first one, `uses` what is known of them for each output, `step`
    the distance at which tiles may begin, and `length` the size of the analysis.
    """

    axis: InputAxis
    length: int
    step: int
    ratios: dict[InputAxis, Fraction]
    lengths: dict[InputAxis, int]
    uses: tuple[TiledAxis, ...]

    def at(self, size: int) -> Iterator[tuple[InputAxis, int]]:
        """The size of every axis where the first one has this size."""
        for axis, ratio in self.ratios.items():
            yield axis, self.lengths[axis] + int((size - self.length) * ratio)

    def advance(self, size: int) -> int:
        """Pixels from one tile to the next; 0 where nothing would be left of a tile of this size."""
        at = dict(self.at(size))
        kept = (
            Fraction(use.cells_at(at[use.input, use.axis]) - sum(use.crop))
            / use.scale
            / self.ratios[use.input, use.axis]
            for use in self.uses
        )
        return max(0, int(min(kept) // self.step) * self.step)

    def tiles(self, size: int) -> Iterator[tuple[InputAxis, int, int]]:
        """Every axis with the size of a tile and the distance to the next one."""
        advance = self.advance(size)
        for axis, at in self.at(size):
            yield axis, at, int(advance * self.ratios[axis])

    @property
    def smallest(self) -> int:
        """The smallest tile of which a step is left for every output."""
        size = self.length % self.step or self.step
        needed = {(use.input, use.axis): use.smallest_tile for use in self.uses}
        while self.advance(size) < self.step or any(at < needed.get(axis, 0) for axis, at in self.at(size)):
            size += self.step
        return size


def linked(outputs: Sequence[TiledOutput]) -> tuple[LinkedAxes, ...]:
    """The axes of graph inputs in groups that are cut together, in the order of the outputs."""
    uses = [(output.output, axis) for output in outputs for axis in output.axes]
    left = dict.fromkeys((use.input, use.axis) for _, use in uses)
    groups = []
    while left:
        first = next(iter(left))
        ratios = _ratios(first, uses)
        for axis in ratios:
            del left[axis]
        own = tuple(use for _, use in uses if (use.input, use.axis) in ratios)
        lengths = {(use.input, use.axis): use.length for use in own}
        steps = (Fraction(use.step) / ratios[use.input, use.axis] for use in own)
        groups.append(LinkedAxes(first, lengths[first], _common_multiple(steps), ratios, lengths, own))
    return tuple(groups)


def _ratios(first: InputAxis, uses: Sequence[tuple[str, TiledAxis]]) -> dict[InputAxis, Fraction]:
    """Pixels of every axis that is cut with the first one, per pixel of that one."""
    ratios = {first: Fraction(1)}
    while True:
        more = {
            (other.input, other.axis): ratios[use.input, use.axis] * use.scale / other.scale
            for output, use in uses
            for name, other in uses
            if (output, use.node_axis) == (name, other.node_axis)
            if (use.input, use.axis) in ratios
            if (other.input, other.axis) not in ratios
        }
        if not more:
            return ratios
        ratios |= more


def _common_multiple(numbers: Iterable[Fraction]) -> int:
    """The smallest integer that is a multiple of every one of these fractions."""
    return math.lcm(*(number.numerator for number in numbers))
