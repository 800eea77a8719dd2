"""What assignments make of the window nodes of a model: the numbers before and after, and the edits that do it."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct, structs

from strideinspect.analysis import Analysis
from strideinspect.edit.assignments import Assignment
from strideinspect.edit.edits import Edit, SetAttribute, SetWeightShape
from strideinspect.errors import UsageError
from strideinspect.model.geometry import Kind
from strideinspect.model.node import Node
from strideinspect.nearest_name import nearest_name
from strideinspect.report.layer_names import layer_names
from strideinspect.results.changes import Change
from strideinspect.results.graph_nodes import WindowNode
from strideinspect.results.layer_paths import enclosing

_STORED = {"stride": "strides", "dilation": "dilations", "padding": "pads", "kernel": "kernel_shape"}
_POOLS = {"MaxPool": 10, "AveragePool": 19, "LpPool": 18}
"""The version of ONNX from which on a pool has dilations."""


class Numbers(Struct, frozen=True):
    """The numbers of a window that can be changed; `padding` is in the order of ONNX, ends after all beginnings."""

    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    padding: tuple[int, ...]
    kernel: tuple[int, ...]
    ceil_mode: tuple[int, ...]


def numbers_of(analysis: Analysis, window: WindowNode) -> Numbers:
    """The numbers of a window node, with defaults and `auto_pad` resolved."""
    return Numbers(
        window.stride,
        window.dilation,
        window.padding_begin + window.padding_end,
        window.kernel,
        (analysis.nodes[window.output].integer("ceil_mode", 0),),
    )


def assigned(analysis: Analysis, assignments: Sequence[Assignment]) -> dict[str, Numbers]:
    """The new numbers of each window node that an assignment changes, by first output.

    Raises UsageError where a pattern matches no layer that slides a window, or none that has what is set.
    """
    windows = {window.output: window for window in analysis.windows if window.output in analysis.shapes.geometries}
    changed: dict[str, Numbers] = {}
    for assignment in assignments:
        found = [window for window in windows.values() if _matches(window, assignment.pattern)]
        if not found:
            wrong = f"--set: no layer that slides a window is called {assignment.pattern!r}"
            raise UsageError(wrong, _near(assignment.pattern, windows.values()))
        able = [window for window in found if _has(analysis, window, assignment.attribute)]
        if not able:
            raise UsageError(f"--set: {found[0].op} {found[0].label} has no {assignment.attribute}", "")
        for window in able:
            numbers = changed.get(window.output) or numbers_of(analysis, window)
            changed[window.output] = _with(numbers, assignment, window)
    return {key: new for key, new in changed.items() if new != numbers_of(analysis, windows[key])}


def _names(window: WindowNode) -> list[str]:
    """What a window node may be called: itself, its first output, its layer and the modules around that."""
    scope = window.source.scope if window.source else None
    return [name for name in (window.name, window.output, *(enclosing(scope) if scope else ())) if name]


def _matches(window: WindowNode, pattern: str) -> bool:
    return any(name == pattern or fnmatchcase(name, pattern) for name in _names(window))


def _near(pattern: str, windows: Iterable[WindowNode]) -> str:
    near = nearest_name(pattern, [name for window in windows for name in _names(window)])
    return f"did you mean {near}?" if near else "strideinspect MODEL --format json lists the names"


def _has(analysis: Analysis, window: WindowNode, attribute: str) -> bool:
    kind = analysis.shapes.geometries[window.output].kind
    if attribute == "ceil_mode":
        return kind is Kind.POOL
    return kind is not Kind.GLOBAL


def _with(numbers: Numbers, assignment: Assignment, window: WindowNode) -> Numbers:
    rank = len(window.kernel)
    values = assignment.values
    if len(values) not in {1, rank} and assignment.attribute != "ceil_mode":
        wrong = f"--set {assignment.pattern}: {len(values)} values of {assignment.attribute} for {rank} axes"
        raise UsageError(wrong, "give one for all, or one each")
    per_axis = values * rank if len(values) == 1 else values
    begin = tuple(first for first, _ in per_axis)
    match assignment.attribute:
        case "stride":
            return structs.replace(numbers, stride=begin)
        case "dilation":
            return structs.replace(numbers, dilation=begin)
        case "kernel":
            return structs.replace(numbers, kernel=begin)
        case "padding":
            return structs.replace(numbers, padding=begin + tuple(last for _, last in per_axis))
        case _:
            return structs.replace(numbers, ceil_mode=(values[0][0],))


def changes(analysis: Analysis, changed: Mapping[str, Numbers]) -> tuple[Change, ...]:
    """What differs from the present numbers, in the order of the graph."""
    layers = layer_names(analysis.windows)
    return tuple(
        Change(window.label, window.output, layers[window.output], attribute, before, after)
        for window in analysis.windows
        if window.output in changed
        for attribute, before, after in zip(
            Numbers.__struct_fields__,
            structs.astuple(numbers_of(analysis, window)),
            structs.astuple(changed[window.output]),
            strict=True,
        )
        if before != after
    )


def edits(analysis: Analysis, changed: Mapping[str, Numbers], editable: Container[str]) -> list[Edit]:
    """The edits of attributes, and of the shapes of weights where a kernel changes.

    Raises UsageError for a dilation that a pool does not have at this version of ONNX, a kernel that is computed, and a
    node that is not `editable`: one of a branch or a Loop, which is analysed, and which no edit reaches.
    """
    inside = next((analysis.nodes[key] for key in changed if key not in editable), None)
    if inside is not None:
        raise UsageError(
            f"{inside.op} {inside.label} is inside an If or a Loop, where nothing can be changed",
            "name layers outside of it",
        )
    return [edit for change in changes(analysis, changed) for edit in _edits(analysis, change)]


def _edits(analysis: Analysis, change: Change) -> Iterator[Edit]:
    node = analysis.nodes[change.output]
    if change.attribute == "ceil_mode":
        yield SetAttribute(node.key, "ceil_mode", change.after[0])
        return
    least = _POOLS.get(node.op, 0)
    if change.attribute == "dilation" and not node.domain and node.version < least:
        raise UsageError(
            f"{node.op} {node.label} has no dilation before ONNX operator set {least}", "convert the model"
        )
    if change.attribute == "padding" and node.has("auto_pad"):
        yield SetAttribute(node.key, "auto_pad", None)
    if change.attribute == "kernel":
        yield from _weight(analysis, node, change.after)
    yield SetAttribute(node.key, _STORED[change.attribute], change.after)


def _weight(analysis: Analysis, node: Node, kernel: tuple[int, ...]) -> Iterator[Edit]:
    geometry = analysis.shapes.geometries[node.key]
    if geometry.weight is None:
        return
    name = node.inputs[geometry.weight]
    if name not in analysis.network.weights:
        raise UsageError(
            f"the kernel of {node.op} {node.label} is computed in the model", "change a layer with weights"
        )
    shape, _ = analysis.network.weights[name]
    if math.prod(shape[2:]) != math.prod(w.kernel for w in geometry.windows):  # channels last
        raise UsageError(f"the kernel of {node.op} {node.label} is stored in another order of axes", "")
    yield SetWeightShape(name, (*shape[:2], *kernel))
