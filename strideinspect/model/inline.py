"""Local functions: put their bodies where they are called, unless that would never end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import onnx

from strideinspect.errors import UnreadableModelError

_MAX_NODES: Final = 200_000  # after inlining
_MAX_CALLS: Final = 100  # functions within functions
_EXPORT_AGAIN: Final = "export the model without local functions, or inline them first (onnx.inliner)"

_Key = tuple[str, str, str]  # domain, name, overload


def inline_functions(name: str, model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with every call of a local function replaced by its body; `name` is what to call it in messages.

    A function that needs another operator set than the model stays a call. Raises UnreadableModelError for functions
    that call themselves, and where the result would have more than `_MAX_NODES` nodes.
    """
    if not model.functions:
        return model
    _check(name, model)
    from onnx.inliner import inline_local_functions

    return inline_local_functions(model)


def _check(name: str, model: onnx.ModelProto) -> None:
    """Bound what inlining can cost before it is begun."""
    bodies = {(f.domain, f.name, f.overload): f for f in model.functions}
    sizes: dict[_Key, int] = {}
    for key in bodies:
        _measure(name, key, bodies, sizes)
    total = sum(sizes.get(key, 1) for key in _calls(model.graph.node))
    if total > _MAX_NODES:
        raise UnreadableModelError(f"{name} would have {total:,} nodes with its local functions inlined", _EXPORT_AGAIN)


def _measure(name: str, root: _Key, bodies: dict[_Key, onnx.FunctionProto], sizes: dict[_Key, int]) -> None:
    """Enter into `sizes` how many nodes each function reachable from `root` becomes. Depth first, without recursion."""
    path: list[_Key] = []
    stack = [(root, False)]
    while stack:
        key, done = stack.pop()
        if done:
            path.pop()
            sizes[key] = min(_MAX_NODES + 1, sum(sizes.get(call, 1) for call in _calls(bodies[key].node)))
            continue
        if key in sizes:
            continue
        if key in path or len(path) >= _MAX_CALLS:
            reason = "calls itself" if key in path else f"is called through more than {_MAX_CALLS} others"
            raise UnreadableModelError(f"{name}: the local function {key[0]}.{key[1]} {reason}", _EXPORT_AGAIN)
        path.append(key)
        stack.append((key, True))
        stack += [(call, False) for call in dict.fromkeys(_calls(bodies[key].node)) if call in bodies]


def _calls(nodes: object) -> Iterator[_Key]:
    """What each node, and each node of its subgraphs, asks for."""
    pending = [nodes]
    while pending:
        for node in pending.pop():  # type: ignore[attr-defined]
            yield node.domain, node.op_type, node.overload
            for attribute in node.attribute:
                if attribute.HasField("g"):
                    pending.append(attribute.g.node)
                pending.extend(graph.node for graph in attribute.graphs)
