"""The first check: every tensor's shape in onnxruntime, from one profiled run without weights."""

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
    """What was observed in one run.

    `shapes` holds a shape per tensor, `not_checked` the reason for each tensor without one, `values` the small tensors
    whose values are exact. `error` says why the run ended early, if it did; `shapes` then holds the tensors before that
    point. `nodes` are those that ran; where both branches of an If ran, their nodes come before it. `undecided` are the
    tensors that are not exact: an If with one of them as its condition may take either branch.
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
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # the analysis runs at the same time
    options.enable_mem_reuse = False  # its planning time is quadratic: seconds for a few thousand nodes
    options.add_session_config_entry("session.disable_prepacking", "1")  # packed weights are missing from the profile
    if profile is not None:
        options.enable_profiling = True
        options.profile_file_prefix = str(profile)
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def run(weightless: Weightless, directory: Path) -> ObservedRun:
    """Run the model once on zeros, with its profile below `directory`. Errors of onnxruntime are returned, not raised.

    Where the data select the branch of an If, both branches are run, unless one cannot run at this size.
    """
    model = weightless.model
    filled = [entry.name for entry in model.graph.input if weightless.feeds[entry.name].size]
    replaced = [*filled, *weightless.zeroed]
    if not weightless.has_branches:
        return _run(weightless, model, replaced, directory)
    # Long floating-point constants are weights, not sizes: a condition computed from one counts as unknown.
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
    if error is not None:  # no tensor was returned, not even index parameters computed before the error
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
    """The tensors of these names, from a run of only the nodes that they depend on, which ran without error before."""
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
    """The message of onnxruntime in one line, without its error codes and source positions."""
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
    """Enter the shapes from the profile into `seen`; return the names with several different shapes."""
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
            # Outputs of operators that onnxruntime expands, and of Casts that it drops, occur only as inputs of others.
            enter(inputs, node.input, arguments.get("input_type_shape", []))
    for name, shape in inputs.items():
        if seen.setdefault(name, shape) != shape:
            conflicts.add(name)
    return conflicts


def _enter_dropped_casts(graph: onnx.GraphProto, seen: dict[str, Shape], not_checked: Mapping[str, str]) -> None:
    """Enter the shapes of Casts that onnxruntime dropped: those of their inputs.

    Of several dropped Casts in a row, only the last one's output occurs as an input in the profile.
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
