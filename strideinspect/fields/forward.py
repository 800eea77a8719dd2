"""One pass over the nodes: the actual and the theoretical field of every tensor, each tensor visited once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from msgspec import structs

from strideinspect.fields import actual, emptiness, merged_forms, paths, position, theoretical
from strideinspect.fields.actual import Dependence
from strideinspect.fields.axes import StepContext
from strideinspect.fields.axis_field import AxisField, Fields
from strideinspect.fields.closed_form import Listed, Reason, identity, last_closed
from strideinspect.fields.hulls import index_spans
from strideinspect.fields.kept_paths import AT_INPUT
from strideinspect.fields.node_reads import NodeReads
from strideinspect.limits import LARGE_FIELD_ARRAY, MOST_FIELD_ENTRIES
from strideinspect.model.node import Shape
from strideinspect.model.shapes import Shapes
from strideinspect.reads.steps import AxisPart, Reshape, Step
from strideinspect.results.field import InputAxis


def propagate(shapes: Shapes, nodes: Sequence[NodeReads], sources: Sequence[InputAxis]) -> Fields:
    """The fields of every tensor for these sources."""
    begun = {}
    for name in dict.fromkeys(name for name, _ in sources):
        begun[name] = {source: _itself(source, shapes.shapes[name]) for source in sources if source[0] == name}
    return carried_on(shapes, nodes, begun)


def carried_on(shapes: Shapes, nodes: Sequence[NodeReads], known: Fields) -> Fields:
    """Compute the fields of all outputs of these nodes; `known` are the fields of the tensors before them."""
    fields = dict(known)
    large: dict[int, int] = {}  # entries of each large array that is kept, by identity: tensors share them
    for item in nodes:
        for output, seen in _visit(item, fields, shapes).items():
            if output in shapes.shapes:
                arrays = _large_arrays(seen)
                if not arrays:
                    fields[output] = seen
                    continue
                more = large | arrays
                fits_in = len(more) == len(large) or sum(more.values()) <= MOST_FIELD_ENTRIES
                large = more if fits_in else large
                fields[output] = seen if fits_in else _given_up(seen, len(shapes.shapes[output]))
    return fields


def _large_arrays(seen: Mapping[InputAxis, AxisField]) -> dict[int, int]:
    arrays = {}
    for field in seen.values():
        for spans in (field.actual.local, field.actual.full):
            if spans is not None and spans.size > LARGE_FIELD_ARRAY:
                arrays[id(spans)] = spans.size
    return arrays


def _given_up(seen: Mapping[InputAxis, AxisField], rank: int) -> Mapping[InputAxis, AxisField]:
    """The fields with the whole input in place of large arrays."""
    why = "the fields of this model take too much memory to keep them all"
    return {
        source: AxisField(actual.whole_input(field.actual, rank, why), Reason(why), AT_INPUT)
        if _large_arrays({source: field})
        else field
        for source, field in seen.items()
    }


def _itself(source: InputAxis, shape: Shape) -> AxisField:
    """The field of a graph input in its own axis: every index sees itself."""
    axis = source[1]
    spans = index_spans(len(shape), axis, shape[axis])
    return AxisField(Dependence(spans, spans, spans, frozenset({axis})), identity(len(shape), axis), AT_INPUT)


def _visit(item: NodeReads, fields: Fields, shapes: Shapes) -> dict[str, Mapping[InputAxis, AxisField]]:
    """The fields of each output of a node, over all reads of the node."""
    node = item.node
    label = f"{node.op} {node.label}"
    parts: dict[str, list[tuple[AxisPart | None, str, Mapping[InputAxis, AxisField]]]] = {}
    for read in item.reads:
        source = node.inputs[read.input]
        before = fields.get(source)
        if before:
            output = node.outputs[read.output]
            after = before
            if read.steps:
                context = StepContext(output, label, frozenset(), source)
                after = emptiness.wholly(_stepped(read.steps, before, context))
            parts.setdefault(output, []).append((read.place, source, after))
    return {
        output: contributions[0][2]
        if len(contributions) == 1 and contributions[0][0] is None
        else _merged(contributions, label, shapes, one_window=item.joins_slices)
        for output, contributions in parts.items()
    }


_NO_PATH = "the tensor depends on it only through pooled statistics"


def _merged(
    contributions: Sequence[tuple[AxisPart | None, str, Mapping[InputAxis, AxisField]]],
    label: str,
    shapes: Shapes,
    *,
    one_window: bool,
) -> dict[InputAxis, AxisField]:
    """The merged fields of several reads."""
    axes = _united_axes([after for *_, after in contributions])
    parts: dict[InputAxis, list[tuple[AxisPart | None, str, AxisField]]] = {}
    for place, tensor, after in contributions:
        for source, seen in emptiness.along_shared_axes(after, axes).items():
            parts.setdefault(source, []).append((place, tensor, seen))
    others = _others(tuple(axes.values()))
    merged = {}
    for (source, part), other_axes in zip(parts.items(), others, strict=True):
        if len(part) == 1 and part[0][0] is None:
            merged[source] = part[0][2]
            continue
        near = [(place, tensor, seen) for place, tensor, seen in part if seen.actual.local is not None]
        extent = shapes.shapes[source[0]][source[1]]
        parts_of = [merged_forms.Part(place, seen.form, tensor, seen.paths) for place, tensor, seen in near]
        form = merged_forms.merge(parts_of, label, extent) if near else Reason(_NO_PATH)
        several = [(place, seen.form, seen.paths) for place, _, seen in near]
        together = paths.merge(several, label, one_window=one_window) if near else AT_INPUT
        dependence = actual.merge([(p, seen.actual) for p, _, seen in part], other_axes)
        merged[source] = AxisField(position.of(dependence, form), form, together)
    return merged


def _united_axes(contributions: Sequence[Mapping[InputAxis, AxisField]]) -> dict[InputAxis, frozenset[int]]:
    """Per source the axes along which its positions run in any of these."""
    axes: dict[InputAxis, frozenset[int]] = {}
    for after in contributions:
        for source, seen in after.items():
            axes[source] = axes.get(source, seen.actual.axes) | seen.actual.axes
    return axes


@lru_cache(maxsize=256)  # the axes of nearly all tensors are the same
def _others(position_axes: tuple[frozenset[int], ...]) -> tuple[frozenset[int], ...]:
    """Per source the axes along which the positions of the others run."""
    return tuple(_union([*position_axes[:i], *position_axes[i + 1 :]]) for i in range(len(position_axes)))


def _union(sets: Sequence[frozenset[int]]) -> frozenset[int]:
    return sets[0] if len(sets) == 1 else frozenset().union(*sets)


def _stepped(
    steps: Sequence[Step], before: Mapping[InputAxis, AxisField], node: StepContext
) -> dict[InputAxis, AxisField]:
    after = dict(before)
    position_axes: tuple[frozenset[int], ...] = ()
    contexts: list[StepContext] = []
    for step in steps:
        now = tuple([seen.actual.axes for seen in after.values()])
        if now != position_axes:
            position_axes = now
            contexts = [StepContext(node.tensor, node.label, others, node.source) for others in _others(now)]
        for (source, seen), context in zip(after.items(), contexts, strict=True):
            dependence = actual.apply(step, seen.actual, context)
            form = theoretical.apply(step, seen.form, context)
            if form is not seen.form or dependence is not seen.actual:
                form = position.followed(step, seen.actual, dependence, form, node.label)
                followed = seen.paths if form is seen.form else paths.apply(step, seen.paths, seen.form, form)
                after[source] = AxisField(position.of(dependence, form), form, followed)
        if isinstance(step, Reshape):
            own = {source: seen.actual.axes for source, seen in after.items()}
            after = emptiness.along_shared_axes(after, own)
    for source, seen in after.items():
        if seen.actual.local is None:
            after[source] = structs.replace(seen, form=Reason(_NO_PATH))
        elif isinstance(seen.form, Reason | Listed) and seen.form is not before[source].form:
            # Of the tensor before the node, whatever the steps in between made of it.
            after[source] = structs.replace(
                seen, form=structs.replace(seen.form, last=last_closed(before[source].form, node.source))
            )
    return after
