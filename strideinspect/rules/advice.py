"""The nearest input sizes that lose nothing, found by inspecting the model again at other sizes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from strideinspect.fields.coverage import lost, padding_mask
from strideinspect.fields.forward import (
    Fields,
    InputAxis,
    NodeReads,
    carried_on,
    described,
    propagate,
)
from strideinspect.fields.index_masks import Masks, Vector, all_marked, forward, unmarked
from strideinspect.fields.liveness import keeps_map, read_indices, seen
from strideinspect.model.geometry import Geometry, Kind
from strideinspect.model.inference import infer
from strideinspect.model.network import Network
from strideinspect.model.node import Node, Shape
from strideinspect.model.shapes import Shapes
from strideinspect.model.window import is_window, refitted
from strideinspect.reads.steps import Periodic, Read, Sliding, Table
from strideinspect.rules.wording import axes_name, by, listed

FARTHEST = 64
"""Sizes further away than this are no advice."""


class Advice(NamedTuple):
    """Input sizes to use instead, as extents of the axes concerned, and the advice in words."""

    sizes: tuple[int, ...]
    text: str


class Adviser:
    """Asks the same model at other sizes; each question is answered once.

    Most sizes are ruled out by following one axis through windows and padding (`_followed`), which takes microseconds
    each; only those that pass are inspected whole.
    """

    def __init__(
        self,
        shapes: Shapes,
        nodes: Sequence[NodeReads],
        fields: Fields,
        spatial: Mapping[str, tuple[int, ...]],
    ) -> None:
        self._network: Network = shapes.network
        self._inputs = {name: shapes.shapes[name] for name in shapes.network.inputs}
        self._outputs = {name: shapes.shapes[name] for name in shapes.network.outputs if name in shapes.shapes}
        self._spatial = spatial
        self._nodes = nodes
        self._fields = fields
        self._geometries = shapes.geometries
        self._unknown = _unknown(nodes)
        self._known: dict[tuple[str, tuple[int, ...], str], Advice | None] = {}
        self._placed: dict[tuple[str, Shape], tuple[Shapes, Sequence[NodeReads]]] = {}

    def advise(self, name: str, axes: tuple[int, ...], aim: str) -> Advice | None:
        """Sizes of these axes of an input at which nothing is unseen (aim "unseen") or dropped anywhere ("dropped").

        The spatial axes of a square image change together.
        """
        spatial = self._spatial[name]
        square = len({self._inputs[name][axis] for axis in spatial}) == 1
        question = (name, spatial if square else axes, aim)
        if question not in self._known:
            self._known[question] = self._search(*question)
        return self._known[question]

    def _search(self, name: str, moving: tuple[int, ...], aim: str) -> Advice | None:
        shape, spatial = self._inputs[name], self._spatial[name]
        windows = {axis: self._followed(name, axis) for axis in moving}
        found: dict[int, int] = {}
        for way in (-1, 1):
            for far in range(1, FARTHEST + 1):
                sizes = {axis: shape[axis] + way * far for axis in moving}
                if min(sizes.values()) < 1:
                    break
                drops = any(_drops(windows[axis], n, only_first=aim == "unseen") for axis, n in sizes.items())
                if not drops and self._lossless(name, sizes, aim):
                    found[way] = far
                    break
        if not found:
            return None
        extents = [tuple(shape[axis] + way * far for axis in moving) for way, far in sorted(found.items())]
        whole = moving == spatial
        spelled = [by(e) for e in extents]
        if not whole:
            what = axes_name([spatial.index(axis) for axis in moving], len(spatial))
            spelled = [f"{size} {what}" for size in spelled]
        claim = {"unseen": ("loses", "lose", "no pixel"), "dropped": ("drops", "drop", "nothing anywhere")}[aim]
        text = f"{listed(spelled)} {claim[len(spelled) > 1 or not whole]} {claim[2]}"
        if 1 in found and aim == "unseen":
            text += f"; or pad {found[1]} at the {_ends([spatial.index(axis) for axis in moving], len(spatial))}"
        return Advice(tuple(e[0] for e in extents), text)

    def _lossless(self, name: str, sizes: Mapping[int, int], aim: str) -> bool:
        shape = tuple(sizes.get(axis, n) for axis, n in enumerate(self._inputs[name]))
        if (name, shape) not in self._placed:
            shapes = infer(self._network, {**self._inputs, name: shape}, go_on=False)
            self._placed[name, shape] = (shapes, () if shapes.problems else described(shapes)[0])
        shapes, nodes = self._placed[name, shape]
        if shapes.problems or not _unknown(nodes) <= self._unknown:
            return False  # it does not run at this size
        if not self._outputs.keys() <= shapes.shapes.keys():
            return False  # nobody can say what comes out at it
        batch = self._inputs[name][0]
        if any(now[:1] == (batch,) != shapes.shapes[key][:1] for key, now in self._outputs.items()):
            return False  # a Reshape to (-1, …) with baked-in numbers takes one image for several
        if aim == "unseen":
            marks = seen(shapes, nodes, shapes.network.outputs)
            return not any(unmarked(marks, name, axis, shape[axis]).any() for axis in sizes)
        return not _drops_anywhere(shapes, nodes, [(name, axis) for axis in sizes], self._fields)

    def _followed(self, name: str, axis: int) -> list[_Link]:
        """The windows that an input axis runs through, each with the window whose output it slides over."""
        readers = Counter(item.node.inputs[i] for item in self._nodes for i in {read.input for read in item.reads})
        readers.update(self._network.outputs)
        behind: dict[str, tuple[str, bool]] = {name: ("", readers[name] == 1)}  # tensor: last window, read by one alone
        links = []
        for item in self._nodes:
            seen = self._fields.get(item.node.key, {}).get((name, axis))
            inputs = [item.node.inputs[read.input] for read in item.reads if item.node.inputs[read.input] in behind]
            if seen is None or len(seen.actual.axes) != 1 or not inputs:
                continue
            (at,) = seen.actual.axes
            last, alone = behind[inputs[0]]
            found = self._geometries.get(item.node.key)
            if found is not None and at in found.axes:
                position = found.axes.index(at)
                if found.windows[position].transposed or found.kind is Kind.GLOBAL:
                    continue
                links.append(_Link(item.node, last, alone, found, position))
                behind[item.node.key] = (item.node.key, readers[item.node.key] == 1)
                continue
            own = (alone or not keeps_map(item)) and readers[item.node.key] == 1  # what mixes tensors begins a map
            added = _padding(item, at)
            if added is not None:
                links.append(_Link(item.node, last, alone, padding=added))
                behind[item.node.key] = (item.node.key, own)
            elif not any(_touches(read, at) for read in item.reads):
                behind[item.node.key] = (last, own)
        return links


def _touches(read: Read, axis: int) -> bool:
    """Whether a read changes which index stands where along an axis."""
    placed = read.place is not None and read.place.axis == axis
    return placed or any(getattr(step, "axis", None) == axis for step in read.steps)


def _unknown(nodes: Sequence[NodeReads]) -> set[str]:
    """The nodes of which nobody can say what they read."""
    return {
        item.node.key
        for item in nodes
        if not item.known or any(getattr(step, "reason", None) for read in item.reads for step in read.steps)
    }


def _padding(item: NodeReads, axis: int) -> tuple[int, int] | None:
    """How many indices a node adds before and after an axis, where that is all that it does along it at any size."""
    touching = [step for read in item.reads for step in read.steps if getattr(step, "axis", None) == axis]
    if len(touching) != 1 or any(read.place for read in item.reads):
        return None
    step = touching[0]
    if isinstance(step, Sliding):
        before, plain = step.begin, (step.kernel, step.stride, step.size_dependent) == (1, 1, False)
    elif item.node.op == "Pad" and isinstance(step, Table) and isinstance(step.periodic_form, Periodic):
        before, plain = -int(step.periodic_form.taps[0, 0]), not step.periodic_form.size_dependent
    else:
        return None
    after = step.size - step.length - before
    return (before, after) if plain and before >= 0 and after >= 0 else None


class _Link(NamedTuple):
    """A window or padding on the way of an axis: behind which other it stands, and if nobody else reads its map."""

    node: Node
    last: str
    alone: bool
    geometry: Geometry | None = None
    position: int = 0
    padding: tuple[int, int] = (0, 0)


class _Map(NamedTuple):
    """The extent of a map, how many indices at its ends are padding, and if no window stands before it.

    What is mirrored counts as padding, for what it mirrors is there once more.
    """

    size: int
    before: int = 0
    after: int = 0
    first: bool = True


def _drops(links: Sequence[_Link], length: int, *, only_first: bool) -> bool:
    """Whether one of these windows would drop a pixel of a map that nobody else reads."""
    maps = {"": _Map(length)}
    for link in links:
        given = maps.get(link.last)
        if given is None:
            continue
        if link.geometry is None:
            before, after = link.padding
            padded = _Map(given.size + before + after, given.before + before, given.after + after, given.first)
            maps[link.node.key] = padded
        elif given.first or not only_first:
            window = refitted(link.node, link.geometry, link.position, given.size)
            before, after = window.begin + given.before, window.end + given.after
            if link.alone and window.truncated > after:
                return True
            # Behind windows that may see nothing but padding, what is dropped may be padding too.
            if max(before, after) < window.extent <= given.size - given.before - given.after:
                maps[link.node.key] = _Map(window.size, first=False)
    return False


def _drops_anywhere(shapes: Shapes, nodes: Sequence[NodeReads], sources: list[InputAxis], fields: Fields) -> bool:
    """Whether some window node drops a pixel that nobody else reads, along the axes of these sources.

    `fields` are those of the same model at any size: they tell along which axes the sources run.
    """

    def runs_along(item: NodeReads, axis: int) -> bool:
        here = fields.get(item.node.inputs[shapes.geometries[item.node.key].data], {})
        return any(source in here and axis in here[source].actual.axes for source in sources)

    suspects = [
        (at, item)
        for at, item in enumerate(nodes)
        if item.known
        and is_window(item.node)
        and shapes.geometries[item.node.key].kind is not Kind.GLOBAL
        and any(w.truncated > w.end for w in shapes.geometries[item.node.key].windows)
    ]
    if not suspects:
        return False
    read = read_indices(shapes, nodes, shapes.network.outputs)
    producers = {name: item for item in nodes for name in item.node.outputs}
    left = [
        (at, item)
        for at, item in suspects
        if _drops_unread(shapes, item, read, _nearby_padding(shapes, producers, item), runs_along)
    ]
    if not left:
        return False
    # Padding may also come from further away, which takes the fields to see.
    exact, done = propagate(shapes, (), sources), 0
    for at, item in left:
        exact, done = carried_on(shapes, nodes[done:at], exact), at
        if _drops_unread(shapes, item, read, _all_padding(shapes, exact, item), runs_along):
            return True
    return False


def _drops_unread(
    shapes: Shapes,
    item: NodeReads,
    read: Mapping[str, Masks],
    padding: Callable[[int], Vector],
    counts: Callable[[NodeReads, int], bool],
) -> bool:
    found = shapes.geometries[item.node.key]
    tensor = item.node.inputs[found.data]
    for axis, window in zip(found.axes, found.windows, strict=True):
        if not counts(item, axis):
            continue
        # Only what is dropped at the end counts here, so that gaps need not be told from what is touched.
        left = lost(window, np.ones(window.length, dtype=bool), padding(axis))
        if (left.pixels & unmarked(read, tensor, axis, window.length)).any():
            return True
    return False


def _nearby_padding(shapes: Shapes, producers: Mapping[str, NodeReads], item: NodeReads) -> Callable[[int], Vector]:
    """Per axis of a window node's input the indices that Pad nodes right in front of it made."""
    tensor = item.node.inputs[shapes.geometries[item.node.key].data]
    chain: list[NodeReads] = []
    at = tensor
    while at in producers and producers[at].known and keeps_map(producers[at]):
        chain.append(producers[at])
        at = producers[at].node.inputs[producers[at].reads[0].input]
    marks = all_marked(shapes.shapes[at])
    for link in reversed(chain):
        marks = forward(link.reads[0], marks, shapes.shapes[link.node.outputs[link.reads[0].output]])
    return lambda axis: ~marks[axis]


def _all_padding(shapes: Shapes, fields: Fields, item: NodeReads) -> Callable[[int], Vector]:
    """Per axis of a window node's input the indices that see no pixel."""
    tensor = item.node.inputs[shapes.geometries[item.node.key].data]
    return lambda axis: padding_mask(fields, tensor, axis, shapes.shapes[tensor][axis])


def _ends(positions: Sequence[int], count: int) -> str:
    sides = {"rows": "bottom", "columns": "right"}
    names = [sides.get(axes_name([position], count), "end") for position in positions]
    return listed(list(dict.fromkeys(names)))
