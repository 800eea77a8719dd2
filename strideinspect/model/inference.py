"""Infer every tensor's shape at a concrete input size, folding the small constants that shape arithmetic needs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache, partial

import numpy as np
import onnx
from msgspec import structs

from strideinspect.limits import DEEPEST_LOOPS, LONGEST_AXIS, MOST_ELEMENTS
from strideinspect.model.bodies import Known
from strideinspect.model.declared_operators import stand_in
from strideinspect.model.fold_outputs import fold_outputs
from strideinspect.model.if_branches import decided, replacement
from strideinspect.model.network import Constants, Network
from strideinspect.model.node import SEQUENCES, Node, Shape, UnresolvedError
from strideinspect.model.output_shapes import outputs_of
from strideinspect.model.placed_stretches import enter_stretch, placed_stretch
from strideinspect.model.shape_rules import MERGES
from strideinspect.model.shapes import Problem, Shapes, Trouble
from strideinspect.model.stretches import Given, Placed, PlacedStretch, ShapesMemo, Stretch
from strideinspect.model.subgraphs import captured_by
from strideinspect.model.window import BrokenError, MisfitError
from strideinspect.spelling import shape_text


def infer(
    network: Network, inputs: Mapping[str, Shape], *, go_on: bool = True, memo: ShapesMemo | None = None
) -> Shapes:
    """Shapes of all tensors for these input shapes. Where one cannot be inferred, the result holds the reason.

    Without `go_on`, inference stops at the first node that cannot run. A `memo` is filled and used.
    """
    result = Shapes(network, constants=network.constants.copy(), memo=memo)
    _declare_weights(result)
    for name, shape in inputs.items():
        declared = network.inputs[name]
        result.shapes[name], result.dtypes[name] = shape, declared.dtype or onnx.TensorProto.FLOAT
        for given, said in zip(shape, declared.dims or shape, strict=True):
            result.resized |= isinstance(said, int) and said > 0 and said != given
    if memo is None:
        _walk(result, network.nodes, go_on=go_on)
        return result
    for stretch in memo.stretches:
        if go_on or not result.problems:
            result.ends.append(_walk_stretch(result, stretch, memo, go_on=go_on))
    return result


def _declare_weights(result: Shapes) -> None:
    memo = result.memo
    if memo is None or memo.given is None:
        for name, (shape, dtype) in result.network.weights.items():
            _declare(result, name, shape, dtype)
        if memo is not None:
            memo.given = Given(result.shapes.copy(), result.dtypes.copy(), result.unknown.copy())
        return
    result.shapes.update(memo.given.shapes)
    result.dtypes.update(memo.given.dtypes)
    result.unknown.update(memo.given.unknown)


def _walk_stretch(
    result: Shapes, stretch: Stretch, memo: ShapesMemo, *, go_on: bool
) -> tuple[int, PlacedStretch | None]:
    """Infer the nodes of a stretch, or enter what they made of inputs of these shapes at another size."""
    key = result.stretch_key(stretch)
    place = None if key is None else (stretch.nodes[0].key, key)
    placed = None if place is None else memo.placed.get(place)
    if placed is not None:
        enter_stretch(result, placed)
        result.operators |= placed.operators
        return len(result.nodes), placed
    begin = len(result.nodes)
    _walk(result, stretch.nodes, go_on=go_on)
    result.operators.update([node.op for node in result.nodes[begin:]])
    placed = None if place is None else placed_stretch(result, stretch, result.nodes[begin:])
    if place is not None and placed is not None:
        memo.placed[place] = placed
    return len(result.nodes), placed


def _walk(result: Shapes, nodes: Sequence[Node], *, go_on: bool = True) -> None:
    """Infer the nodes in order; an If is replaced by its branches, an operator on a sequence by some on tensors."""
    pending = list(reversed(nodes))
    while pending and (go_on or not result.problems):
        node = pending.pop()
        if result.memo is not None and _remembered(result, node, result.memo):
            continue
        if result.network.operators:
            node = stand_in(node, result.network.operators, result.network.opsets)
        inside = None
        if node.op == "If":
            inside = _replaced(result, node)
        elif "Sequence" in node.op:  # all operators on sequences are named after them
            inside = _without_sequence(result, node)
        if inside is not None:
            pending.extend(reversed(inside))
            continue
        result.nodes.append(_without_unfit(result, node))
        _visit(result, result.nodes[-1])


def _remembered(result: Shapes, node: Node, memo: ShapesMemo) -> bool:
    """Enter what the node, or one like it, made of inputs of these shapes; False where that is not known."""
    kept = memo.nodes.get(node.key)
    key = None if kept is None and node.key not in memo.kinds else result.memo_key(node)
    if key is None:
        return False
    placed = None if kept is None else kept.get(key)
    if placed is None:
        kind = result.kind(node)
        alike = None if kind is None else memo.alike.get((kind, key, _types(result, node)))
        if alike is None:
            return False
        placed = structs.replace(alike, node=node)
        memo.nodes.setdefault(node.key, {})[key] = placed
    result.nodes.append(placed.node)
    result.memo_keys[node.key] = key
    _enter(result, placed.node, placed)
    return True


def _types(result: Shapes, node: Node) -> tuple[int | None, ...]:
    return tuple(map(result.dtypes.get, node.inputs))


def _run_body(around: Shapes, body: onnx.GraphProto, given: Mapping[str, Known]) -> list[Known]:
    """Infer the outputs of a Loop's body for one iteration; they stay unknown where bodies are nested too deep."""
    result = Shapes(around.network, constants=Constants(around.network.model, {}), depth=around.depth + 1)
    for name in captured_by(body):
        if name in around.shapes:
            result.shapes[name], result.dtypes[name] = around.shapes[name], around.dtypes[name]
        value = around.constants.known(name)
        if value is not None:
            result.constants.add(name, value)
    for name, known in given.items():
        result.dtypes[name] = known.dtype
        if known.shape is not None:
            result.shapes[name] = known.shape
        if known.true:
            result.constants.add(name, np.array(True))  # noqa: FBT003
    for tensor in body.initializer:
        _declare(result, tensor.name, tuple(tensor.dims), tensor.data_type)
        result.constants.declare(tensor.name, tensor)
    if result.depth <= DEEPEST_LOOPS:
        _walk(result, [Node.of(proto, around.network.opsets) for proto in body.node])
    return [_known(result, value.name) for value in body.output]


