"""The worker's responses: the shapes of one run, then the results of a probe of each requested axis."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
import onnxruntime

from strideinspect.model.input_values import with_values
from strideinspect.model.load import load
from strideinspect.results.field import Shape
from strideinspect.verify.axis_questions import AxisAnswer, Question
from strideinspect.verify.long_axes import ask
from strideinspect.verify.messages import (
    NO_TENSOR,
    AxisProbe,
    BorderResult,
    FieldResult,
    ObservedBorders,
    ObservedField,
    ObservedFields,
    ObservedShapes,
    RunModel,
    UnseenClaim,
    UnseenResult,
)
from strideinspect.verify.probe import resizing, signal, windows
from strideinspect.verify.probe.call import Knowledge, Operation, operation
from strideinspect.verify.probe.constant_branches import followed
from strideinspect.verify.probe.run import RunnableProbe
from strideinspect.verify.probe.translate import Unknown, ancestors, translate
from strideinspect.verify.probe.value import InexpressibleError
from strideinspect.verify.run_model import ObservedRun, plain, run
from strideinspect.verify.weightless import Weightless, prepare

_NEWEST_OPSET: Final = 21

_ObservedT = TypeVar("_ObservedT")


@dataclass(frozen=True, slots=True)
class ExecutedModel:
    """A model after its run: its nodes with constant branches followed, and everything that was observed."""

    nodes: Sequence[Operation]
    outputs: Sequence[str]
    labels: Mapping[str, str]
    observed_run: ObservedRun
    known: Knowledge


def run_model(request: RunModel, directory: Path) -> Generator[ObservedShapes, None, ExecutedModel]:
    """Run the model without its weights and yield its shapes, then observe what its windows read.

    Raises StrideinspectError or UnrunnableError where the model cannot be run.
    """
    weightless, observed_run = shapes_of(request.path, request.inputs, directory, request.values)
    runtime = f"onnxruntime {onnxruntime.__version__}"
    yield ObservedShapes(runtime, observed_run.shapes, observed_run.not_checked, observed_run.error)
    return learn(weightless, observed_run)


def shapes_of(
    path: str, inputs: Mapping[str, Shape], directory: Path, values: Mapping[str, object] | None = None
) -> tuple[Weightless, ObservedRun]:
    """Run the model without its weights. Raises StrideinspectError or UnrunnableError where that is impossible."""
    weightless = prepare(with_values(load(path), values or {}), inputs)
    return weightless, run(weightless, directory)


def learn(weightless: Weightless, observed_run: ObservedRun) -> ExecutedModel:
    """Observe, by running onnxruntime's operators, what each window of the model reads."""
    nodes = [operation(node) for node in followed(observed_run.nodes, observed_run.values, observed_run.undecided)]
    opsets = {entry.domain or "ai.onnx": entry.version for entry in weightless.model.opset_import}
    opset = opsets.get("ai.onnx", _NEWEST_OPSET)
    values = {name: array for name, array in observed_run.values.items() if name not in observed_run.exact.inexact}
    outputs = [entry.name for entry in weightless.model.graph.output[: weightless.outputs]]
    tables = _tables({node.name: _questions(node, observed_run.shapes, values, opset) for node in nodes}, opset)
    return ExecutedModel(
        nodes, outputs, weightless.labels, observed_run, Knowledge(observed_run.shapes, values, tables, opset)
    )


def _questions(
    node: Operation, shapes: Mapping[str, Shape], values: Mapping[str, np.ndarray], opset: int
) -> Mapping[int, Question] | str:
    """The questions about the axes of a node, or the reason why there can be none."""
    try:
        asked = windows.questions(node, shapes) or resizing.questions(node, shapes, values, opset)
        return asked or signal.questions(node, shapes, values)
    except InexpressibleError as problem:
        return str(problem)


def _tables(asked: Mapping[str, Mapping[int, Question] | str], opset: int) -> dict[str, Mapping[int, AxisAnswer] | str]:
    """Per node the answers to its questions, or the reason why there are none."""
    questions = [mine for mine in asked.values() if not isinstance(mine, str)]
    answers = ask((question for mine in questions for question in mine.values()), opset)
    return {
        name: mine if isinstance(mine, str) else {axis: answers[question] for axis, question in mine.items()}
        for name, mine in asked.items()
    }


