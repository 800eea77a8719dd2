"""Search for the nearest input sizes at which no pixel is lost, by analysing the network at other sizes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Literal

from msgspec import Struct

from strideinspect.analysis import Analysis, Memo
from strideinspect.fields.closed_form import Closed
from strideinspect.fields.index_masks import unmarked
from strideinspect.limits import FARTHEST_SIZE, LONGEST_PERIOD, MOST_SIZES_ANALYSED
from strideinspect.model.node import Shape
from strideinspect.model.recurrent_states import refused_state
from strideinspect.model.shapes import Trouble
from strideinspect.results.field import InputAxis
from strideinspect.studies.dropped_pixels import Features, drops_anywhere
from strideinspect.studies.followed_axis import FollowedAxis
from strideinspect.studies.sizes_by_axis import SizesByAxis

Aim = Literal["unseen", "dropped"]
"""What to avoid: unseen pixels of the input, or pixels dropped by any window."""


_HOPELESS = 4
"""Sizes that are analysed before a node that cannot run at them ends the search."""


class LosslessSizes(Struct, frozen=True):
    """The nearest sizes with no loss: extents, in pixels, of the input `axes` that change together; None for none."""

    axes: tuple[int, ...]
    smaller: tuple[int, ...] | None
    larger: tuple[int, ...] | None


class SizeSearch:
    """Searches the sizes near those of one analysis; answers are cached.

    Most sizes are ruled out by following one axis through windows and padding (`followed_axis`), which takes
    microseconds each; those that pass are judged axis by axis where that is enough (`sizes_by_axis`), else analysed in
    full. `accepted` has the last word on a size that loses nothing. The spatial axes of a square image change together,
    unless they are taken `apart`.
    """

    def __init__(
        self,
        analysis: Analysis,
        accepted: Callable[[str, Shape], bool] = lambda _name, _shape: True,
        *,
        apart: bool = False,
    ) -> None:
        self._analysis = analysis
        self._apart = apart
        self._accepted = accepted
        self._axes: dict[InputAxis, FollowedAxis] = {}
        self._by_axis = SizesByAxis(analysis)
        shapes = analysis.shapes.shapes
        self._outputs = {name: shapes[name] for name in analysis.network.outputs if name in shapes}
        self._features = Features()
        self._unknown = _unknown(analysis, self._features)
        self._answers: dict[tuple[str, tuple[int, ...], Aim], LosslessSizes] = {}
        self._analyses: dict[tuple[str, Shape], Analysis] = {}
        self._running: dict[tuple[str, Shape], bool] = {}

    @cached_property
    def _memo(self) -> Memo:
        return Memo.of(self._analysis.network)

    def nearest(self, name: str, axes: tuple[int, ...], aim: Aim) -> LosslessSizes:
        """The nearest sizes of these axes of a graph input. The spatial axes of a square image change together."""
        question = (name, self._moving(name, axes), aim)
        if question not in self._answers:
            self._answers[question] = self._search(*question)
        return self._answers[question]

    def _search(self, name: str, moving: tuple[int, ...], aim: Aim) -> LosslessSizes:
        shape = self._analysis.sizes[name]
        axes = {axis: self._followed(name, axis) for axis in moving}
        # Which pixels are lost depends on the sizes modulo the strides: one period has them all.
        farthest = max(FARTHEST_SIZE, min(math.lcm(*(self.period(name, axis) for axis in moving)), LONGEST_PERIOD))

        def nearest(direction: int) -> tuple[int, ...] | None:
            left = {True: MOST_SIZES_ANALYSED, False: MOST_SIZES_ANALYSED}  # by whether a later window drops a pixel
            for distance in range(1, farthest + 1):
                sizes = {axis: shape[axis] + direction * distance for axis in moving}
                if min(sizes.values()) < 2:
                    return None  # a single index fits everywhere by broadcasting
                later = any(axes[axis].drops(n, only_first=False) for axis, n in sizes.items())
                # What a later window drops may be seen through the index beside it.
                if later and (
                    aim == "dropped" or any(axes[axis].drops(n, only_first=True) for axis, n in sizes.items())
                ):
                    continue
                left[later] -= 1
                if left[later] < 0:
                    continue
                if left[later] + _HOPELESS < MOST_SIZES_ANALYSED and self._broken(name, sizes):
                    return None  # a node that does not fit at any of the sizes around
                if self._lossless(name, sizes, aim) and self._accepted(name, self._shape(name, sizes)):
                    return tuple(sizes.values())
            return None

        return LosslessSizes(moving, nearest(-1), nearest(1))

    def smallest(self, name: str, axes: tuple[int, ...], runs: Callable[[str, Shape], bool]) -> tuple[int, ...] | None:
        """The smallest sizes of these axes above the present ones that `runs` accepts; None where none is near.

        Up to some size a window does not fit into its map, which halving finds; from there on each size is asked for.
        """
        shape, moving = self._analysis.sizes[name], self._moving(name, axes)

        def at(distance: int) -> Shape:
            return self._shape(name, {axis: shape[axis] + distance for axis in moving})

        def empty(distance: int) -> bool:
            other = self.at(name, at(distance))
            windows = (w for geometry in other.shapes.geometries.values() for w in geometry.windows)
            too_small = any(not w.transposed and w.extent > w.length + w.begin + w.end for w in windows)
            return too_small or any(problem.trouble is Trouble.EMPTY for problem in other.problems)

        low, high = 0, 1
        while empty(high):
            low, high = high, 2 * high
            if high > LONGEST_PERIOD:
                return None
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if empty(middle) else (low, middle)
        fitting = (at(high + more) for more in range(MOST_SIZES_ANALYSED))
        found = next((shape for shape in fitting if runs(name, shape)), None)
        return None if found is None else tuple(found[axis] for axis in moving)

    @property
    def named(self) -> list[tuple[str, Shape]]:
        """The inputs and shapes that the answers so far name."""
        return [
            (name, self._shape(name, dict(zip(answer.axes, sizes, strict=True))))
            for (name, _, _), answer in self._answers.items()
            for sizes in (answer.smaller, answer.larger)
            if sizes is not None
        ]

    def period(self, name: str, axis: int) -> int:
        """The size by which an axis grows where all that is lost repeats: the least common multiple of its strides."""
        period = 1
        for seen in self._analysis.fields.values():
            form = seen[name, axis].form if (name, axis) in seen else None
            if isinstance(form, Closed) and form.step and period <= LONGEST_PERIOD:
                period = math.lcm(period, form.stride.numerator)
        return period

    def at(self, name: str, shape: Shape) -> Analysis:
        """The analysis at another shape of one input; where a node cannot run, nothing is known behind it."""
        if shape == self._analysis.sizes[name] and not self._analysis.problems:
            return self._analysis
        if (name, shape) not in self._analyses:
            self._analyses[name, shape] = self._analysis.at({name: shape}, whole=False, memo=self._memo)
        return self._analyses[name, shape]

    def _followed(self, name: str, axis: int) -> FollowedAxis:
        if (name, axis) not in self._axes:
            self._axes[name, axis] = FollowedAxis(self._analysis, name, axis)
        return self._axes[name, axis]

    def _shape(self, name: str, sizes: Mapping[int, int]) -> Shape:
        return tuple(sizes.get(axis, n) for axis, n in enumerate(self._analysis.sizes[name]))

    def is_lossless(self, name: str, axis: int, size: int, aim: Aim) -> bool:
        """Whether nothing of this kind is lost at another size of an axis; axes of a square image change together."""
        sizes = dict.fromkeys(self._moving(name, (axis,)), size)
        for other in sizes:
            if self._followed(name, other).drops(size, only_first=aim == "unseen"):
                return False
        return self._lossless(name, sizes, aim)

    def runs(self, name: str, axis: int, size: int) -> bool:
        """Whether every node runs at another size of an axis, and the outputs are those of one batch."""
        return self._runs(name, dict.fromkeys(self._moving(name, (axis,)), size))

    def resized(self, name: str, axis: int, size: int) -> Analysis:
        """The analysis at another size of an axis."""
        return self.at(name, self._shape(name, dict.fromkeys(self._moving(name, (axis,)), size)))

    def _moving(self, name: str, axes: tuple[int, ...]) -> tuple[int, ...]:
        """The spatial axes of a square image, which change together; else these axes."""
        spatial = self._analysis.spatial_axes[name]
        return spatial if not self._apart and len({self._analysis.sizes[name][axis] for axis in spatial}) == 1 else axes

    def _broken(self, name: str, sizes: Mapping[int, int]) -> bool:
        """Whether a node cannot run at a size for a reason that is no size, the same as at the present one."""
        present, there = (
            {(p.node.key, p.text) for p in analysis.problems if p.trouble is Trouble.BROKEN}
            for analysis in (self._analysis, self.at(name, self._shape(name, sizes)))
        )
        return bool(present & there)

    def _lossless(self, name: str, sizes: Mapping[int, int], aim: Aim) -> bool:
        if not self._runs(name, sizes):
            return False
        by_axis = self._by_axis.sees_everything if aim == "unseen" else self._by_axis.drops_nothing
        answer = by_axis(name, sizes)
        if answer is not None:
            return answer
        shape = self._shape(name, sizes)
        other = self.at(name, shape)
        if aim == "unseen":
            return not any(unmarked(other.needed, name, axis, shape[axis]).any() for axis in sizes)
        return not drops_anywhere(other, [(name, axis) for axis in sizes], self._analysis.fields, self._features)

    def _runs(self, name: str, sizes: Mapping[int, int]) -> bool:
        shape = self._shape(name, sizes)
        if (name, shape) not in self._running:
            answer = self._by_axis.runs(name, sizes)
            self._running[name, shape] = self._judged(self.at(name, shape), name) if answer is None else answer
        return self._running[name, shape]

    def _judged(self, other: Analysis, name: str) -> bool:
        if other.problems or refused_state(other.shapes) or not _unknown(other, self._features) <= self._unknown:
            return False
        shapes = other.shapes.shapes
        if not self._outputs.keys() <= shapes.keys():
            return False  # the shape of an output is not known at this size
        batch = self._analysis.sizes[name][0]
        # A Reshape to (-1, …) with constant sizes may split one image into several.
        return not any(now[:1] == (batch,) != shapes[key][:1] for key, now in self._outputs.items())


def _unknown(analysis: Analysis, features: Features) -> set[str]:
    """The nodes whose reads are not known."""
    return {key for group in analysis.read_groups for key in features.of(group, analysis.shapes).unknown}
