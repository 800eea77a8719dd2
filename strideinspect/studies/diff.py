"""Whether two networks have the same geometry, and where they part: window by window along their graphs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from strideinspect.analysis import Analysis
from strideinspect.model.node import Shape
from strideinspect.report.layer_names import layer_names
from strideinspect.results.diff import Diff
from strideinspect.results.differences import Difference, FirstDifference, MatchedOutput, MatchedWindow, Value
from strideinspect.results.field import Field, InputAxis
from strideinspect.results.graph_nodes import WindowNode
from strideinspect.results.tensors import TensorReport
from strideinspect.spelling import shape_text
from strideinspect.studies.matching import FlowNode, Pairs, matched
from strideinspect.studies.window_geometry import WindowGeometry, geometry, is_global


def compare(a: Analysis, b: Analysis, paths: tuple[str, str]) -> Diff:
    """Compare at the input size of the first one, if the second one runs there, else each at its own size."""
    b, notes = _at_the_size_of(a, b)
    sides = _Side.of(a), _Side.of(b)
    known = _inputs_and_outputs(*sides)
    pairs = matched(sides[0].flow, sides[1].flow, known)
    found = _Comparison(sides, pairs, alike=not notes)
    windows = found.windows()
    outputs = tuple(found.outputs())
    first = found.first()
    return Diff(
        paths=paths,
        sizes=(sides[0].size, sides[1].size),
        same=first is None and not any(pair.differences for pair in outputs),
        first=first,
        windows=tuple(windows.values()),
        only_a=tuple(window.label for window in sides[0].without(pairs)),
        only_b=tuple(window.label for window in sides[1].without({k: i for i, k in pairs.items()})),
        outputs=outputs,
        notes=(*notes, *_spread(*sides)),
    )


class _Side(NamedTuple):
    """One of the two networks: its analysis, its windows but for the global ones, and its flow.

    The flow begins with the graph inputs that have spatial axes, then come the windows, then the graph outputs.
    """

    analysis: Analysis
    inputs: tuple[str, ...]
    windows: tuple[WindowNode, ...]
    geometries: tuple[WindowGeometry, ...]
    layers: Mapping[str, str]
    flow: tuple[FlowNode, ...]

    @classmethod
    def of(cls, analysis: Analysis) -> _Side:
        """Reduce the graph: what lies between two windows is left out, global poolings included."""
        inputs = tuple(name for name, axes in analysis.spatial_axes.items() if axes)
        windows = tuple(window for window in analysis.windows if not is_global(window))
        geometries = tuple(map(geometry, windows))
        layers = layer_names(windows)
        before = _before(analysis, inputs, windows)
        after: list[set[int]] = [set() for _ in before]
        for position, others in enumerate(before):
            for other in others:
                after[other].add(position)
        outputs = analysis.network.outputs
        names = [*inputs, *(layers[window.output] for window in windows), *outputs]
        levels = len(geometries[0].labels) if geometries else 1
        ends: tuple[None, ...] = (None,) * levels  # always in pairs, so that their labels are never compared
        labels = [*[ends] * len(inputs), *(own.labels for own in geometries), *[ends] * len(outputs)]
        neutral = [*[False] * len(inputs), *(own.neutral for own in geometries), *[False] * len(outputs)]
        flow = tuple(map(FlowNode, names, labels, before, map(frozenset, after), neutral))
        return cls(analysis, inputs, windows, geometries, layers, flow)

    @property
    def size(self) -> Shape:
        """The shape of the first input with spatial axes."""
        return next((self.analysis.sizes[name] for name in (*self.inputs, *self.analysis.sizes)), ())

    @property
    def axes(self) -> list[InputAxis]:
        """The spatial axes of the inputs, in an order that does not depend on the layout."""
        return [(name, axis) for name in self.inputs for axis in self.analysis.spatial_axes[name]]

    def window_at(self, position: int) -> int | None:
        """The number of the window at a position of the flow; None for an input or output."""
        number = position - len(self.inputs)
        return number if 0 <= number < len(self.windows) else None

    def without(self, pairs: Mapping[int, int]) -> list[WindowNode]:
        """The windows that are in no pair."""
        return [window for i, window in enumerate(self.windows, len(self.inputs)) if i not in pairs]

    def seen(self, tensor: str) -> list[_Seen]:
        """What is known of a tensor per axis; where it is global, of the last map before it."""
        fields = {(f.input, f.axis): f for f in self.analysis.tensor(tensor).fields}
        return [_Seen.of(self._with_position(fields.get(source), source)) for source in self.axes]

    def before(self, window: WindowNode) -> list[_Seen]:
        """The same of the map over which a window slides, before Pad nodes that count as the window's own."""
        if window.output not in self.analysis.shapes.geometries:
            return []
        seen = self.seen(self.analysis.data_tensor(window))
        if window.pad_nodes is None:
            return seen
        added = dict(zip(window.spatial_axes, window.pad_nodes[0], strict=True))
        return [one.after(added.get(one.node_axis, 0)) if one.node_axis is not None else one for one in seen]

    def _with_position(self, field: Field | None, source: InputAxis) -> Field | None:
        if field is None or field.size is not None or field.last_local is None:
            return field
        last = self.analysis.tensor(field.last_local.tensor).fields
        return next((f for f in last if (f.input, f.axis) == source), field)


