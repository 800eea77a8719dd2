"""Merges of branches: their effective strides and where they lie, in closed form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from msgspec import Struct

from strideinspect.fields.axis_field import AxisField, Fields
from strideinspect.fields.closed_form import Closed, Phases
from strideinspect.fields.node_reads import NodeReads
from strideinspect.model.node import Node
from strideinspect.model.shape_rules import MERGES
from strideinspect.results.field import InputAxis, Shape

UPSAMPLERS = frozenset({"Resize", "Upsample", "ConvTranspose", "DepthToSpace"})


class MergedMap(Struct, frozen=True):
    """One of the merged maps: its effective stride, and the centers of index 0 along the paths to it, in pixels."""

    tensor: str
    stride: Fraction
    least: Fraction
    most: Fraction
    phases: Phases
    step: int

    @property
    def last(self) -> Fraction:
        """The last pixel that index 0 sees, averaged over the phases."""
        return _index_zero(self.phases, self.step)[1]


class MapMerge(Struct, frozen=True):
    """A node that merges maps. Its `branches` are the same along all `axes` of the graph input.

    `upsampled`: at least one of the branches was upsampled. `slices`: they are slices of one map.
    """

    node: Node
    input: str
    axes: tuple[int, ...]
    branches: tuple[MergedMap, ...]
    upsampled: bool
    slices: bool

    @property
    def ends(self) -> tuple[MergedMap, MergedMap]:
        """The branches that lie first and last."""
        return min(self.branches, key=lambda branch: branch.most), max(self.branches, key=lambda branch: branch.least)

    @property
    def comparable(self) -> bool:
        """Whether the branches should lie at one place: not in a causal network, and not where slices are joined."""
        causal = len(self.axes) == 1 and _all_equal([branch.last for branch in self.branches])
        return not (causal or self.slices) and _all_equal([branch.stride for branch in self.branches])

    @property
    def apart(self) -> Fraction:
        """How many pixels they lie apart along every path; 0 or less where they meet along some paths."""
        first, last = self.ends
        return last.least - first.most

    @property
    def aligned(self) -> bool:
        """Whether the branches have one effective stride and lie at one place, as far as they should."""
        strides = [branch.stride for branch in self.branches]
        same_stride = _all_equal(strides) or _all_equal([abs(stride) for stride in strides])
        return same_stride and not (self.comparable and self.apart > 0)


class _Alike(Struct, frozen=True):
    """Axes of a graph input along which the branches of a node are the same."""

    input: str
    branches: list[MergedMap]
    axes: list[int]


def merges(nodes: Sequence[NodeReads], fields: Fields, shapes: Mapping[str, Shape]) -> Iterator[MapMerge]:
    """All elementwise merges and channel concatenations of maps that have a position.

    Branches without a position or without a closed form are left out, and so are those with a single index along the
    axis: the steps of an unrolled recurrence, which are no map.
    """
    upsampled: set[str] = set()
    # Kept per map, because a dense block merges the same maps many times.
    known: dict[tuple[str, InputAxis], tuple[MergedMap, int] | None] = {}
    for item in nodes:
        inputs = [item.node.inputs[read.input] for read in item.reads]
        if item.node.op in UPSAMPLERS or any(name in upsampled for name in inputs):
            upsampled.update(item.node.outputs)
        if len(set(inputs)) < 2 or not _merges_maps(item):
            continue
        places = [read.place.axis if read.place is not None else None for read in item.reads]
        alike: list[_Alike] = []
        for source in dict.fromkeys(s for name in inputs for s in fields.get(name, {})):
            maps: dict[str, MergedMap] = {}
            for name, place in zip(inputs, places, strict=True):
                if (name, source) not in known:
                    known[name, source] = _branch(name, fields.get(name, {}).get(source), shapes[name])
                branch = known[name, source]
                if branch is not None and place != branch[1]:
                    maps[name] = branch[0]
            if len(maps) > 1:
                _add(alike, source, list(maps.values()))
        for same in alike:
            any_upsampled = any(branch.tensor in upsampled for branch in same.branches)
            axes, branches = tuple(same.axes), tuple(same.branches)
            yield MapMerge(item.node, same.input, axes, branches, any_upsampled, item.joins_slices)


def _add(alike: list[_Alike], source: InputAxis, branches: list[MergedMap]) -> None:
    """Add an axis to those with the same branches."""
    name, axis = source
    for entry in alike:  # compared, not hashed: rows and columns share their numbers, and a Fraction is slow to hash
        if entry.input == name and entry.branches == branches:
            entry.axes.append(axis)
            return
    alike.append(_Alike(name, branches, [axis]))


def _all_equal(numbers: Sequence[Fraction]) -> bool:
    return numbers.count(numbers[0]) == len(numbers)


def _merges_maps(item: NodeReads) -> bool:
    """Whether the node merges maps. Concatenation along the batch does not: its images stay separate."""
    return item.node.op in MERGES and all(read.place is None or read.place.axis > 0 for read in item.reads)


def _branch(name: str, seen: AxisField | None, shape: Shape) -> tuple[MergedMap, int] | None:
    """The map and the axis of its position; None without a position, a closed form, centers or a second index."""
    if seen is None or seen.actual.local is None or len(seen.actual.axes) != 1 or not isinstance(seen.form, Closed):
        return None
    if shape[seen.form.axis] < 2 or seen.form.caveat.attended or seen.form.caveat.picked:
        return None
    phases, step = seen.form.phases, seen.form.step
    least, most = seen.paths.center_range or (_index_zero(phases, step)[0],) * 2
    return MergedMap(name, seen.form.stride, least, most, phases, step), seen.form.axis


def _index_zero(phases: Phases, step: int) -> tuple[Fraction, Fraction]:
    """Center and last pixel of index 0, each averaged over the phases that see anything."""
    seeing = [(index, *span) for index, span in enumerate(phases) if span is not None]
    count = max(1, len(seeing))
    period = len(phases)
    shift = sum(index for index, _, _ in seeing) * step  # sum of the distances of the phases from index 0, × period
    first, last = (Fraction(sum(span[side] for span in seeing) * period - shift, period * count) for side in (1, 2))
    return (first + last) / 2, last