def _known(result: Shapes, name: str) -> Known:
    value = result.constants.known(name)
    dtype = result.dtypes.get(name, onnx.TensorProto.FLOAT)
    return Known(result.shapes.get(name), dtype, true=value is not None and bool(value.size and value.all()))


def _declare(result: Shapes, name: str, shape: Shape, dtype: int) -> None:
    """Enter the shape and type of an initializer, unless the shape is invalid or too large."""
    if min(shape, default=0) < 0 or not _followable(shape):
        result.unknown[name] = f"the shape of initializer {name!r} is given as {list(shape)}"
    else:
        result.shapes[name], result.dtypes[name] = shape, dtype


def _replaced(result: Shapes, node: Node) -> list[Node] | None:
    """The nodes that replace an If; None where it stays. Enters the branches' initializers and their membership."""
    if not node.attributes:
        return None  # it joins two branches that have replaced an If with the same output
    taken = decided(result.placed(node))
    kept = {} if result.memo is None else result.memo.replaced
    if (node.key, taken) not in kept:
        kept[node.key, taken] = replacement(node, taken, result.network.opsets)
    replaced = kept[node.key, taken]
    if replaced is None:
        return None
    around = result.branches.get(node.key)
    nodes: list[Node] = []
    for branch in replaced.branches:
        for name, tensor in branch.initializers.items():
            _declare(result, name, tuple(tensor.dims), tensor.data_type)
            result.constants.declare(name, tensor)
        nodes += branch.nodes
        inside = branch.branch or around
        if inside is not None:
            result.branches |= {inner.key: inside for inner in branch.nodes}
    for end in replaced.output_nodes:
        if around is not None:
            result.branches[end.key] = around
        if replaced.undecided is not None:
            result.joins[end.key] = replaced.undecided
    return [*nodes, *replaced.output_nodes]


def _without_sequence(result: Shapes, node: Node) -> list[Node] | None:
    """The operators on tensors that replace one on a known sequence; None where the node stays."""
    from strideinspect.model.unrolled_sequences import unrolled  # few models have sequences

    try:
        replaced = unrolled(result.placed(node), result.sequences, result.network.opsets)
    except (UnresolvedError, KeyError, IndexError):  # it stays, with its own reason
        return None
    if replaced is None:
        return None
    result.pieces.update(replaced.pieces)
    if replaced.tensors is not None:
        result.sequences[node.key] = replaced.tensors
        result.unknown[node.key] = f"{node.op} {node.label!r}: its output is a sequence"
    around = result.branches.get(node.key)
    if around is not None:
        result.branches |= {inner.key: around for inner in replaced.nodes}
    return list(replaced.nodes)


