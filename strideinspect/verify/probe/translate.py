"""From the model's graph to the probe's: node by node, with local and, where that differs, with full dependence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, NamedTuple

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
from strideinspect.verify.probe.value import InexpressibleError, Value


@dataclass(frozen=True, slots=True)
class Unknown:
    """A tensor of which the probe cannot say what it depends on."""

    reason: str


Tracked = Value | Unknown | None
"""What the probe has for a tensor; None where nothing of the probed input arrives."""


class TrackedByKind(NamedTuple):
    """What the probe has for a tensor in each reading: mostly one and the same."""

    local: Tracked
    placed: Tracked
    full: Tracked


INACTIVE: Final = TrackedByKind(None, None, None)
"""Of a tensor to which nothing of the probed input arrives."""


@dataclass(frozen=True, slots=True)
class Probe:
    """The probe's graph for one axis of one graph input, and what it holds for each of the model's tensors."""

    build: Builder
    tracked: dict[str, TrackedByKind]

    def of(self, tensor: str) -> TrackedByKind:
        """What it holds for a tensor."""
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

    `other_axes` are the other axes of that input that are probed too; `labels` says what to call a node in a reason;
    `borders` asks for the probe of what the ends of maps reach.
    Raises InexpressibleError where the input's shape is not known.
    """
    name, axis = source
    if name not in known.shapes:
        raise InexpressibleError(f"the shape of input {name!r} is not known")
    build = Builder(borders=borders)
    value = build.source(known.shapes[name], axis, other_axes)
    probe = Probe(build, {name: TrackedByKind(value, value, value)})
    for node in nodes:
        if node.kind not in READ_ONLY_A_SHAPE:
            _enter(node, probe, known, labels)
    return probe


def ancestors(nodes: Sequence[Operation], tensors: Iterable[str]) -> list[Operation]:
    """The nodes, in their order, on which `tensors` depend."""
    wanted = set(tensors)
    selected = []
    for node in reversed(nodes):
        if not wanted.isdisjoint(node.output):
            selected.append(node)
            wanted.update(node.input, node.captured)
    return selected[::-1]


def _enter(node: Operation, probe: Probe, known: Knowledge, labels: Mapping[str, str]) -> None:
    """Translate one node in all readings: once, unless they differ."""
    inputs = [probe.of(name) for name in (*node.input, *node.captured)]
    if not any(tracked.full for tracked in inputs):
        return
    into_local, into_placed, into_full = map(list, zip(*inputs, strict=True))
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
    """What one reading makes of a node, and the call that tells whether others differ; None if there was none."""
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
    """What is left locally where a collapsed axis was spread: what else there was, and what never collapsed."""
    if local is None or isinstance(placed, Unknown):
        return placed
    if placed is None or placed == local or isinstance(local, Unknown):
        return local
    return build.union([local, placed], local.shape)


def _nonempty(value: Value | None) -> Value | None:
    """The value, unless it has no index at all."""
    return None if value is None or 0 in value.shape else value


def _compare(node: Operation, outputs: Sequence[Tracked], known: Knowledge) -> None:
    """The probe has to arrive at the shapes that were observed."""
    for name, tracked in zip(node.output, outputs, strict=False):
        if isinstance(tracked, Value) and known.shapes.get(name, tracked.shape) != tracked.shape:
            raise InexpressibleError(f"the probe computed shape {tracked.shape}, but it ran as {known.shapes[name]}")