def observed_fields(
    executed: ExecutedModel, axes: Sequence[AxisProbe], unseen: Sequence[UnseenClaim]
) -> ObservedFields:
    """The fields of tensors along input axes, and whether indices that are claimed to be unseen reach an output."""
    tensors = {(probe.input, probe.axis): probe.tensors for probe in axes}
    unseen_ranges = {(claim.input, claim.axis): claim.ranges for claim in unseen}
    fields: list[FieldResult] = []
    unseen_results: list[UnseenResult] = []
    for source in dict.fromkeys([*tensors, *unseen_ranges]):
        wanted = tensors.get(source, {})
        try:
            other_axes = [axis for name, axis in tensors if name == source[0]]
            observed, result = _probe(executed, source, other_axes, wanted, unseen_ranges.get(source))
        except Exception as problem:  # noqa: BLE001 - onnxruntime may raise anything; other probes can still run
            reason = f"the probe itself could not be run: {plain(problem)}"
            observed, result = dict.fromkeys(wanted, reason), UnseenResult(*source, None, reason)
        fields += [FieldResult(*source, tensor, field) for tensor, field in observed.items()]
        if source in unseen_ranges:
            unseen_results.append(result)
    return ObservedFields(fields, unseen_results)


def observed_borders(executed: ExecutedModel, axes: Sequence[AxisProbe]) -> ObservedBorders:
    """Which indices of the tensors are affected by a border."""
    borders: list[BorderResult] = []
    for probe in axes:
        source = (probe.input, probe.axis)
        observed: Mapping[str, Sequence[bool] | Unknown]
        try:
            nodes = ancestors(executed.nodes, probe.tensors)
            other_axes = [other.axis for other in axes if other.input == probe.input]
            graph = translate(nodes, source, other_axes, executed.known, executed.labels, borders=True)
            observed = RunnableProbe(graph, executed.known.shapes, source, probe.tensors, []).borders()
        except Exception as problem:  # noqa: BLE001 - as above
            reason = Unknown(f"the probe of borders could not be run: {plain(problem)}")
            observed = dict.fromkeys(probe.tensors, reason)
        for tensor, reached in observed.items():
            borders.append(BorderResult(*source, tensor, _or_reason(reached)))
    return ObservedBorders(borders)


def _probe(
    executed: ExecutedModel,
    source: tuple[str, int],
    other_axes: Sequence[int],
    wanted: Mapping[str, int | None],
    unseen: Sequence[tuple[int, int]] | None,
) -> tuple[dict[str, ObservedField | str], UnseenResult]:
    """The fields of the wanted tensors along one axis, and whether rows claimed to be unseen reach an output."""
    shapes = executed.known.shapes
    if source[0] not in shapes:
        reason = _why_missing(executed, source[0])
        return dict.fromkeys(wanted, reason), UnseenResult(*source, None, reason)
    outputs = [] if unseen is None else executed.outputs
    nodes = ancestors(executed.nodes, [*wanted, *outputs])
    probe = translate(nodes, source, other_axes, executed.known, executed.labels)
    placed = {tensor: along for tensor, along in wanted.items() if tensor in shapes}
    runnable = RunnableProbe(probe, shapes, source, placed, outputs)
    observed = runnable.fields()
    fields = {
        tensor: _or_reason(observed[tensor]) if tensor in observed else _why_missing(executed, tensor)
        for tensor in wanted
    }
    if unseen is None:
        return fields, UnseenResult(*source, None)
    missing = next((output for output in outputs if output not in shapes), None)
    if missing is not None:
        return fields, UnseenResult(*source, None, _why_missing(executed, missing))
    reached = runnable.reached_output(unseen)
    if isinstance(reached, Unknown):
        return fields, UnseenResult(*source, None, reached.reason)
    return fields, UnseenResult(*source, reached)


def _why_missing(executed: ExecutedModel, tensor: str) -> str:
    """The reason why a tensor has no observed shape."""
    return executed.observed_run.not_checked.get(tensor) or executed.observed_run.error or NO_TENSOR


def _or_reason(observed: _ObservedT | Unknown) -> _ObservedT | str:
    return observed.reason if isinstance(observed, Unknown) else observed