def _before(analysis: Analysis, inputs: Sequence[str], windows: Sequence[WindowNode]) -> list[frozenset[int]]:
    """Per node of the flow the nodes that hand it their maps, directly or through what is no window.

    Sets are kept as bits: of thousands of nodes in a chain of merges each has hundreds before it.
    """
    number = {window.output: len(inputs) + i for i, window in enumerate(windows)}
    behind = {name: 1 << i for i, name in enumerate(inputs)}
    before = dict.fromkeys(range(len(inputs)), 0)
    for node, reads, known, _ in analysis.reads:
        used = dict.fromkeys(read.input for read in reads) if known else range(len(node.inputs))
        position = number.get(node.key)
        own = analysis.shapes.geometries.get(node.key)
        through = around = 0
        for index in used:
            mask = behind.get(node.inputs[index], 0)
            if position is not None and own is not None and index == own.data:
                through |= mask
            else:
                around |= mask  # the summand that is fused into a convolution goes around its window
        if position is None:
            found = around
        else:
            before[position] = through if own is not None else around
            found = 1 << position | (around if own is not None else 0)
        for name in filter(None, node.outputs):
            # A scalar holds no map: the scale of a dynamic quantisation goes around the window to what is behind it.
            behind[name] = found if analysis.shapes.shapes.get(name) != () else 0
    for position in number.values():
        before.setdefault(position, 0)
    masks = [before[i] for i in range(len(inputs) + len(windows))]
    masks += [behind.get(name, 0) for name in analysis.network.outputs]
    return [frozenset(_bits(mask)) for mask in masks]


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def _at_the_size_of(a: Analysis, b: Analysis) -> tuple[Analysis, tuple[str, ...]]:
    """The second network at the size of the first; the reason where it does not run there."""
    given = [(name, axes) for name, axes in a.spatial_axes.items() if axes]
    own = [(name, axes) for name, axes in b.spatial_axes.items() if axes]
    if [len(axes) for _, axes in given] != [len(axes) for _, axes in own]:
        return b, ("the inputs have different numbers of spatial axes: maps are not compared",)
    shapes = {}
    for (name, axes), (other, others) in zip(given, own, strict=True):
        shape = list(b.sizes[other])
        for axis, at in zip(axes, others, strict=True):
            shape[at] = a.sizes[name][axis]
        shapes[other] = tuple(shape)
    if all(b.sizes[name] == shape for name, shape in shapes.items()):
        return b, ()
    there = b.at(shapes)
    if len(there.problems) > len(b.problems):
        sizes = " and ".join(
            shape_text(side.sizes[name]) for side, name in ((a, given[0][0]), (b, own[0][0]))
        )
        return b, (f"the second model does not run at the size of the first: they are compared at {sizes}",)
    return there, ()


