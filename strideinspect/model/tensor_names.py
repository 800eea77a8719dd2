"""Look up tensors by their own name or, for a node's first output, by the node's name."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from strideinspect.errors import UsageError
from strideinspect.model.shapes import Shapes


def matching(shapes: Shapes, patterns: Sequence[str]) -> tuple[str, ...]:
    """Tensors whose name, or whose node's name, matches one of the patterns, in graph order.

    Raises UsageError for a pattern that matches nothing, with the nearest name.
    """
    names = _by_name(shapes) if patterns else {}
    chosen: set[str] = set()
    for pattern in patterns:
        matches = [tensor for name, tensors in names.items() if fnmatchcase(name, pattern) for tensor in tensors]
        if not matches:
            near = get_close_matches(pattern, names, n=1)
            hint = f"did you mean {near[0]}?" if near else "--format json lists the names"
            raise UsageError(f"no tensor or node is called {pattern!r}", hint)
        chosen.update(matches)
    return tuple(name for node in shapes.nodes for name in node.outputs if name in chosen)


def named(shapes: Shapes, name: str) -> str | None:
    """The tensor with this name, or the first output of the node with this name; None where there is neither."""
    if name in shapes.shapes or name in shapes.unknown:
        return name
    tensors = _by_name(shapes).get(name)
    return tensors[0] if tensors else None


def _by_name(shapes: Shapes) -> dict[str, list[str]]:
    """Tensors by their own name and by their node's; nodes may share a name."""
    names: dict[str, list[str]] = {}
    for node in shapes.nodes:
        for i, tensor in enumerate(node.outputs):
            if tensor in shapes.shapes:
                for name in {tensor, node.name if i == 0 and node.name else tensor}:
                    names.setdefault(name, []).append(tensor)
    return names
