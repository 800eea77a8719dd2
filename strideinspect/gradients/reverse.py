"""The reverse graph of a model: from the gradient of one tensor to those of the model's inputs.

Every node on the way is turned round by the rule of its operator. What the rules need of the model's values is fed, so
that no weight is stored twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from operator import add
from typing import Final

import onnx
from msgspec import Struct

from strideinspect.gradients.arrays import PREFIX, Array, ArrayGraph
from strideinspect.gradients.gradient_rules import Beside, GradientCall, NoGradientError, rules
from strideinspect.model.node import Node, UnresolvedError
from strideinspect.model.shapes import Shapes
from strideinspect.model.window import MisfitError

COTANGENT: Final = f"{PREFIX}cotangent"
"""The input of the reverse graph: the gradient of the tensor."""

_DISCRETE: Final = frozenset(
    {
        *("And", "ArgMax", "ArgMin", "Equal", "Greater", "GreaterOrEqual", "IsInf", "IsNaN", "Less", "LessOrEqual"),
        *("NonZero", "Not", "Or", "Shape", "Size", "Xor"),
    }
)
"""Operators whose results are indices, sizes or truth values: they change in steps, and nothing is passed on."""

REALS: Final = frozenset(
    {onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16, onnx.TensorProto.DOUBLE}
)


class RefusedError(Exception):
    """A node has no gradient; the text names it and says why."""

    def __init__(self, node: Node, reason: str) -> None:
        super().__init__(f"{node.op} {node.label!r}: {reason}")


class Turned(Struct, frozen=True):
    """A model turned round.

    `calls` are the nodes on the way, in the model's order, with the inputs that depend on a source. `gradients` are
    those of the sources that the tensor depends on.
    """

    graph: ArrayGraph
    beside: Beside
    calls: Sequence[GradientCall]
    gradients: Mapping[str, Array]


def turned(shapes: Shapes, target: str, sources: Sequence[str]) -> Turned:
    """The reverse graph from one tensor to these graph inputs. Raises RefusedError."""
    graph, beside = ArrayGraph(), Beside([], {})
    way = on_the_way(shapes, target, sources)
    start = graph.feed(COTANGENT, shapes.shapes[target])
    known: dict[str, list[Array]] = {target: [start]}
    calls = []
    for node, wanted in reversed(way):
        cotangents = tuple(reduce(add, known[name]) if name in known else None for name in node.outputs)
        if not any(cotangents):
            continue
        call = GradientCall(shapes.placed(node), graph, beside, cotangents, wanted, shapes.dtypes)
        calls.append(call)
        found = _gradients(call)
        for i in sorted(wanted):
            name, shape = node.inputs[i], shapes.shapes[node.inputs[i]]
            known.setdefault(name, []).append(found[i] if found[i].shape == shape else found[i].sum_to(shape))
    gradients = {name: reduce(add, known[name]) for name in sources if name in known}
    return Turned(graph, beside, calls[::-1], gradients)


def on_the_way(shapes: Shapes, target: str, sources: Sequence[str]) -> list[tuple[Node, frozenset[int]]]:
    """The nodes between the sources and the target, with the inputs of each that depend on a source."""
    ancestors = ancestors_of(shapes, target)
    active, way = set(sources), []
    for node in ancestors:
        wanted = frozenset(i for i, name in enumerate(node.inputs) if name in active)
        if wanted and not _is_discrete(node):
            way.append((node, wanted))
            active.update(filter(None, node.outputs))
    return way


def ancestors_of(shapes: Shapes, target: str) -> list[Node]:
    """The nodes that the target is computed from, in order."""
    needed, found = {target}, []
    for node in reversed(shapes.nodes):
        if not needed.isdisjoint(node.outputs):
            found.append(node)
            needed.update(node.inputs)
    return found[::-1]


def _is_discrete(node: Node) -> bool:
    if node.domain:
        return False
    return node.op in _DISCRETE or (node.op == "Cast" and node.integer("to", onnx.TensorProto.FLOAT) not in REALS)


def _gradients(call: GradientCall) -> Mapping[int, Array]:
    """The gradients of a node's inputs. Raises RefusedError."""
    node = call.node
    rule = rules().get((node.domain, node.op))
    if rule is None:
        of = f" of domain {node.domain}" if node.domain else ""
        raise RefusedError(node, f"the gradient of operator {node.op}{of} is not known")
    try:
        found = rule(call)
    except NoGradientError as error:
        raise RefusedError(node, str(error)) from None
    except (UnresolvedError, MisfitError) as error:
        raise RefusedError(node, str(error)) from None
    except KeyError as error:
        raise RefusedError(node, f"the shape of {error.args[0]!r} is not known") from None
    missing = next(_without(call, found), None)
    if missing is not None:
        raise RefusedError(node, f"its input {missing!r} depends on the model's input, and has no gradient")
    return found


def _without(call: GradientCall, found: Mapping[int, Array]) -> Iterator[str]:
    return (call.node.inputs[i] for i in sorted(call.wanted) if i not in found)