def _spread(a: _Side, b: _Side) -> Iterator[str]:
    """The outputs that depend on more than their fields in one model alone: no difference in geometry, but worth a note."""
    for i, k in _outputs(a, b):
        left, right = (
            next((field.full for field in side.analysis.outputs[n].fields if field.full), None)
            for side, n in ((a, i), (b, k))
        )
        if (left is None) != (right is None):
            which, where = ("first", left) if left else ("second", right)
            through = where.collapsed_at if where else ""
            yield f"only in the {which} model, {a.analysis.outputs[i].name} also depends on the whole map at {through}"


def _inputs_and_outputs(a: _Side, b: _Side) -> Pairs:
    """The pairs from which matching starts: of inputs in their order, of outputs by name where they agree."""
    pairs = dict(zip(range(len(a.inputs)), range(len(b.inputs)), strict=False))
    for i, k in _outputs(a, b):
        pairs[len(a.inputs) + len(a.windows) + i] = len(b.inputs) + len(b.windows) + k
    return pairs


def _outputs(a: _Side, b: _Side) -> list[tuple[int, int]]:
    """The outputs with the same names where all have them, else in their order; by shape where that decides."""
    left, right = a.analysis.network.outputs, b.analysis.network.outputs
    if set(left) == set(right):
        return [(i, right.index(name)) for i, name in enumerate(left)]
    shapes = [[side.analysis.shapes.shapes.get(name) for name in names] for side, names in ((a, left), (b, right))]
    if len(set(shapes[0])) == len(left) and set(shapes[0]) == set(shapes[1]):
        return [(i, shapes[1].index(shape)) for i, shape in enumerate(shapes[0])]
    return list(zip(range(len(left)), range(len(right)), strict=False))


class _Comparison:
    """The two networks with their pairs. `alike`: at the same input size, so that maps can be compared, too."""

    def __init__(self, sides: tuple[_Side, _Side], pairs: Pairs, *, alike: bool) -> None:
        self._a, self._b = sides
        self._pairs = {
            i: k
            for left, right in sorted(pairs.items())
            if (i := self._a.window_at(left)) is not None and (k := self._b.window_at(right)) is not None
        }
        self._alike = alike

    def windows(self) -> dict[int, MatchedWindow]:
        """The matched windows by their numbers in the first network."""
        return {
            i: MatchedWindow(
                self._a.windows[i].label, self._b.windows[k].label, self._layers(i, k), tuple(self._differences(i, k))
            )
            for i, k in self._pairs.items()
        }

    def _layers(self, i: int | None, k: int | None) -> tuple[str, str]:
        sides = ((self._a, i), (self._b, k))
        left, right = ("" if n is None else side.layers[side.windows[n].output] for side, n in sides)
        return left, right

    def _differences(self, i: int, k: int) -> Iterator[Difference]:
        yield from self._own(i, k)
        yield from _seen(self._a.before(self._a.windows[i]), self._b.before(self._b.windows[k]))

    def _own(self, i: int, k: int) -> Iterator[Difference]:
        a, b = self._a.geometries[i], self._b.geometries[k]
        for what in ("operator", "kernel", "stride", "dilation", "padding", *(("size",) if self._alike else ())):
            left: Value = getattr(a, what)
            right: Value = getattr(b, what)
            if left != right:
                yield Difference(what, left, right)

    def first(self) -> FirstDifference | None:
        """The first window that has no like, or differs: in its own numbers if any does, else in what it slides over."""
        missing_a = [i for i, own in enumerate(self._a.geometries) if i not in self._pairs and not own.neutral]
        taken = set(self._pairs.values())
        missing_b = [k for k, own in enumerate(self._b.geometries) if k not in taken and not own.neutral]
        places: list[tuple[float, int | None, int | None]] = [(i, i, None) for i in missing_a]
        behind = {k: i for i, k in self._pairs.items()}
        for k in missing_b:
            after = (behind[other] for other in range(k, len(self._b.windows)) if other in behind)
            places.append((next(after, len(self._a.windows)) - 0.5, None, k))
        places += [(i, i, k) for i, k in self._pairs.items() if any(self._own(i, k))]
        places = places or [(i, i, k) for i, k in self._pairs.items() if any(self._differences(i, k))]
        if not places:
            return None
        _, i, k = min(places, key=lambda place: place[0])
        what = tuple(d.what for d in self._differences(i, k)) if i is not None and k is not None else ()
        return FirstDifference(
            None if i is None else self._a.windows[i].label,
            None if k is None else self._b.windows[k].label,
            self._layers(i, k),
            what,
        )

    def outputs(self) -> Iterator[MatchedOutput]:
        """The outputs, with what differs in their fields."""
        for i, k in _outputs(self._a, self._b):
            a, b = self._a.analysis.outputs[i], self._b.analysis.outputs[k]
            seen = self._a.seen(a.name), self._b.seen(b.name)
            placed = [any(field.node_axis is not None for field in output.fields) for output in (a, b)]
            differences = [*_seen(*seen), *_scales(a, b)]
            if placed[0] != placed[1]:
                words = ["a map" if has else "global" for has in placed]
                differences.insert(0, Difference("shape", words[0], words[1]))
            yield MatchedOutput(a.name, b.name, tuple(differences), _shift(*seen), not any(placed))