def _without_unfit(result: Shapes, node: Node) -> Node:
    """An If that joins two branches, without the inputs from a branch that cannot run at this size."""
    joined = result.joins.get(node.key)
    if joined is None:
        return node
    kept = (name for inside, name in zip(joined, node.inputs[1:], strict=True) if inside not in result.unfit)
    return structs.replace(node, inputs=(node.inputs[0], *kept))


def _visit(result: Shapes, node: Node) -> None:
    missing = next((name for name in node.inputs if name and name not in result.shapes), None)
    if missing is not None:
        reason = result.unknown.get(missing, f"the shape of {missing!r} is unknown")
        _give_up(result, node, reason)
        return
    key = None if result.memo is None else result.memo_key(node)
    try:
        shapes, dtypes = outputs_of(result, node, partial(_run_body, result))
        _refuse_unusable(result, node, shapes)
        placed = Placed(node, tuple(shapes), tuple(dtypes), result.geometries.get(node.key))
        _enter(result, node, placed)
        fold_outputs(result, node)
        if result.memo is not None and key is not None and result.joined.keys().isdisjoint(node.outputs):
            result.memo.nodes.setdefault(node.key, {})[key] = structs.replace(
                placed,
                shapes=tuple(map(result.shapes.get, node.outputs)),
                constants=result.constants.entries(node.outputs),
                size_dependent=tuple([name for name in node.outputs if name in result.size_dependent]),
            )
            result.memo_keys[node.key] = key
            kind = result.kind(node)
            if kind is not None:
                result.memo.alike[kind, key, _types(result, node)] = placed
    except MisfitError as error:
        broken = isinstance(error, BrokenError)
        fitting = Trouble.MERGE if node.op in MERGES else Trouble.HEAD
        trouble = Trouble.BROKEN if broken else Trouble.EMPTY if error.empty else fitting
        inside = result.branches.get(node.key)
        if inside is None:
            result.problems.append(Problem(node, trouble, str(error)))
        else:
            result.unfit.setdefault(inside, f"{node.op} {node.label!r}: {error}")
        _give_up(result, node, f"{node.op} {node.label!r} cannot run at {'any' if broken else 'this'} size")
    except UnresolvedError as error:
        _give_up(result, node, f"{node.op} {node.label!r}: {error}")
    except (ValueError, IndexError, TypeError, ArithmeticError) as error:
        # A shape rule failed on an invalid node: the shape is unknown, and the report gives the reason.
        _give_up(result, node, f"{node.op} {node.label!r} does not fit its inputs ({error})")
    for name in node.outputs:
        if name and name not in result.shapes and name not in result.unknown:
            what = "output is a sequence" if node.op in SEQUENCES else "output shape depends on the data"
            result.unknown[name] = f"{node.op} {node.label!r}: its {what}"


def _enter(result: Shapes, node: Node, placed: Placed) -> None:
    for name, shape, dtype in zip(node.outputs, placed.shapes, placed.dtypes, strict=False):
        if name and shape is not None:
            result.shapes[name], result.dtypes[name] = shape, dtype
    result.size_dependent.update(placed.size_dependent)
    if placed.geometry is not None:
        result.geometries[node.key] = placed.geometry
    if placed.constants is not None:
        result.constants.enter(placed.constants)


def _refuse_unusable(result: Shapes, node: Node, shapes: Sequence[Shape | None]) -> None:
    for shape in filter(None, shapes):
        if min(shape) < 0:
            raise MisfitError("its output would have a negative size", empty=True)
        if not _followable(shape):
            would_be = f"output would be {shape_text(shape)}"
            result.too_large = result.too_large or f"{node.op} {node.label!r} alone makes too much: its {would_be}"
            raise UnresolvedError(f"its {would_be}, which is too large to follow")


@lru_cache(maxsize=1024)
def _followable(shape: Shape) -> bool:
    return max(shape, default=0) <= LONGEST_AXIS and math.prod(shape) <= MOST_ELEMENTS


def _give_up(result: Shapes, node: Node, reason: str) -> None:
    result.geometries.pop(node.key, None)
    for name in node.outputs:
        result.unknown[name] = reason
