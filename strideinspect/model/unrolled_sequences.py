"""Sequences of tensors whose length and order are known: each use becomes an operator on the tensors themselves.

Source: ONNX SequenceAt, SequenceConstruct, SequenceEmpty, SequenceErase, SequenceInsert, SequenceLength,
SplitToSequence, ConcatFromSequence. PyTorch exports `torch.split`, lists of tensors and loops over them this way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from msgspec import Struct
from onnx import helper, numpy_helper

from strideinspect.limits import MOST_PIECES
from strideinspect.model.node import Node, PlacedNode, UnresolvedError, normal_axis

Sequences = Mapping[str, tuple[str, ...]]
"""The tensors in each known sequence."""


_SPLIT_BY_INPUT = 13
"""The version of the standard from which Split takes its sizes as an input."""


class Unrolled(Struct, frozen=True):
    """What replaces a node: operators on tensors, or none where it only makes the sequence `tensors` of them.

    `pieces` are tensors that these operators make and that the file does not name.
    """

    nodes: tuple[Node, ...] = ()
    tensors: tuple[str, ...] | None = None
    pieces: tuple[str, ...] = ()


def unrolled(placed: PlacedNode, sequences: Sequences, opsets: Mapping[str, int]) -> Unrolled | None:
    """What replaces an operator on sequences; None for any other node, and where its sequence is not known.

    Raises UnresolvedError where an index or a size is not known, or does not fit.
    """
    step = None if placed.node.domain else _STEPS.get(placed.node.op)
    return None if step is None else step(_Call(placed, sequences, opsets))


class _Call(Struct, frozen=True):
    placed: PlacedNode
    sequences: Sequences
    opsets: Mapping[str, int]

    @property
    def given(self) -> tuple[str, ...] | None:
        """The tensors in the sequence at the first input."""
        return self.sequences.get(self.placed.node.inputs[0])

    def place(self, index: int, length: int) -> int | None:
        """The place in a sequence that an input names; None where it is left out."""
        named = self.placed.integers(index, "")
        if named is None:
            return None
        if len(named) != 1 or not -length <= named[0] < length:
            raise UnresolvedError(f"it takes tensor {list(named)} of a sequence of {length}")
        return named[0] % length

    def split(self, axis: int, sizes: tuple[int, ...], outputs: tuple[str, ...]) -> list[Node]:
        """The first input split into pieces."""
        data, name = self.placed.node.inputs[0], f"{self.placed.node.key}/sizes"
        if self.placed.node.version < _SPLIT_BY_INPUT:
            return [self.node("Split", (data,), outputs, axis=axis, split=sizes)]
        return [self.constant(name, sizes), self.node("Split", (data, name), outputs, axis=axis)]

    def reshape(self, name: str, shape: tuple[int, ...], output: str) -> list[Node]:
        """A tensor in another shape."""
        target = f"{output}/shape"
        return [self.constant(target, shape), self.node("Reshape", (name, target), (output,))]

    def constant(self, name: str, values: tuple[int, ...]) -> Node:
        """A list of integers."""
        array = numpy_helper.from_array(np.array(values, dtype=np.int64))
        return self.node("Constant", (), (name,), value=array)

    def node(self, op: str, inputs: tuple[str, ...], output: tuple[str, ...], **attributes: object) -> Node:
        """A node of the same name."""
        proto = helper.make_node(op, inputs, output, name=self.placed.node.name, **attributes)  # type: ignore[arg-type]  # integers and tensors
        proto.metadata_props.extend(self.placed.node.proto.metadata_props)
        return Node.of(proto, self.opsets)


def _empty(call: _Call) -> Unrolled:
    del call
    return Unrolled(tensors=())


def _construct(call: _Call) -> Unrolled:
    return Unrolled(tensors=call.placed.node.inputs)


def _insert(call: _Call) -> Unrolled | None:
    if call.given is None:
        return None
    tensors = list(call.given)
    place = call.place(2, len(tensors) + 1) if call.placed.present(2) else None
    tensors.insert(len(tensors) if place is None else place, call.placed.node.inputs[1])
    return Unrolled(tensors=tuple(tensors))


def _erase(call: _Call) -> Unrolled | None:
    if call.given is None:
        return None
    place = call.place(1, len(call.given))
    at = len(call.given) - 1 if place is None else place
    return Unrolled(tensors=call.given[:at] + call.given[at + 1 :])


def _at(call: _Call) -> Unrolled | None:
    if call.given is None:
        return None
    place = call.place(1, len(call.given))
    if place is None:
        raise UnresolvedError("it names no tensor of the sequence")
    return Unrolled((call.node("Identity", (call.given[place],), call.placed.node.outputs),))


def _length(call: _Call) -> Unrolled | None:
    if call.given is None:
        return None
    value = numpy_helper.from_array(np.array(len(call.given), dtype=np.int64))
    return Unrolled((call.node("Constant", (), call.placed.node.outputs, value=value),))


def _concat(call: _Call) -> Unrolled | None:
    node = call.placed.node
    if not call.given:
        return None
    axis = node.integer("axis", 0)
    if not node.integer("new_axis", 0):
        return Unrolled((call.node("Concat", call.given, node.outputs, axis=axis),))
    apart = tuple(f"{node.key}/{k}" for k in range(len(call.given)))
    shapes = [call.placed.shapes[name] for name in call.given if name in call.placed.shapes]
    if len(shapes) < len(call.given):
        raise UnresolvedError("the shapes of the tensors in the sequence are not known")
    made: list[Node] = []
    for name, shape, piece in zip(call.given, shapes, apart, strict=True):
        at = normal_axis(axis, len(shape) + 1)
        made += call.reshape(name, (*shape[:at], 1, *shape[at:]), piece)
    pieces = tuple(name for one in made for name in one.outputs)
    return Unrolled((*made, call.node("Concat", apart, node.outputs, axis=axis)), pieces=pieces)


def _split(call: _Call) -> Unrolled | None:
    """Pieces of the given sizes, or of one size with a shorter last one; without any, single indices."""
    placed, node = call.placed, call.placed.node
    shape = placed.shape(0)
    axis = normal_axis(node.integer("axis", 0), len(shape))
    length, sizes = shape[axis], placed.integers(1, "")
    value = placed.constant(1)
    if sizes is None:
        sizes = (1,) * length
    elif value is not None and value.ndim == 0:
        size = sizes[0]
        sizes = tuple(min(size, length - start) for start in range(0, length, size)) if size > 0 else ()
    if sum(sizes) != length or min(sizes, default=1) < 0 or len(sizes) > MOST_PIECES:
        raise UnresolvedError(f"it splits an axis of {length} into {len(sizes)} pieces")
    pieces = tuple(f"{node.key}/{k}" for k in range(len(sizes)))
    keeps = placed.present(1) or bool(node.integer("keepdims", 1))
    cut = pieces if keeps else tuple(f"{piece}/kept" for piece in pieces)
    made = call.split(axis, sizes, cut)
    if not keeps:
        rest = (*shape[:axis], *shape[axis + 1 :])
        made += [each for one, piece in zip(cut, pieces, strict=True) for each in call.reshape(one, rest, piece)]
    made_names = (name for one in made for name in one.outputs)
    return Unrolled(tuple(made), pieces, tuple(made_names))


_STEPS: Mapping[str, Callable[[_Call], Unrolled | None]] = {
    "ConcatFromSequence": _concat,
    "SequenceAt": _at,
    "SequenceConstruct": _construct,
    "SequenceEmpty": _empty,
    "SequenceErase": _erase,
    "SequenceInsert": _insert,
    "SequenceLength": _length,
    "SplitToSequence": _split,
}