class _Seen(NamedTuple):
    """What is compared of a field along one axis of an input. `offset` is how far cells lie after half-pixel centers."""

    size: int | None
    stride: Fraction | None
    offset: Fraction | None
    node_axis: int | None

    @classmethod
    def of(cls, field: Field | None) -> _Seen:
        """Where paths disagree, the offset is that of the middle of the field."""
        if field is None:
            return cls(None, None, None, None)
        offset = None
        if field.alignment is not None and field.alignment.offset is not None:
            offset = field.alignment.offset
        elif field.center is not None and field.stride is not None and field.node_axis is not None:
            offset = field.center - (field.stride - 1) / 2
        return cls(field.size, field.stride, offset, field.node_axis)

    def after(self, indices: int) -> _Seen:
        """That of the map that begins so many indices later."""
        if self.offset is None or self.stride is None:
            return self
        return self._replace(offset=self.offset + indices * self.stride)


def _seen(a: Sequence[_Seen], b: Sequence[_Seen], of: str = "") -> Iterator[Difference]:
    """In what the fields of two maps differ; `of` says which maps."""
    for what, left, right in (
        ("field", tuple(one.size for one in a), tuple(one.size for one in b)),
        ("effective stride", _fractions(one.stride for one in a), _fractions(one.stride for one in b)),
        ("offset", _fractions(one.offset for one in a), _fractions(one.offset for one in b)),
    ):
        if left != right and len(a) == len(b):
            yield Difference(what + of, left, right)


def _fractions(values: Iterator[Fraction | None]) -> tuple[Fraction | None, ...]:
    return tuple(values)


def _shift(a: Sequence[_Seen], b: Sequence[_Seen]) -> tuple[Fraction, ...] | None:
    """How far the cells of the second map lie after those of the first; None where they are not comparable."""
    shifts = []
    for left, right in zip(a, b, strict=False):
        if left.offset is None or right.offset is None or left.stride != right.stride:
            return None
        shifts.append(right.offset - left.offset)
    return tuple(shifts) or None


def _scales(a: TensorReport, b: TensorReport) -> Iterator[Difference]:
    """In what the maps differ that two outputs hold side by side."""
    if len(a.scales) != len(b.scales):
        yield Difference("scales", (len(a.scales),), (len(b.scales),))
        return
    for number, (left, right) in enumerate(zip(a.scales, b.scales, strict=True)):
        yield from _seen([*map(_Seen.of, left.fields)], [*map(_Seen.of, right.fields)], f" of scale {number}")
