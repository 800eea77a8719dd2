"""From the model's graph to the probe's: node by node, with local and, where that differs, with full dependence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

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
    windows,
)
from strideinspect.verify.probe.builder import Builder
from strideinspect.verify.probe.call import TRANSLATORS, Call, Knowledge, qualified
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
    local: dict[str, Held]
    full: dict[str, Held]


def translate(
    nodes: Sequence[onnx.NodeProto],
    source: tuple[str, int],
    aside: Iterable[int],
    known: Knowledge,
    labels: Mapping[str, str],
) -> Probe:
    """The probe of `nodes` (in topological order) for one axis of the graph input that `source` names.

    `aside` are the other axes of that input that are probed too; `labels` says what to call a node in a reason.
    Raises InexpressibleError where the input's shape is not known.
    """
    name, axis = source
    if name not in known.shapes:
        raise InexpressibleError(f"the shape of input {name!r} is not known")
    build = Builder()
    value = build.source(known.shapes[name], axis, aside)
    probe = Probe(build, {name: value}, {name: value})
    for node in nodes:
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
    """Translate one node into both readings."""
    if reads_only_shape(node):
        return
    names = [*node.input, *captured(node)]
    local = [probe.local.get(name) for name in names]
    full = [probe.full.get(name) for name in names]
    if not any(full):
        return
    label = f"{node.op_type} {labels.get(node.name, node.name)}"
    outputs, sensitive = _outputs(node, local, probe.build, known, label, local_reading=True)
    probe.local.update(zip(node.output, outputs, strict=True))
    if sensitive or local != full:
        outputs, _ = _outputs(node, full, probe.build, known, label, local_reading=False)
    probe.full.update(zip(node.output, outputs, strict=True))


def _outputs(
    node: onnx.NodeProto, inputs: Sequence[Held], build: Builder, known: Knowledge, label: str, *, local_reading: bool
) -> tuple[Sequence[Held], bool]:
    """One reading of a node, and whether the other one would differ."""
    count = len(node.output)
    unknown = next((held for held in inputs if isinstance(held, Unknown)), None)
    if unknown is not None:
        return [unknown] * count, False
    values = [held for held in inputs if not isinstance(held, Unknown)]
    if not any(values):
        return [None] * count, False
    translator = TRANSLATORS.get(qualified(node))
    if translator is None:
        return [Unknown(f"what {label} reads can be assumed, but not observed by the probe")] * count, False
    call = Call(node, values[: len(node.input)], local_reading, build, known)
    try:
        outputs: list[Held] = [*map(_lit, translator(call))]
        del outputs[count:]
        _compare(node, outputs, known)
    except InexpressibleError as problem:
        return [Unknown(f"{label} cannot be expressed in the probe: {problem}")] * count, False
    outputs += [Unknown(f"output {k} of {label} is not in the probe") for k in range(len(outputs), count)]
    return outputs, call.sensitive


def _lit(value: Value | None) -> Value | None:
    """The value, unless it has no index at all."""
    return None if value is None or 0 in value.shape else value


def _compare(node: onnx.NodeProto, outputs: Sequence[Held], known: Knowledge) -> None:
    """The probe has to arrive at the shapes that were observed."""
    for name, held in zip(node.output, outputs, strict=False):
        if isinstance(held, Value) and known.shapes.get(name, held.shape) != held.shape:
            raise InexpressibleError(f"it made {held.shape} of what ran as {known.shapes[name]}")
