"""One pass over the nodes: the actual and the theoretical field of every tensor, each tensor visited once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from strideinspect.fields import actual, theoretical
from strideinspect.fields.actual import Dependence
from strideinspect.fields.axes import Around
from strideinspect.fields.closed import Form, Reason, identity
from strideinspect.fields.spans import emptied, index_spans, is_empty
from strideinspect.model.node import Node
from strideinspect.model.shapes import Shapes
from strideinspect.reads.fitting import fits
from strideinspect.reads.registry import describe, everything
from strideinspect.reads.steps import Place, Read, Step

Source = tuple[str, int]
"""A graph input and one of its axes."""


class Seen(NamedTuple):
    """What a tensor sees of one source: the actual dependence, and the closed form where a local path leads here."""

    actual: Dependence
    form: Form


Fields = Mapping[str, Mapping[Source, Seen]]
"""Per tensor and source. A tensor that is missing depends on no source."""


class Described(NamedTuple):
    """A node with what it reads, so that no later pass asks again. Reads of constants are left out.

    `known` is False where a shape is missing, so that nothing can be said.
    """

    node: Node
    reads: tuple[Read, ...]
    known: bool = True


def described(shapes: Shapes) -> tuple[tuple[Described, ...], frozenset[str]]:
    """Every node's reads of what depends on a graph input's values, and the names of all tensors that do."""
    live = set(shapes.network.inputs)
    shaped = {"", *shapes.shapes}  # an input or output that is left out wants no shape
    found = []
    for node in shapes.nodes:
        if not node.key or live.isdisjoint(node.inputs):
            continue
        if not (shaped.issuperset(node.inputs) and shaped.issuperset(node.outputs)):
            if shapes.sides.get(node.key) not in shapes.unfit:
                found.append(Described(node, (), known=False))
            live.update(name for name in node.outputs if name)
            continue
        reads = _fitting(node, shapes, live)
        found.append(Described(node, reads))
        live.update(node.outputs[r.output] for r in reads)
    return tuple(found), frozenset(live)


def _fitting(node: Node, shapes: Shapes, live: set[str]) -> tuple[Read, ...]:
    """What a node reads of live inputs; the whole of them, with the reason, where its description does not fit."""
    placed = shapes.placed(node)
    known = shapes.shapes
    reads = tuple(r for r in describe(placed) if node.inputs[r.input] in live)
    if all(fits(r, known[node.inputs[r.input]], known[node.outputs[r.output]]) for r in reads):
        return reads
    chosen = [i for i, name in enumerate(node.inputs) if name in live]
    return everything(placed, f"{node.op} {node.label!r} does not fit its inputs", chosen)


def spatial_axes(shapes: Shapes, nodes: Sequence[Described]) -> dict[str, tuple[int, ...]]:
    """Per graph input the axes along which a first window slides; axis 0 of a batch is none."""
    sources = [(name, axis) for name in shapes.network.inputs for axis in range(1, len(shapes.shapes[name]))]
    seen: dict[str, dict[Source, Dependence]] = {name: {} for name in shapes.network.inputs}
    for name, axis in sources:
        shape = shapes.shapes[name]
        spans = index_spans(len(shape), axis, shape[axis])
        seen[name][name, axis] = Dependence(spans, spans, spans, frozenset({axis}))
    found: set[Source] = set()
    for item in nodes:
        node = item.node
        slid = shapes.geometries.get(node.key) if item.known else None
        if slid is not None:
            for source, dependence in seen.get(node.inputs[slid.data], {}).items():
                if dependence.axes & set(slid.axes):
                    found.add(source)
            continue
        for name, parts in _contributions(item, seen).items():
            seen[name] = {s: actual.merge([(place, d) for place, d in p], ()) for s, p in parts.items()}
    return {name: tuple(sorted(axis for owner, axis in found if owner == name)) for name in shapes.network.inputs}


_Parts = dict[str, dict[Source, list[tuple[Place | None, Dependence]]]]


def _contributions(item: Described, seen: Mapping[str, Mapping[Source, Dependence]]) -> _Parts:
    parts: _Parts = {}
    for read in item.reads:
        output = item.node.outputs[read.output]
        around = Around(output, item.node.label, frozenset())
        for source, before in seen.get(item.node.inputs[read.input], {}).items():
            dependence = before
            for step in read.steps:
                dependence = actual.apply(step, dependence, around)
            parts.setdefault(output, {}).setdefault(source, []).append((read.place, dependence))
    return parts


def propagate(shapes: Shapes, nodes: Sequence[Described], sources: Sequence[Source]) -> Fields:
    """The fields of every tensor for these sources."""
    fields: dict[str, dict[Source, Seen]] = {}
    for name, axis in sources:
        shape = shapes.shapes[name]
        spans = index_spans(len(shape), axis, shape[axis])
        seen = Seen(Dependence(spans, spans, spans, frozenset({axis})), identity(len(shape), axis))
        fields.setdefault(name, {})[name, axis] = seen
    for item in nodes:
        _visit(item, shapes, fields)
    return fields


def _visit(item: Described, shapes: Shapes, fields: dict[str, dict[Source, Seen]]) -> None:
    node = item.node
    parts: dict[str, dict[Source, list[tuple[Place | None, Seen]]]] = {}
    others: dict[str, frozenset[int]] = {}
    for read in item.reads:
        output = node.outputs[read.output]
        before = fields.get(node.inputs[read.input])
        if not before:
            continue
        after = dict(before)
        if read.steps:
            after = _emptied(_stepped(read.steps, before, output, f"{node.op} {node.label}"))
        for source, seen in after.items():
            parts.setdefault(output, {}).setdefault(source, []).append((read.place, seen))
    for output, found in parts.items():
        if output not in shapes.shapes:
            continue
        fields[output] = {}
        for source, contributions in found.items():
            if len(contributions) == 1 and contributions[0][0] is None:
                fields[output][source] = contributions[0][1]
                continue
            others[output] = frozenset(
                axis for s, c in found.items() if s != source for _, seen in c for axis in seen.actual.axes
            )
            near = [(place, seen.form) for place, seen in contributions if seen.actual.local is not None]
            label = f"{node.op} {node.label}"
            form = theoretical.merge(near, label) if near else Reason(_NO_PATH)
            merged = actual.merge([(place, seen.actual) for place, seen in contributions], others[output])
            fields[output][source] = Seen(merged, form)


_NO_PATH = "only pooled statistics of it arrive here"


def _emptied(after: dict[Source, Seen]) -> dict[Source, Seen]:
    """Where one image axis of an input is not seen at all (nothing but padding is left), no other axis of it is."""
    blind = {name for (name, _), seen in after.items() if is_empty(seen.actual.full)}
    if not blind:
        return after
    return {
        (name, axis): seen._replace(actual=seen.actual.changed(emptied)) if name in blind else seen
        for (name, axis), seen in after.items()
    }


def _stepped(steps: Sequence[Step], before: Mapping[Source, Seen], tensor: str, label: str) -> dict[Source, Seen]:
    after = dict(before)
    for step in steps:
        running = {source: seen.actual.axes for source, seen in after.items()}
        for source, seen in after.items():
            others = frozenset().union(*(axes for other, axes in running.items() if other != source))
            around = Around(tensor, label, others)
            dependence = actual.apply(step, seen.actual, around)
            form = theoretical.apply(step, seen.form, around)
            if dependence is not seen.actual or form is not seen.form:
                after[source] = Seen(dependence, form)
    for source, seen in after.items():
        if seen.actual.local is None:
            after[source] = seen._replace(form=Reason(_NO_PATH))
    return after
