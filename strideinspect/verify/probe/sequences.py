"""Sequences of tensors whose length and order are known: each use becomes an operator on the tensors themselves.

The probe has no sequences. SequenceAt becomes an Identity, ConcatFromSequence a Concat, SplitToSequence a Split whose
pieces get names of their own; the shapes of these pieces follow from the sizes of the split.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import onnx
from msgspec import Struct
from onnx import helper

from strideinspect.results.field import Shape


class UnrolledGraph(Struct, frozen=True):
    """The nodes without sequences as far as these are known, and the shapes with those of the pieces added."""

    nodes: list[onnx.NodeProto]
    shapes: Mapping[str, Shape]


class _Known(Struct):
    values: Mapping[str, np.ndarray]
    shapes: dict[str, Shape]
    sequences: dict[str, list[str]] = {}

    def number(self, node: onnx.NodeProto, position: int) -> int | None:
        """A number at an input; None where it is left out. Raises KeyError if it is not known."""
        if position >= len(node.input) or not node.input[position]:
            return None
        return int(self.values[node.input[position]].reshape(-1)[0])


def unrolled(
    nodes: Sequence[onnx.NodeProto], values: Mapping[str, np.ndarray], shapes: Mapping[str, Shape]
) -> UnrolledGraph:
    """The nodes, in order, with known sequences replaced by the tensors in them; others stay as they are."""
    known = _Known(values, dict(shapes))
    replaced: list[onnx.NodeProto] = []
    for node in nodes:
        step = _STEPS.get(node.op_type) if not node.domain else None
        try:
            replaced += [node] if step is None else step(node, known)
        except (KeyError, IndexError):  # a sequence or an index that is not known: the node has no translation
            replaced.append(_with_tensors(node, known))
    return UnrolledGraph(replaced, known.shapes)


def _with_tensors(node: onnx.NodeProto, known: _Known) -> onnx.NodeProto:
    """The node with the tensors of its sequences as further inputs: what makes these sequences is left out."""
    tensors = [tensor for name in node.input for tensor in known.sequences.get(name, ())]
    if not tensors:
        return node
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.input.extend(tensors)
    return copy


def _empty(node: onnx.NodeProto, known: _Known) -> Iterator[onnx.NodeProto]:
    known.sequences[node.output[0]] = []
    return iter(())


def _construct(node: onnx.NodeProto, known: _Known) -> Iterator[onnx.NodeProto]:
    known.sequences[node.output[0]] = list(node.input)
    return iter(())


def _insert(node: onnx.NodeProto, known: _Known) -> Iterator[onnx.NodeProto]:
    tensors = list(known.sequences[node.input[0]])
    place = known.number(node, 2)
    tensors.insert(len(tensors) if place is None else place, node.input[1])
    known.sequences[node.output[0]] = tensors
    return iter(())


def _erase(node: onnx.NodeProto, known: _Known) -> Iterator[onnx.NodeProto]:
    tensors = list(known.sequences[node.input[0]])
    place = known.number(node, 1)
    del tensors[-1 if place is None else place]
    known.sequences[node.output[0]] = tensors
    return iter(())


def _at(node: onnx.NodeProto, known: _Known) -> Iterator[onnx.NodeProto]:
    place = known.number(node, 1)
    tensor = known.sequences[node.input[0]][0 if place is None else place]
    return iter([helper.make_node("Identity", [tensor], node.output, name=node.name)])


def _concat(node: onnx.NodeProto, known: _Known) -> Iterator[onnx.NodeProto]:
    tensors = known.sequences[node.input[0]]
    axis = next(a.i for a in node.attribute if a.name == "axis")
    if any(a.name == "new_axis" and a.i for a in node.attribute):
        return _stacked(node, known, tensors, axis)
    return iter([helper.make_node("Concat", tensors, node.output, name=node.name, axis=axis)])


def _stacked(node: onnx.NodeProto, known: _Known, tensors: list[str], axis: int) -> Iterator[onnx.NodeProto]:
    apart = [f"{node.output[0]}/{number}" for number in range(len(tensors))]
    for tensor, name in zip(tensors, apart, strict=True):
        shape = known.shapes[tensor]
        at = axis % (len(shape) + 1)
        known.shapes[name] = (*shape[:at], 1, *shape[at:])
        yield helper.make_node("Unsqueeze", [tensor], [name], name=f"{node.name}/{name}", axes=[axis])
    yield helper.make_node("Concat", apart, node.output, name=node.name, axis=axis)


def _split(node: onnx.NodeProto, known: _Known) -> Iterator[onnx.NodeProto]:
    attributes = {a.name: a.i for a in node.attribute}
    shape = known.shapes[node.input[0]]
    axis = attributes.get("axis", 0) % len(shape)
    sizes = _sizes(node, known, shape[axis])
    keeps = len(node.input) > 1 or attributes.get("keepdims", 1)
    pieces = [f"{node.output[0]}/{number}" for number in range(len(sizes))]
    cut = pieces if keeps else [f"{piece}/kept" for piece in pieces]
    for piece, one, size in zip(pieces, cut, sizes, strict=True):
        known.shapes[piece] = (*shape[:axis], *shape[axis + 1 :])
        known.shapes[one] = (*shape[:axis], size, *shape[axis + 1 :])
    known.sequences[node.output[0]] = pieces
    yield helper.make_node("Split", [node.input[0]], cut, name=node.name, axis=axis)
    for piece, one in zip(pieces, cut, strict=True):
        if not keeps:
            yield helper.make_node("Squeeze", [one], [piece], name=f"{node.name}/{piece}", axes=[axis])


def _sizes(node: onnx.NodeProto, known: _Known, length: int) -> list[int]:
    """The sizes of the pieces: as given, or equal ones of which the last may be shorter; 1 each without any."""
    if len(node.input) < 2 or not node.input[1]:
        return [1] * length
    given = known.values[node.input[1]]
    if given.ndim:
        return [int(size) for size in given]
    size = int(given)
    return [min(size, length - start) for start in range(0, length, size)]


_STEPS: Final[Mapping[str, Callable[[onnx.NodeProto, _Known], Iterator[onnx.NodeProto]]]] = {
    "ConcatFromSequence": _concat,
    "SequenceAt": _at,
    "SequenceConstruct": _construct,
    "SequenceEmpty": _empty,
    "SequenceErase": _erase,
    "SequenceInsert": _insert,
    "SplitToSequence": _split,
}
