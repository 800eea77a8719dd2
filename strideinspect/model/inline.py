"""Inline local functions. Recursive functions, and those that would make the model too large, are refused."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Final

import onnx
from msgspec import Struct

from strideinspect.errors import UnreadableModelError
from strideinspect.limits import DEEPEST_CALLS, MOST_INLINED_BYTES
from strideinspect.model.subgraphs import graphs_in, nested_nodes

if TYPE_CHECKING:
    from collections.abc import Iterable

_NODE_BYTES: Final = 500  # memory that a node takes besides its bytes
_REMEDY: Final = "export the model without local functions"
STANDARD: Final = ("", "ai.onnx")
"""The names of the standard's own domain."""

_Key = tuple[str, str, str]  # domain, name, overload


class _Cost(Struct, eq=False):
    """What inlining one call adds: bytes, copies of each attribute's value by name, and the depth of nested calls."""

    size: int = 0
    copies: dict[str, int] = {}
    depth: int = 0


def inline_functions(name: str, model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with every call of a local function replaced by its body; `name` is the model's name in messages.

    A function that uses another version of an operator than the model is not inlined. Raises UnreadableModelError for
    functions that call themselves or are defined twice, and where the result would be too large.
    """
    if not model.functions:
        return model
    _check_cost(name, model)
    _give_defaults(model)
    _align_versions(model)
    from onnx.inliner import inline_local_functions  # few models have functions

    try:
        return inline_local_functions(model)
    except Exception as error:  # the C++ code raises errors of several types
        reason = str(error).rsplit(": ", 1)[-1]  # without the position in the C++ code
        raise UnreadableModelError(f"{name}: its local functions cannot be inlined: {reason}", _REMEDY) from error


def _check_cost(name: str, model: onnx.ModelProto) -> None:
    """Raise UnreadableModelError for functions at which the inliner would crash or run out of memory."""
    functions = _by_key(model)
    if len(functions) < len(model.functions):
        raise UnreadableModelError(f"{name}: a local function is defined twice", _REMEDY)
    if any(graphs_in(default) for function in model.functions for default in function.attribute_proto):
        raise UnreadableModelError(f"{name}: an attribute of a local function defaults to a graph", _REMEDY)
    calls = {
        key: {call for node in nested_nodes(function.node) if (call := _called(node)) in functions}
        for key, function in functions.items()
    }
    try:
        order = list(TopologicalSorter(calls).static_order())
    except CycleError as error:
        key = error.args[1][0]
        raise UnreadableModelError(f"{name}: the local function {_spell(key)} calls itself", _REMEDY) from None
    costs: dict[_Key, _Cost] = {}
    for key in order:
        cost = _cost(functions[key].node, costs)
        for default in functions[key].attribute_proto:
            cost.size += max(1, cost.copies.get(default.name, 0)) * default.ByteSize()
        costs[key] = cost
    total = _cost(model.graph.node, costs)
    if total.depth > DEEPEST_CALLS:
        raise UnreadableModelError(f"{name}: its local functions call each other {total.depth} deep", _REMEDY)
    if total.size > MOST_INLINED_BYTES:
        raise UnreadableModelError(
            f"{name}: with its local functions inlined it would take more than {MOST_INLINED_BYTES >> 20} MiB", _REMEDY
        )


def _cost(nodes: Iterable[onnx.NodeProto], costs: dict[_Key, _Cost]) -> _Cost:
    """The cost of these nodes when the functions that they call cost `costs`."""
    total = _Cost()
    pending = [(node, 1) for node in nodes]
    while pending:
        node, times = pending.pop()
        callee = costs.get(_called(node))
        total.size += times * (_NODE_BYTES + node.ByteSize() if callee is None else callee.size)
        total.depth = max(total.depth, 0 if callee is None else 1 + callee.depth)
        for attribute in node.attribute:
            copies = times * (1 if callee is None else callee.copies.get(attribute.name, 0))
            if attribute.ref_attr_name:
                total.copies[attribute.ref_attr_name] = total.copies.get(attribute.ref_attr_name, 0) + copies
            elif callee is not None:
                total.size += copies * attribute.ByteSize()
            pending += [(inner, copies) for graph in graphs_in(attribute) for inner in graph.node]
    return total


def _give_defaults(model: onnx.ModelProto) -> None:
    """Add the functions' default attributes to calls without them, because the inliner ignores defaults."""
    functions = _by_key(model)
    for nodes in (model.graph.node, *(function.node for function in model.functions)):
        for node in nested_nodes(nodes):
            function = functions.get(_called(node))
            if function is not None and function.attribute_proto:
                given = {attribute.name for attribute in node.attribute}
                node.attribute.extend(default for default in function.attribute_proto if default.name not in given)


def _align_versions(model: onnx.ModelProto) -> None:
    """Let a function import the model's version of the standard where its operators are the same in both.

    The inliner does not inline functions of another version.
    """
    version = next((entry.version for entry in model.opset_import if entry.domain in STANDARD), None)
    for function in model.functions:
        for entry in function.opset_import:
            if entry.domain in STANDARD and version is not None and entry.version != version:
                operators = {node.op_type for node in nested_nodes(function.node) if node.domain in STANDARD}
                if all(_same(operator, entry.version, version) for operator in operators):
                    entry.version = version


def _same(operator: str, one: int, other: int) -> bool:
    """Whether two versions of the standard have the same definition of an operator."""
    try:
        definitions = {onnx.defs.get_schema(operator, version).since_version for version in (one, other)}
    except onnx.defs.SchemaError:
        return False
    return len(definitions) == 1


def _by_key(model: onnx.ModelProto) -> dict[_Key, onnx.FunctionProto]:
    return {_key(function.domain, function.name, function.overload): function for function in model.functions}


def _called(node: onnx.NodeProto) -> _Key:
    return _key(node.domain, node.op_type, node.overload)


def _key(domain: str, name: str, overload: str) -> _Key:
    return "" if domain in STANDARD else domain, name, overload


def _spell(key: _Key) -> str:
    return ".".join(str(part) for part in key if part)
