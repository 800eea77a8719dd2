"""The first check: every tensor's shape as onnxruntime has it, from one profiled run without weights."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import onnxruntime

from strideinspect.limits import MOST_SHAPE_REALS
from strideinspect.model.subgraphs import captured
from strideinspect.results.field import Shape
from strideinspect.verify.both_branches import agreed, beside_each_other, not_taken
from strideinspect.verify.exactness import Exactness, chooses, exactness, parameters
from strideinspect.verify.weightless import Weightless

_NOT_RUN: Final = "onnxruntime optimised it away, so its shape was not observed"


@dataclass(frozen=True, slots=True)
class ObservedRun:
    """What one run showed.

    `shapes` per tensor; `not_checked` says of others why they have none. `values` holds the small tensors whose
    values are exact. `error` says why the run ended early, if it did: then `shapes` holds what came before. `nodes` are
    those that ran, with the branches of an If in front of it where both did; `undecided` holds the tensors by which an
    If has to be taken as open.
    """

    nodes: Sequence[onnx.NodeProto]

    shapes: Mapping[str, Shape]
    not_checked: Mapping[str, str]
    values: Mapping[str, np.ndarray]
    exact: Exactness
    error: str | None
    undecided: Collection[str] = ()


def session(model: onnx.ModelProto, *, threads: int = 0, profile: Path | None = None) -> onnxruntime.InferenceSession:
    """A silent CPU session that runs the graph as it stands. Raises whatever onnxruntime raises."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # the analysis runs beside it
    options.enable_mem_reuse = False  # planning it takes quadratic time: seconds for some thousand nodes
    options.add_session_config_entry("session.disable_prepacking", "1")  # packed weights are missing from the profile
    if profile is not None:
        options.enable_profiling = True
        options.profile_file_prefix = str(profile)
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def run(weightless: Weightless, directory: Path) -> ObservedRun:
    """Run the model once on zeros, with its profile below `directory`. What onnxruntime refuses is no exception.

    Where the data decide between two branches, both are run, unless one cannot run at this size.
    """
    model = weightless.model
    replaced = [*(entry.name for entry in model.graph.input), *weightless.zeroed]
    if not weightless.has_branches:
        return _run(weightless, model, replaced, directory)
    # Arithmetic with long lists of real numbers is left to onnxruntime: what it decides counts as open.
    lists = [
        name
        for name, value in weightless.constants.items()
        if value.dtype.kind == "f" and value.size > MOST_SHAPE_REALS
    ]
    undecided = exactness(model.graph, [*replaced, *lists]).inexact
    both = beside_each_other(model, undecided)
    if both is not None:
        observed = _run(weightless, both, replaced, directory)
        if observed.error is None:
            return replace(observed, undecided=undecided)
    return replace(_run(weightless, model, replaced, directory), undecided=undecided)


def _run(weightless: Weightless, model: onnx.ModelProto, replaced: Sequence[str], directory: Path) -> ObservedRun:
    graph = model.graph
    exact = exactness(graph, replaced, chooses)
    wanted = list(dict.fromkeys(parameters(graph, exact)))
    tensors = [entry.name for entry in graph.output if not entry.type.HasField("sequence_type")]
    known = {entry.name for entry in graph.output}
    graph.output.extend(onnx.ValueInfoProto(name=name) for name in wanted if name not in known)
    values = dict(weightless.constants)
    try:
        runner = session(model, profile=directory / "profile")
    except Exception as problem:  # noqa: BLE001 - onnxruntime's errors share no base class; any of them is an answer
        return ObservedRun(graph.node, {}, {}, values, exact, weightless.in_their_words(plain(problem)))
    fetched, error = _fetched(runner, weightless, list(dict.fromkeys([*tensors, *wanted])))
    profile = Path(runner.end_profiling())
    seen = {name: tuple(value.shape()) for name, value in fetched.items()}
    seen |= {name: weightless.feeds[name].shape for name in weightless.inputs}
    conflicts = _read(profile, weightless.nodes, seen)
    if error is not None:  # nothing was handed out, not even what it had computed by then of what decides where data go
        fetched = _computed(model, weightless, [name for name in wanted if name in seen])
    values |= {name: fetched[name].numpy() for name in wanted if name in fetched}
    if weightless.has_branches:
        same = agreed(graph, seen)
        exact = exactness(graph, replaced, lambda node: node.name in same)
    values = {name: value for name, value in values.items() if name not in exact.inexact}
    not_checked = {name: f"its shape depends on the data, at {label}" for name, label in _labels(exact, weightless)}
    not_checked |= dict.fromkeys(conflicts, "it has several shapes in one run")
    for name in not_checked:
        seen.pop(name, None)
    if error is None:
        not_checked |= not_taken(graph, seen, weightless.labels)
        _enter_dropped_casts(graph, seen, not_checked)
    for node in weightless.nodes.values():
        for name in node.output:
            if name and name not in seen:
                not_checked.setdefault(name, error or _NOT_RUN)
    return ObservedRun(graph.node, seen, not_checked, values, exact, error)


