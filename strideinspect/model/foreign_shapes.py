"""Operators that installed packages add: loading those packages, and the output shapes that they register.

A package names a module in its entry points, group `strideinspect.operators`; importing the module registers what it
adds. Packages are searched only when a model has an operator that is not known here, because reading the entry points
of an environment takes about 10 ms.
"""

from __future__ import annotations

from collections.abc import Callable

from strideinspect.model.node import Node, PlacedNode, Shape
from strideinspect.plugins import load_plugins

GROUP = "strideinspect.operators"

ShapeRule = Callable[[PlacedNode], tuple[Shape, ...]]
"""From a node at concrete input shapes to the shapes of its outputs, in order."""

_RULES: dict[tuple[str, str], ShapeRule] = {}


def output_shape(operator: str, *, domain: str) -> Callable[[ShapeRule], ShapeRule]:
    """Register the function that computes the output shapes of an operator.

    It is called with a node whose inputs have known shapes, and returns one shape for each output of the node. It may
    raise UnresolvedError, with the reason, where the shapes depend on values that are not known before the model runs.
    All outputs are assumed to have the element type of the first input. The function is used only for operators
    that neither the ONNX library nor strideinspect knows.

    Raises ValueError for an operator that has such a function already.
    """

    def register(rule: ShapeRule) -> ShapeRule:
        if (domain, operator) in _RULES:
            raise ValueError(f"{operator} of domain {domain!r} already has output shapes")
        _RULES[domain, operator] = rule
        return rule

    return register


def foreign_shapes(placed: PlacedNode) -> tuple[Shape, ...] | None:
    """The output shapes of a node, by the rule of an installed package; None where none has a rule for it.

    Raises UsageError for a package that cannot be loaded, UnresolvedError and ValueError where the rule fails.
    """
    load_plugins(GROUP)
    rule = _RULES.get(_key(placed.node))
    if rule is None:
        return None
    shapes = tuple(tuple(int(size) for size in shape) for shape in rule(placed))
    outputs = len(placed.node.outputs)
    if len(shapes) != outputs:
        raise ValueError(f"{rule.__module__} gives {len(shapes)} output shapes for {outputs} outputs")
    return shapes


def _key(node: Node) -> tuple[str, str]:
    return node.domain, node.op
