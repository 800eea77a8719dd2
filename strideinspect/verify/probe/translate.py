"""Translate the model's graph to the probe's, node by node, for local and, where it differs, for full dependence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Final

from msgspec import Struct

from strideinspect.verify.exactness import READ_ONLY_A_SHAPE
from strideinspect.verify.probe import (  # noqa: F401 - importing them registers their translators
    attention,
    elementwise,
    folding,
    matrix,
    movement,
    recurrent,
    reductions,
    resizing,
    shaping,
    signal,
    windows,
)
from strideinspect.verify.probe.builder import Builder
from strideinspect.verify.probe.call import TRANSLATORS, Call, DependenceKind, Knowledge, Operation
from strideinspect.verify.probe.staying import stays
from strideinspect.verify.probe.value import InexpressibleError, Value


class Unknown(Struct, frozen=True):
    """A tensor whose dependence the probe cannot express."""

    reason: str


Tracked = Value | Unknown | None
"""The probe's value for a tensor; None where the tensor does not depend on the probed input."""


class TrackedByKind(Struct, frozen=True):
    """The probe's value for a tensor in each reading; mostly all are the same."""

    local: Tracked
    placed: Tracked
    full: Tracked


INACTIVE: Final = TrackedByKind(None, None, None)
"""For a tensor that does not depend on the probed input."""


class Probe(Struct, frozen=True):
    """The probe's graph for one axis of one graph input, and its values for each of the model's tensors.

    `from_elsewhere` are the tensors that some operator before them may have brought pixels to from anywhere.
    """

    build: Builder
    tracked: dict[str, TrackedByKind]
    from_elsewhere: set[str] = set()

    def of(self, tensor: str) -> TrackedByKind:
        """The probe's values for a tensor."""
        return self.tracked.get(tensor, INACTIVE)


def translate(
    nodes: Sequence[Operation],
    source: tuple[str, int],
    other_axes: Iterable[int],
    known: Knowledge,
    labels: Mapping[str, str],
    *,
    borders: bool = False,
) -> Probe:
    """The probe of `nodes` (in topological order) for one axis of the graph input that `source` names.

    `other_axes` are the other axes of that input that are probed too; `labels` holds the names of nodes in messages;
    `borders` builds a probe of borders instead.
    Raises InexpressibleError where the input's shape is not known.
    """
    name, axis = source
    if name not in known.shapes:
        raise InexpressibleError(f"the shape of input {name!r} is not known")
    build = Builder(borders=borders)
    value = build.source(known.shapes[name], axis, other_axes)
    unknown = {tensor: Unknown(reason) for tensor, reason in known.left_out.items()}
    probe = Probe(build, {tensor: TrackedByKind(why, why, why) for tensor, why in unknown.items()})
    probe.tracked[name] = TrackedByKind(value, value, value)
    for node in nodes:
        if node.kind not in READ_ONLY_A_SHAPE:
            _enter(node, probe, known, labels)
    if build.merges_padding:  # once more with the padding along all axes, which takes tensors of two dimensions
        return translate(nodes, source, (), known, labels, borders=borders)
    return probe


def ancestors(nodes: Sequence[Operation], tensors: Iterable[str]) -> list[Operation]:
    """The nodes on which `tensors` depend, in their order."""
    wanted = set(tensors)
    selected = []
    for node in reversed(nodes):
        if not wanted.isdisjoint(node.output):
            selected.append(node)
            wanted.update(node.input, node.captured)
    return selected[::-1]


def _enter(node: Operation, probe: Probe, known: Knowledge, labels: Mapping[str, str]) -> None:
    """Translate one node in all readings, reusing the translation where a reading does not differ."""
    inputs = [probe.of(name) for name in (*node.input, *node.captured)]
    if not any(tracked.full for tracked in inputs):
        return
    into_local = [tracked.local for tracked in inputs]
    into_placed = [tracked.placed for tracked in inputs]
    into_full = [tracked.full for tracked in inputs]
    live = [tracked if isinstance(tracked, Value) else None for tracked in into_full]
    if not probe.from_elsewhere.isdisjoint((*node.input, *node.captured)) or not stays(node, live):
        probe.from_elsewhere.update(node.output)
    translate_as = partial(_outputs, node, labels.get(node.name, node.name), probe.build, known)
    local, call = translate_as(into_local, DependenceKind.LOCAL)
    placed = full = local
    if call is None or call.collapsed or into_placed != into_local:
        placed, _ = translate_as(into_placed, DependenceKind.PLACED)
    if call is not None and call.spread:
        local = [_joined(*pair, probe.build) for pair in zip(local, placed, strict=True)]
    if call is None or call.sensitive or into_full != into_local:
        full, _ = translate_as(into_full, DependenceKind.FULL)
    probe.tracked.update(zip(node.output, map(TrackedByKind, local, placed, full), strict=True))


def _outputs(
    node: Operation, label: str, build: Builder, known: Knowledge, inputs: Sequence[Tracked], reading: DependenceKind
) -> tuple[Sequence[Tracked], Call | None]:
    """The outputs of a node in one reading, and the call that records whether others differ, None without one."""
    count = len(node.output)
    name = f"{node.op_type} {label}"
    unknown = next((tracked for tracked in inputs if isinstance(tracked, Unknown)), None)
    if unknown is not None:
        return [unknown] * count, None
    values = [tracked for tracked in inputs if not isinstance(tracked, Unknown)]
    if not any(values):
        return [None] * count, None
    translator = TRANSLATORS.get(node.kind)
    if translator is None:
        return [Unknown(f"the probe has no translation of {name}, so what it reads cannot be observed")] * count, None
    call = Call(node, values[: len(node.input)], reading, build, known)
    try:
        outputs: list[Tracked] = [*map(_nonempty, translator(call))]
        del outputs[count:]
        _compare(node, outputs, known)
    except InexpressibleError as problem:
        return [Unknown(f"{name} cannot be expressed in the probe: {problem}")] * count, None
    outputs += [Unknown(f"output {k} of {name} is not in the probe") for k in range(len(outputs), count)]
    return outputs, call


def _joined(local: Tracked, placed: Tracked, build: Builder) -> Tracked:
    """The local value where a collapsed axis was broadcast: the other inputs, and the part that was never collapsed."""
    if local is None or isinstance(placed, Unknown):
        return placed
    if placed is None or placed == local or isinstance(local, Unknown):
        return local
    return build.union([local, placed], local.shape)


def _nonempty(value: Value | None) -> Value | None:
    """The value; None if it is empty."""
    return None if value is None or 0 in value.shape else value


def _compare(node: Operation, outputs: Sequence[Tracked], known: Knowledge) -> None:
    """Raise InexpressibleError where the probe's shapes differ from those observed."""
    for name, tracked in zip(node.output, outputs, strict=False):
        if isinstance(tracked, Value) and known.shapes.get(name, tracked.shape) != tracked.shape:
            raise InexpressibleError(f"the probe computed shape {tracked.shape}, but it ran as {known.shapes[name]}")