def _fetched(
    runner: onnxruntime.InferenceSession, weightless: Weightless, names: list[str]
) -> tuple[dict[str, onnxruntime.OrtValue], str | None]:
    """The tensors of these names after one run, and why it ended early, if it did."""
    feeds = {name: onnxruntime.OrtValue.ortvalue_from_numpy(feed) for name, feed in weightless.feeds.items()}
    try:
        fetched = runner.run_with_ort_values(names, feeds)
    except Exception as problem:  # noqa: BLE001 - onnxruntime's errors share no base class; any of them is an answer
        return {}, weightless.in_their_words(plain(problem))
    return {name: value for name, value in zip(names, fetched, strict=True) if value.is_tensor()}, None


def _computed(model: onnx.ModelProto, weightless: Weightless, names: list[str]) -> dict[str, onnxruntime.OrtValue]:
    """The tensors of these names, by the part of the model that they depend on, which has run before."""
    nodes: list[onnx.NodeProto] = []
    needed = set(names)
    for node in reversed(model.graph.node):
        if not needed.isdisjoint(node.output):
            nodes.append(node)
            needed.update(node.input, captured(node))
    part = onnx.ModelProto()
    part.CopyFrom(model)
    del part.graph.node[:]
    part.graph.node.extend(reversed(nodes))
    del part.graph.output[:]
    part.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    return _fetched(session(part), weightless, names)[0] if names else {}


def plain(problem: BaseException) -> str:
    """One line of what onnxruntime says, without its error codes and source positions."""
    text = " ".join(str(problem).split())
    text = re.sub(r"^\[ONNXRuntimeError\] : \d+ : \w+ : ", "", text)
    text = re.sub(r"\S*/onnxruntime/\S+:\d+ ", "", text)
    text = re.sub(r"Non-zero status code .*? running (\w+) node\. Name:'([^']*)' Status Message: ", r"\1 \2: ", text)
    text = re.sub(r"^(\w+ \S+: )?onnxruntime::[^)]*\)( const)? ?", r"\1", text)
    return text[:300] or type(problem).__name__


def _labels(exact: Exactness, weightless: Weightless) -> Iterator[tuple[str, str]]:
    for name, culprit in exact.misshapen.items():
        yield name, f"{weightless.nodes[culprit].op_type} {weightless.labels[culprit]}"


def _read(profile: Path, nodes: Mapping[str, onnx.NodeProto], seen: dict[str, Shape]) -> set[str]:
    """Enter the shapes of the profile into `seen`; the names that have several."""
    conflicts: set[str] = set()
    inputs: dict[str, Shape] = {}

    def enter(into: dict[str, Shape], names: Iterable[str], types: list[dict[str, list[int]]]) -> None:
        for name, described in zip((name for name in names if name), types, strict=False):
            for dims in described.values():
                if into.setdefault(name, tuple(dims)) != tuple(dims):
                    conflicts.add(name)

    for name, arguments in _events(profile):
        node = nodes.get(name)
        if node is not None:
            enter(seen, node.output, arguments.get("output_type_shape", []))
            # Operators that onnxruntime expands and Casts that it drops are seen where somebody reads them.
            enter(inputs, node.input, arguments.get("input_type_shape", []))
    for name, shape in inputs.items():
        if seen.setdefault(name, shape) != shape:
            conflicts.add(name)
    return conflicts


def _enter_dropped_casts(graph: onnx.GraphProto, seen: dict[str, Shape], not_checked: Mapping[str, str]) -> None:
    """Of several Casts in a row that onnxruntime drops, the last alone is seen where somebody reads it.

    What goes into such a Cast is what comes out of it.
    """
    for node in graph.node:
        if node.op_type == "Cast" and node.input[0] in seen and node.output[0] not in not_checked:
            seen.setdefault(node.output[0], seen[node.input[0]])


def _events(profile: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The node runs in a profile, which is removed once it is read."""
    text = profile.read_text(encoding="utf-8")
    with suppress(OSError):
        profile.unlink()
    for event in json.loads(text):
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            yield event["name"].removesuffix("_kernel_time"), event["args"]
