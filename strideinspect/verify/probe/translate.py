"""From the model's graph to the probe's: node by node, with local and, where that differs, with full dependence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import onnx

from strideinspect.verify.exactness import captured, reads_only_shape
from strideinspect.verify.probe import (  # noqa: F401 - importing them registers their translators
    attention,
    elementwise,
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
from strideinspect.verify.probe.call import TRANSLATORS, Call, Knowledge, Reading, qualified
from strideinspect.verify.probe.value import InexpressibleError, Value


@dataclass(frozen=True, slots=True)
class Unknown:
    """A tensor of which the probe cannot say what it depends on."""

    reason: str


Held = Value | Unknown | None
"""What the probe has for a tensor; None where nothing of the probed input arrives."""


@dataclass(frozen=True, slots=True)
class Probe:
    """The probe's graph for one axis of one graph input, and what it holds for each of the model's tensors."""

    build: Builder
    held: Mapping[Reading, dict[str, Held]]

    @property
    def local(self) -> Mapping[str, Held]:
        """Local dependence."""
        return self.held[Reading.LOCAL]

    @property
    def full(self) -> Mapping[str, Held]:
        """Full dependence."""
        return self.held[Reading.FULL]


def translate(
    nodes: Sequence[onnx.NodeProto],
    source: tuple[str, int],
    aside: Iterable[int],
    known: Knowledge,
    labels: Mapping[str, str],
    *,
    borders: bool = False,
) -> Probe:
    """The probe of `nodes` (in topological order) for one axis of the graph input that `source` names.

    `aside` are the other axes of that input that are probed too; `labels` says what to call a node in a reason;
    `borders` asks for the probe of what the ends of maps reach.
    Raises InexpressibleError where the input's shape is not known.
    """
    name, axis = source
    if name not in known.shapes:
        raise InexpressibleError(f"the shape of input {name!r} is not known")
    build = Builder(borders=borders)
    value = build.source(known.shapes[name], axis, aside)
    probe = Probe(build, {reading: {name: value} for reading in Reading})
    for node in nodes:
        if not reads_only_shape(node):
            _enter(node, probe, known, labels)
    return probe


def ancestors(nodes: Sequence[onnx.NodeProto], tensors: Iterable[str]) -> list[onnx.NodeProto]:
    """The nodes, in their order, on which `tensors` depend."""
    wanted = set(tensors)
    found = []
    for node in reversed(nodes):
        if wanted.intersection(node.output):
            found.append(node)
            wanted.update(node.input, captured(node))
    return found[::-1]


def _enter(node: onnx.NodeProto, probe: Probe, known: Knowledge, labels: Mapping[str, str]) -> None:
    """Translate one node in all readings: once, unless they differ."""
    names = [*node.input, *captured(node)]
    held = {reading: [probe.held[reading].get(name) for name in names] for reading in Reading}
    if not any(held[Reading.FULL]):
        return
    translate_as = partial(_outputs, node, labels.get(node.name, node.name), probe.build, known)
    local, call = translate_as(held[Reading.LOCAL], Reading.LOCAL)
    placed = full = local
    if call is None or call.collapsed or held[Reading.PLACED] != held[Reading.LOCAL]:
        placed, _ = translate_as(held[Reading.PLACED], Reading.PLACED)
    if call is not None and call.spread:
        local = [_joined(*pair, probe.build) for pair in zip(local, placed, strict=True)]
    if call is None or call.sensitive or held[Reading.FULL] != held[Reading.LOCAL]:
        full, _ = translate_as(held[Reading.FULL], Reading.FULL)
    for reading, outputs in ((Reading.LOCAL, local), (Reading.PLACED, placed), (Reading.FULL, full)):
        probe.held[reading].update(zip(node.output, outputs, strict=True))


def _outputs(
    node: onnx.NodeProto, label: str, build: Builder, known: Knowledge, inputs: Sequence[Held], reading: Reading
) -> tuple[Sequence[Held], Call | None]:
    """What one reading makes of a node, and the call that tells whether others differ; None if there was none."""
    count = len(node.output)
    name = f"{node.op_type} {label}"
    unknown = next((held for held in inputs if isinstance(held, Unknown)), None)
    if unknown is not None:
        return [unknown] * count, None
    values = [held for held in inputs if not isinstance(held, Unknown)]
    if not any(values):
        return [None] * count, None
    translator = TRANSLATORS.get(qualified(node))
    if translator is None:
        return [Unknown(f"what {name} reads can be assumed, but not observed by the probe")] * count, None
    call = Call(node, values[: len(node.input)], reading, build, known)
    try:
        outputs: list[Held] = [*map(_lit, translator(call))]
        del outputs[count:]
        _compare(node, outputs, known)
    except InexpressibleError as problem:
        return [Unknown(f"{name} cannot be expressed in the probe: {problem}")] * count, None
    outputs += [Unknown(f"output {k} of {name} is not in the probe") for k in range(len(outputs), count)]
    return outputs, call


def _joined(local: Held, placed: Held, build: Builder) -> Held:
    """What is left locally where a collapsed axis was spread: what else there was, and what never collapsed."""
    if local is None or isinstance(placed, Unknown):
        return placed
    if placed is None or placed == local or isinstance(local, Unknown):
        return local
    return build.union([local, placed], local.shape)


def _lit(value: Value | None) -> Value | None:
    """The value, unless it has no index at all."""
    return None if value is None or 0 in value.shape else value


def _compare(node: onnx.NodeProto, outputs: Sequence[Held], known: Knowledge) -> None:
    """The probe has to arrive at the shapes that were observed."""
    for name, held in zip(node.output, outputs, strict=False):
        if isinstance(held, Value) and known.shapes.get(name, held.shape) != held.shape:
            raise InexpressibleError(f"it made {held.shape} of what ran as {known.shapes[name]}")
