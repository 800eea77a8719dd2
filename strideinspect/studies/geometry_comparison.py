"""Whether two networks have the same geometry, and where they part: window by window along their graphs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from strideinspect.analysis import Analysis
from strideinspect.results.diff_result import Diff
from strideinspect.results.differences import Difference, FirstDifference, MatchedOutput, MatchedWindow, Value
from strideinspect.results.graph_nodes import WindowNode
from strideinspect.spelling import shape_text
from strideinspect.studies import seen_axes
from strideinspect.studies.matching import Pairs, matched
from strideinspect.studies.reduced_network import ReducedNetwork


def compare(a: Analysis, b: Analysis, paths: tuple[str, str]) -> Diff:
    """Compare at the input size of the first one, if the second one runs there, else each at its own size."""
    b, notes = at_the_size_of(a, b)
    sides = ReducedNetwork.of(a), ReducedNetwork.of(b)
    known = _inputs_and_outputs(*sides)
    pairs = matched(sides[0].flow, sides[1].flow, known)
    found = _Comparison(sides, pairs, alike=not notes)
    windows = found.windows()
    outputs = tuple(found.outputs())
    first = found.first()
    only = sides[0].without(pairs), sides[1].without({k: i for i, k in pairs.items()})
    return Diff(
        paths=paths,
        sizes=(sides[0].size, sides[1].size),
        same=first is None and not any(pair.differences for pair in outputs),
        first=first,
        windows=tuple(windows.values()),
        only_a=tuple(window.label for window in only[0]),
        only_b=tuple(window.label for window in only[1]),
        outputs=outputs,
        notes=(*notes, *_spread(*sides)),
        only_layers=(_layers_of(sides[0], only[0]), _layers_of(sides[1], only[1])),
    )


def _layers_of(side: ReducedNetwork, windows: Sequence[WindowNode]) -> tuple[str, ...]:
    return tuple(side.layers[window.output] for window in windows)


def at_the_size_of(a: Analysis, b: Analysis) -> tuple[Analysis, tuple[str, ...]]:
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
        sizes = " and ".join(shape_text(side.sizes[name]) for side, name in ((a, given[0][0]), (b, own[0][0])))
        return b, (f"the second model does not run at the size of the first: they are compared at {sizes}",)
    return there, ()


def _spread(a: ReducedNetwork, b: ReducedNetwork) -> Iterator[str]:
    """The outputs that depend on more than their fields in one model alone: worth a note, but no other geometry."""
    for i, k in _outputs(a, b):
        left, right = (
            next((field.full for field in side.analysis.outputs[n].fields if field.full), None)
            for side, n in ((a, i), (b, k))
        )
        if (left is None) != (right is None):
            which, where = ("first", left) if left else ("second", right)
            through = where.collapsed_at if where else ""
            yield f"only in the {which} model, {a.analysis.outputs[i].name} also depends on the whole map at {through}"


def _inputs_and_outputs(a: ReducedNetwork, b: ReducedNetwork) -> Pairs:
    """The pairs from which matching starts: of inputs in their order, of outputs by name where they agree."""
    pairs = dict(zip(range(len(a.inputs)), range(len(b.inputs)), strict=False))
    for i, k in _outputs(a, b):
        pairs[len(a.inputs) + len(a.windows) + i] = len(b.inputs) + len(b.windows) + k
    return pairs


def _outputs(a: ReducedNetwork, b: ReducedNetwork) -> list[tuple[int, int]]:
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

    def __init__(self, sides: tuple[ReducedNetwork, ReducedNetwork], pairs: Pairs, *, alike: bool) -> None:
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
                self._a.windows[i].label,
                self._b.windows[k].label,
                self._layers(i, k),
                tuple(self._differences(i, k)),
                (self._a.windows[i].output, self._b.windows[k].output),
            )
            for i, k in self._pairs.items()
        }

    def _layers(self, i: int | None, k: int | None) -> tuple[str, str]:
        sides = ((self._a, i), (self._b, k))
        left, right = ("" if n is None else side.layers[side.windows[n].output] for side, n in sides)
        return left, right

    def _differences(self, i: int, k: int) -> Iterator[Difference]:
        yield from self._own(i, k)
        yield from seen_axes.differences(self._a.before(self._a.windows[i]), self._b.before(self._b.windows[k]))

    def _own(self, i: int, k: int) -> Iterator[Difference]:
        a, b = self._a.geometries[i], self._b.geometries[k]
        for what in ("operator", "kernel", "stride", "dilation", "padding", *(("size",) if self._alike else ())):
            left: Value = getattr(a, what)
            right: Value = getattr(b, what)
            if left != right:
                yield Difference(what, left, right)

    def first(self) -> FirstDifference | None:
        """The first window without a counterpart or with other numbers, else the first over another map."""
        missing_a = [i for i, own in enumerate(self._a.geometries) if i not in self._pairs and not own.neutral]
        taken = set(self._pairs.values())
        missing_b = [k for k, own in enumerate(self._b.geometries) if k not in taken and not own.neutral]
        places: list[tuple[float, int | None, int | None]] = [(i, i, None) for i in missing_a]
        behind = {k: i for i, k in self._pairs.items()}
        for missing in missing_b:
            after = (behind[other] for other in range(missing, len(self._b.windows)) if other in behind)
            places.append((next(after, len(self._a.windows)) - 0.5, None, missing))
        places += [(i, i, k) for i, k in self._pairs.items() if any(self._own(i, k))]
        places = places or [(i, i, k) for i, k in self._pairs.items() if any(self._differences(i, k))]
        if not places:
            return None
        _, left, right = min(places, key=lambda place: place[0])
        what = () if left is None or right is None else tuple(d.what for d in self._differences(left, right))
        return FirstDifference(
            None if left is None else self._a.windows[left].label,
            None if right is None else self._b.windows[right].label,
            self._layers(left, right),
            what,
        )

    def outputs(self) -> Iterator[MatchedOutput]:
        """The outputs, with what differs in their fields."""
        for i, k in _outputs(self._a, self._b):
            a, b = self._a.analysis.outputs[i], self._b.analysis.outputs[k]
            seen = self._a.seen(a.name), self._b.seen(b.name)
            placed = [any(field.node_axis is not None for field in output.fields) for output in (a, b)]
            differences = [*seen_axes.differences(*seen), *seen_axes.of_scales(a, b)]
            if len(seen[0]) != len(seen[1]):
                differences.insert(0, Difference("axes", (len(seen[0]),), (len(seen[1]),)))
            if placed[0] != placed[1]:
                words = ["a map" if has else "global" for has in placed]
                differences.insert(0, Difference("shape", words[0], words[1]))
            yield MatchedOutput(a.name, b.name, tuple(differences), seen_axes.shift(*seen), not any(placed))
