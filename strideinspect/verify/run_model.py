"""The first check: every tensor's shape in onnxruntime, from one profiled run without weights."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import onnxruntime
from msgspec import Struct, structs

from strideinspect.limits import MOST_SHAPE_REALS
from strideinspect.model.subgraphs import captured
from strideinspect.results.field import Shape
from strideinspect.verify.both_branches import (
    agreed,
    beside_each_other,
    conditions,
    enclosing,
    not_taken,
    tensors_of,
)
from strideinspect.verify.cut import refused_node, without
from strideinspect.verify.dropped_nodes import enter_constants, enter_dropped_copies
from strideinspect.verify.exactness import Exactness, chooses, exactness, parameters
from strideinspect.verify.messages import Stop
from strideinspect.verify.refusal import Refusal, RefusalKind, refusal
from strideinspect.verify.weightless import Weightless

_SEED: Final = 1
_NOT_RUN: Final = "onnxruntime optimised it away, so its shape was not observed"


class ObservedRun(Struct, frozen=True):
    """What was observed in one run.

    `shapes` holds a shape per tensor, `not_checked` the reason for each tensor without one, `values` the small tensors
    whose values are exact. `stop` says why the run ended early, if it did; `shapes` then holds the tensors before that
    point. `nodes` are those that ran; where both branches of an If ran, their nodes come before it. `undecided` are the
    tensors that are not exact: an If with one of them as its condition may take either branch. `by_data` says that the
    run ended in a branch that other data would not take. `left_out` gives the
    reason for each tensor of an operator that onnxruntime does not have, and for what depends on it.
    """

    nodes: Sequence[onnx.NodeProto]

    shapes: Mapping[str, Shape]
    not_checked: Mapping[str, str]
    values: Mapping[str, np.ndarray]
    exact: Exactness
    refused: Refusal | None
    stop: Stop | None
    undecided: Collection[str] = ()
    by_data: bool = False
    left_out: Mapping[str, str] = {}


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
    onnxruntime.set_seed(_SEED)  # of operators that draw numbers and name no seed: the same report at every run
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def run(weightless: Weightless, directory: Path, given: Mapping[str, Shape]) -> tuple[Weightless, ObservedRun]:
    """Run the model once on zeros, with its profile below `directory`. Errors of onnxruntime are returned, not raised.

    Where the data select the branch of an If, both branches are run, unless one cannot run at this size. Operators that
    onnxruntime does not have are left out; the model returned is the one that ran. Tensors of such an operator whose
    shapes are `given` become inputs.
    """
    while True:
        observed = _run_branches(weightless, directory)
        rest = None if observed.refused is None else without(weightless, observed.refused, given)
        if rest is None:
            return weightless, observed
        weightless = rest


def _run_branches(weightless: Weightless, directory: Path) -> ObservedRun:
    """One run, with both branches of each If whose condition is not known, or with the one that can run here."""
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
    model, passed = _decided(weightless, model, undecided)
    undecided = exactness(model.graph, [*replaced, *lists]).inexact
    unfit: dict[str, str] = {}
    why: dict[str, str] = {}
    while (both := beside_each_other(model, undecided, unfit)) is not None:
        observed = _run(weightless, both, replaced, directory)
        if observed.stop is None or observed.refused is None:
            skipped = {name: why[chooser] for name, chooser in tensors_of(model.graph, unfit) if name}
            return structs.replace(
                observed, undecided=undecided, not_checked={**observed.not_checked, **passed, **skipped}
            )
        place = enclosing(model.graph, observed.refused.node or "", undecided)
        if place is None or place[0] in unfit:
            break
        chooser, branch = place
        unfit[chooser] = branch
        which = f"the {branch.removesuffix('_branch')} branch of If {weightless.labels[chooser]}"
        why[chooser] = f"{which} cannot run at this size: {observed.stop.reason}"
    observed = _run(weightless, model, replaced, directory)
    place = None if observed.refused is None else enclosing(model.graph, observed.refused.node or "", undecided)
    return structs.replace(
        observed, undecided=undecided, by_data=place is not None, not_checked={**observed.not_checked, **passed}
    )


def _decided(
    weightless: Weightless, model: onnx.ModelProto, undecided: Collection[str]
) -> tuple[onnx.ModelProto, dict[str, str]]:
    """The model with the branches that run in place of the Ifs whose conditions no data decide.

    Within a branch onnxruntime shows the values of no tensor. Also the tensors of the other branches, with the reason
    why they do not run.
    """
    skipped: dict[str, str] = {}
    while known := conditions(model.graph, undecided):
        try:
            values = _computed(model, weightless, list(dict.fromkeys(known.values())))
        except Exception:  # noqa: BLE001 - whatever onnxruntime refuses is told of the run of the whole model
            return model, skipped
        if not values.keys() >= set(known.values()):
            return model, skipped
        chosen = {name: bool(values[condition].numpy().reshape(-1)[0]) for name, condition in known.items()}
        other = {name: "else_branch" if taken else "then_branch" for name, taken in chosen.items()}
        for tensor, chooser in tensors_of(model.graph, other):
            which = f"the {other[chooser].removesuffix('_branch')} branch of If {weightless.labels[chooser]}"
            skipped.setdefault(tensor, f"{which}, which contains it, was not taken")
        laid = beside_each_other(model, set(known.values()), other)
        if laid is None:
            return model, skipped
        model = laid
    return model, skipped


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
        at_once = refusal(problem)
        return ObservedRun(graph.node, {}, {}, values, exact, at_once, _stop(at_once, weightless, {}))
    fetched, refused = _fetched(runner, weightless, list(dict.fromkeys([*tensors, *wanted])))
    profile = Path(runner.end_profiling())
    seen = {name: value.shape for name, value in fetched.items()}
    seen |= {name: weightless.feeds[name].shape for name in weightless.inputs}
    conflicts = _read(profile, weightless.nodes, seen)
    if refused is not None:  # no tensor was returned, not even index parameters computed before the error
        fetched = _computed(model, weightless, [name for name in wanted if name in seen])
    values |= {name: fetched[name].numpy() for name in wanted if name in fetched}
    if weightless.has_branches:
        same = agreed(graph, seen)
        exact = exactness(graph, replaced, lambda node: node.name in same)
    values = {name: value for name, value in values.items() if name not in exact.inexact}
    not_checked = {name: f"its shape depends on the data, at {label}" for name, label in _labels(exact, weightless)}
    not_checked |= dict.fromkeys(conflicts, "it has several shapes in one run")
    not_checked |= weightless.left_out
    for name in not_checked:
        seen.pop(name, None)
    stop = None if refused is None else _stop(refused, weightless, seen)
    if stop is None:
        not_checked |= not_taken(graph, seen, weightless.labels)
        enter_dropped_copies(graph, seen, not_checked)
        enter_constants(weightless.nodes.values(), seen)
    for node in weightless.nodes.values():
        for name in node.output:
            if name and name not in seen:
                not_checked.setdefault(name, _NOT_RUN if stop is None else stop.reason)
    return ObservedRun(graph.node, seen, not_checked, values, exact, refused, stop, left_out=weightless.left_out)


def _stop(refused: Refusal, weightless: Weightless, seen: Mapping[str, Shape]) -> Stop:
    """Why a run ended, in the model's own names: at the node that onnxruntime names, else at the first that can be it.

    It names none where it expanded an operator into others.
    """
    node = refused_node(weightless, refused)
    if node is None and seen:
        fed = seen.keys() | weightless.feeds.keys() | weightless.constants.keys() | {""}
        waiting = (n for n in weightless.model.graph.node if n.op_type != "Constant" and not seen.keys() & {*n.output})
        node = next((n for n in waiting if fed.issuperset(n.input)), None)
    if node is None:
        return Stop(weightless.in_their_words(refused.reason))
    label = weightless.labels[node.name]
    if refused.kind is RefusalKind.UNKNOWN_OPERATOR:
        return Stop(f"{refused.reason}, for {label}", label, node.output[0])
    return Stop(f"{node.op_type} {label}: {weightless.in_their_words(refused.reason)}", label, node.output[0])


class _Fetched(Struct, frozen=True):
    """A tensor after a run; its values are copied only where they are asked for."""

    shape: Shape
    numpy: Callable[[], np.ndarray]


def _fetched(
    runner: onnxruntime.InferenceSession, weightless: Weightless, names: list[str]
) -> tuple[dict[str, _Fetched], Refusal | None]:
    """The tensors of these names after one run, and why it ended early, if it did."""
    try:
        if any(feed.dtype.kind == "O" for feed in weightless.feeds.values()):  # OrtValues cannot hold strings
            arrays = zip(names, runner.run(names, dict(weightless.feeds)), strict=True)
            return {
                name: _Fetched(array.shape, array.copy) for name, array in arrays if isinstance(array, np.ndarray)
            }, None
        feeds = {name: onnxruntime.OrtValue.ortvalue_from_numpy(feed) for name, feed in weightless.feeds.items()}
        values = zip(names, runner.run_with_ort_values(names, feeds), strict=True)
        return {name: _Fetched(tuple(value.shape()), value.numpy) for name, value in values if value.is_tensor()}, None
    except Exception as problem:  # noqa: BLE001 - onnxruntime's errors share no base class; any of them is an answer
        return {}, refusal(problem)


def _computed(model: onnx.ModelProto, weightless: Weightless, names: list[str]) -> dict[str, _Fetched]:
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


def _labels(exact: Exactness, weightless: Weightless) -> Iterator[tuple[str, str]]:
    for name, culprit in exact.misshapen.items():
        yield name, f"{weightless.nodes[culprit].op_type} {weightless.labels[culprit]}"


def _read(profile: Path, nodes: Mapping[str, onnx.NodeProto], seen: dict[str, Shape]) -> set[str]:
    """Enter the shapes from the profile into `seen`; return the names with several different shapes."""
    conflicts: set[str] = set()
    inputs: dict[str, Shape] = {}

    def enter(into: dict[str, Shape], names: Iterable[str], types: list[dict[str, list[int]]]) -> None:
        used = [name for name in names if name]
        if len(used) != len(types):  # a sequence among them has no type, so it is not known which one is whose
            return
        for name, described in zip(used, types, strict=True):
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


def _events(profile: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The node runs in a profile, which is removed once it is read."""
    text = profile.read_text(encoding="utf-8")
    with suppress(OSError):
        profile.unlink()
    for event in json.loads(text):
        if event.get("cat") == "Node" and event["name"].endswith("_kernel_time"):
            yield event["name"].removesuffix("_kernel_time"), event["args"]
