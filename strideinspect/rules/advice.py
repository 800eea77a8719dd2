"""The nearest input sizes that lose nothing, found by inspecting the model again at other sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from strideinspect.fields.coverage import hollow, lost
from strideinspect.fields.forward import Source, described, propagate
from strideinspect.fields.liveness import all_marked, back, read_by_someone, seen, unmarked
from strideinspect.model.network import Network
from strideinspect.model.node import Shape
from strideinspect.model.shapes import Shapes, infer
from strideinspect.model.window import Kind, geometry, is_window
from strideinspect.rules.wording import axes_name, by, listed

FARTHEST = 64
"""Sizes further away than this are no advice."""


@dataclass(frozen=True, slots=True)
class Advice:
    """Input sizes to use instead, as extents of the axes concerned, and the advice in words."""

    sizes: tuple[int, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Adviser:
    """Asks the same model at other sizes. `spatial` are each input's spatial axes."""

    network: Network
    inputs: Mapping[str, Shape]
    spatial: Mapping[str, tuple[int, ...]]

    def advise(self, name: str, axes: tuple[int, ...], aim: str) -> Advice | None:
        """Sizes of these axes of an input at which nothing is unseen (aim "unseen") or dropped anywhere ("dropped").

        Axes of one extent change together, and so do the spatial axes of a square image.
        """
        shape, spatial = self.inputs[name], self.spatial[name]
        square = len({shape[axis] for axis in spatial}) == 1
        moving = spatial if square else axes
        lossless = _LOSSLESS[aim]
        found = {}
        for way in (-1, 1):
            for far in range(1, FARTHEST + 1):
                sizes = {axis: shape[axis] + way * far for axis in moving}
                if min(sizes.values()) < 1:
                    break
                if lossless(self._at(name, sizes), [(name, axis) for axis in moving]):
                    found[way] = far
                    break
        if not found:
            return None
        extents = [tuple(shape[a] + way * far for a in moving) for way, far in sorted(found.items())]
        spelled = [by(e) if len(e) > 1 else str(e[0]) for e in extents]
        claim = "lose no pixel" if aim == "unseen" else "drop nothing anywhere"
        verb = claim if len(spelled) > 1 else claim.replace("lose", "loses").replace("drop", "drops")
        text = f"{listed(spelled)} {verb}"
        if 1 in found and aim == "unseen":
            sides = {"rows": "bottom", "columns": "right"}
            names = [axes_name([spatial.index(axis)], len(spatial)) for axis in moving]
            text += f"; or pad {found[1]} at the {listed([sides.get(n, 'end') for n in names] if len(names) < 3 else ['ends'])}"
        return Advice(tuple(e[0] for e in extents), text)

    def _at(self, name: str, sizes: Mapping[int, int]) -> Shapes:
        shape = tuple(sizes.get(axis, n) for axis, n in enumerate(self.inputs[name]))
        return infer(self.network, {**self.inputs, name: shape})


def _nothing_unseen(shapes: Shapes, sources: list[Source]) -> bool:
    if shapes.problems:
        return False
    nodes, _ = described(shapes)
    marks = seen(shapes, nodes, shapes.network.outputs)
    return not any(unmarked(marks, name, axis, shapes.shapes[name][axis]).any() for name, axis in sources)


def _nothing_dropped(shapes: Shapes, sources: list[Source]) -> bool:
    if shapes.problems:
        return False
    suspects = []
    for node in filter(is_window, shapes.nodes):
        found = geometry(shapes.placed(node))
        if found.kind is not Kind.GLOBAL and any(w.truncated > w.end for w in found.windows):
            suspects.append((node, found))
    if not suspects:
        return True
    nodes, _ = described(shapes)
    items = {item.node.key: item for item in nodes}
    marks, fields = read_by_someone(shapes, nodes, shapes.network.outputs), propagate(shapes, nodes, sources)
    for node, found in suspects:
        tensor, item = node.inputs[found.data], items.get(node.key)
        if item is None or not item.known:
            continue
        read = next(r for r in item.reads if r.input == found.data)
        touched = back(read, all_marked(shapes.shapes[node.key]), shapes.shapes[tensor])
        for position, axis in enumerate(found.axes):
            length = shapes.shapes[tensor][axis]
            empty = hollow(fields, tensor, axis, length)
            reached = touched[axis] if touched is not None else ~all_marked((length,))[0]
            pixels, _, _ = lost(found, position, reached, empty)
            if (pixels & unmarked(marks, tensor, axis, length)).any():
                return False
    return True


_LOSSLESS: dict[str, Callable[[Shapes, list[Source]], bool]] = {
    "unseen": _nothing_unseen,
    "dropped": _nothing_dropped,
}
