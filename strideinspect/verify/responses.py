"""The worker's responses: the shapes of one run, then the results of a probe of each requested axis."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
import onnxruntime
from msgspec import Struct, structs

from strideinspect.model.input_values import with_values
from strideinspect.model.load import load
from strideinspect.results.field import Shape
from strideinspect.verify.axis_questions import AxisAnswer, AxisQuestion
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
    Stop,
    UnseenClaim,
    UnseenResult,
)
from strideinspect.verify.probe import resizing, signal, windows
from strideinspect.verify.probe.call import Knowledge, Operation, operation
from strideinspect.verify.probe.constant_branches import followed
from strideinspect.verify.probe.run import RunnableProbe
from strideinspect.verify.probe.sequences import unrolled
from strideinspect.verify.probe.translate import Unknown, ancestors, translate
from strideinspect.verify.probe.unpooling import pools_behind
from strideinspect.verify.probe.value import InexpressibleError
from strideinspect.verify.refusal import RefusalKind, plain
from strideinspect.verify.run_model import ObservedRun, run
from strideinspect.verify.weightless import Weightless, prepare
from strideinspect.verify.with_weights import refuses

_NEWEST_OPSET: Final = 21

_ObservedT = TypeVar("_ObservedT")


class ExecutedModel(Struct, frozen=True):
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
    weightless, observed = shapes_of(request, directory)
    runtime = f"onnxruntime {onnxruntime.__version__}"
    stop = observed.stop
    if stop is not None and _by_size_alone(observed, stop):
        stop = structs.replace(stop, refused=refuses(request))
    yield ObservedShapes(runtime, observed.shapes, observed.not_checked, stop, observed.left_out)
    return learn(weightless, observed)


def _by_size_alone(observed: ObservedRun, stop: Stop) -> bool:
    """Whether the run ended because of the sizes of the inputs, not of the zeros that were fed as their values."""
    return (
        observed.refused is not None
        and observed.refused.kind is RefusalKind.MODEL
        and stop.tensor not in observed.exact.misshapen
    )


def shapes_of(request: RunModel, directory: Path) -> tuple[Weightless, ObservedRun]:
    """Run the model without its weights. Raises StrideinspectError or UnrunnableError where that is impossible."""
    loaded = with_values(load(request.path), request.values)
    return run(prepare(loaded, request.inputs), directory, request.given)


def learn(weightless: Weightless, observed_run: ObservedRun) -> ExecutedModel:
    """Observe, by running onnxruntime's operators, what each window of the model reads."""
    run = observed_run
    values = {name: array for name, array in run.values.items() if name not in run.exact.inexact}
    plain_nodes = list(followed(run.nodes, run.values, run.undecided, run.shapes))
    without_sequences = unrolled(plain_nodes, values, run.shapes)
    plain_nodes, shapes = without_sequences.nodes, without_sequences.shapes
    nodes = [operation(node) for node in plain_nodes]
    opsets = {entry.domain or "ai.onnx": entry.version for entry in weightless.model.opset_import}
    opset = opsets.get("ai.onnx", _NEWEST_OPSET)
    tables = _tables({node.name: _questions(node, shapes, values, opset) for node in nodes}, opset)
    pools = pools_behind(plain_nodes, values, shapes, opset)
    known = Knowledge(shapes, values, tables, opset, run.left_out, pools)
    return ExecutedModel(nodes, weightless.outputs, weightless.labels, observed_run, known)


def _questions(
    node: Operation, shapes: Mapping[str, Shape], values: Mapping[str, np.ndarray], opset: int
) -> Mapping[int, AxisQuestion] | str:
    """The questions about the axes of a node, or the reason why there can be none."""
    try:
        asked = windows.questions(node, shapes) or resizing.questions(node, shapes, values, opset)
        return asked or signal.questions(node, shapes, values)
    except InexpressibleError as problem:
        return str(problem)


def _tables(
    asked: Mapping[str, Mapping[int, AxisQuestion] | str], opset: int
) -> dict[str, Mapping[int, AxisAnswer] | str]:
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
        from_elsewhere: Collection[str] = ()
        try:
            nodes = ancestors(executed.nodes, probe.tensors)
            other_axes = [other.axis for other in axes if other.input == probe.input]
            graph = translate(nodes, source, other_axes, executed.known, executed.labels, borders=True)
            observed = RunnableProbe(graph, executed.known.shapes, source, probe.tensors, []).borders()
            from_elsewhere = graph.from_elsewhere
        except Exception as problem:  # noqa: BLE001 - as above
            reason = Unknown(f"the probe of borders could not be run: {plain(problem)}")
            observed = dict.fromkeys(probe.tensors, reason)
        for tensor, reached in observed.items():
            borders.append(BorderResult(*source, tensor, _or_reason(reached), tensor in from_elsewhere))
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
    run = executed.observed_run
    return run.not_checked.get(tensor) or (run.stop.reason if run.stop else NO_TENSOR)


def _or_reason(observed: _ObservedT | Unknown) -> _ObservedT | str:
    return observed.reason if isinstance(observed, Unknown) else observed
