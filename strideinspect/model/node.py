"""A node with typed attributes, and the same node placed at concrete shapes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import onnx
from msgspec import Struct

from strideinspect.errors import UnreadableModelError
from strideinspect.model.subgraphs import captured
from strideinspect.results.field import Shape as Shape  # noqa: PLC0414 - described nodes and shapes are imported together

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from strideinspect.model.geometry import Geometry, PoolIndices
    from strideinspect.settings import Operator


_STANDARD_DOMAINS = {"", "ai.onnx"}
_REPEATING = {"Loop", "Scan", "SequenceMap"}

SEQUENCES = frozenset(
    {"SequenceConstruct", "SequenceEmpty", "SequenceErase", "SequenceInsert", "SequenceMap", "SplitToSequence"}
)
"""Operators of the standard whose output is a sequence of tensors."""

WITH_BODIES = frozenset({"If", *_REPEATING})
"""Operators of the standard that have graphs as attributes."""


class Node(Struct, frozen=True):
    """One node of the graph. `version` is the opset of the node's domain; `inputs` holds "" for one left out.

    The inputs of a Loop, Scan or SequenceMap end with the outer tensors that its body uses.

    `key` is the first output tensor: unique, and present even where the node has no name. `declared` is how the
    settings say that the operator reads.
    """

    proto: onnx.NodeProto
    op: str
    domain: str
    version: int
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, onnx.AttributeProto]
    key: str
    declared: Operator | None = None

    @classmethod
    def of(cls, proto: onnx.NodeProto, opsets: Mapping[str, int]) -> Node:
        """Wrap a protobuf node; an operator of an undeclared domain gets version 1."""
        domain = "" if proto.domain in _STANDARD_DOMAINS else proto.domain
        outputs = tuple(proto.output)
        inputs = tuple(proto.input)
        if proto.op_type in _REPEATING or domain:
            inputs += tuple(name for name in captured(proto) if name not in inputs)
        return cls(
            proto=proto,
            op=proto.op_type,
            domain=domain,
            version=opsets.get(domain, 1),
            name=proto.name,
            inputs=inputs,
            outputs=outputs,
            attributes={a.name: a for a in proto.attribute},
            key=next(filter(None, outputs), ""),
        )

    @property
    def label(self) -> str:
        """The node's name in messages."""
        return self.name or self.key

    def has(self, attribute: str) -> bool:
        """Whether the file gives this attribute."""
        return attribute in self.attributes

    def integer(self, attribute: str, default: int) -> int:
        """An integer attribute, or its default in the ONNX standard."""
        proto = self._typed(attribute, onnx.AttributeProto.INT)
        return default if proto is None else proto.i

    def integers(self, attribute: str) -> tuple[int, ...] | None:
        """A list of integers, or None where the file leaves it out."""
        proto = self._typed(attribute, onnx.AttributeProto.INTS)
        return None if proto is None else tuple(proto.ints)

    def real(self, attribute: str, default: float) -> float:
        """A floating-point attribute, or its default in the ONNX standard."""
        proto = self._typed(attribute, onnx.AttributeProto.FLOAT)
        return default if proto is None else proto.f

    def reals(self, attribute: str) -> tuple[float, ...] | None:
        """A list of floating-point numbers, or None where the file leaves it out."""
        proto = self._typed(attribute, onnx.AttributeProto.FLOATS)
        return None if proto is None else tuple(proto.floats)

    def text(self, attribute: str, default: str) -> str:
        """A string attribute, or its default in the ONNX standard."""
        proto = self._typed(attribute, onnx.AttributeProto.STRING)
        return default if proto is None else proto.s.decode("utf-8", "replace")

    def tensor(self, attribute: str) -> onnx.TensorProto | None:
        """A tensor attribute, or None where the file leaves it out."""
        proto = self._typed(attribute, onnx.AttributeProto.TENSOR)
        return None if proto is None else proto.t

    def graph(self, attribute: str) -> onnx.GraphProto | None:
        """A subgraph attribute, or None where the file leaves it out."""
        proto = self._typed(attribute, onnx.AttributeProto.GRAPH)
        return None if proto is None else proto.g

    def _typed(self, attribute: str, kind: int) -> onnx.AttributeProto | None:
        proto = self.attributes.get(attribute)
        # Files before IR 4 may leave the attribute's type out.
        if proto is not None and proto.type not in (kind, onnx.AttributeProto.UNDEFINED):
            wanted = onnx.AttributeProto.AttributeType.Name(kind).lower()
            given = onnx.AttributeProto.AttributeType.Name(proto.type).lower()
            raise UnreadableModelError(
                f"attribute {attribute!r} of {self.op} {self.label!r} is of type {given}, not {wanted} as in ONNX",
                "export the model again, or run onnx.checker on it",
            )
        return proto


class PlacedNode(Struct, frozen=True):
    """A node at concrete shapes: all that the description of its operator may use.

    `shapes` maps a tensor to its shape and `constants` a small tensor whose values are known to these values;
    `size_dependent` holds the constants that were computed from a shape. A tensor missing from `shapes` has an unknown
    shape.
    `geometry` holds the windows of a window node once they are resolved: get them from `model.window.geometry`.
    `joined` maps a large table of indices to the tensors that it concatenates along its last axis. `data_dependent`
    holds the tensors that depend on a graph input's values, where that is known. `pool_indices` are the tensors that
    hold the indices of a MaxPool, `external` the constants whose values are in another file.
    """

    node: Node
    shapes: Mapping[str, Shape]
    constants: Mapping[str, NDArray[np.generic]]
    size_dependent: Collection[str] = ()
    geometry: Geometry | None = None
    joined: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    data_dependent: Collection[str] | None = None
    pool_indices: Mapping[str, PoolIndices] = MappingProxyType({})
    external: Collection[str] = ()

    def present(self, index: int) -> bool:
        """Whether the node has an input at this place."""
        return index < len(self.node.inputs) and self.node.inputs[index] != ""

    def shape(self, index: int) -> Shape:
        """Shape of an input. Raises UnresolvedError where it is left out, KeyError where its shape is unknown."""
        inputs = self.node.inputs
        if index >= len(inputs) or not inputs[index]:
            raise UnresolvedError(f"it has no input {index}")
        return self.shapes[inputs[index]]

    def output_shape(self, index: int = 0) -> Shape:
        """Shape of an output. Raises UnresolvedError where it is left out, KeyError where its shape is unknown."""
        if not self.node.outputs[index]:
            raise UnresolvedError(f"it has no output {index}")
        return self.shapes[self.node.outputs[index]]

    def is_size_dependent(self, index: int) -> bool:
        """Whether an input holds numbers that were computed from a shape, and would differ at another size."""
        return self.present(index) and self.node.inputs[index] in self.size_dependent

    def constant(self, index: int) -> NDArray[np.generic] | None:
        """Values of an input that is known and small, else None."""
        return self.constants.get(self.node.inputs[index]) if self.present(index) else None

    def in_another_file(self, index: int) -> bool:
        """Whether an input is a constant whose values are in another file."""
        return self.node.inputs[index] in self.external

    def columns(self, index: int) -> tuple[NDArray[np.generic], ...] | None:
        """The slice at each index of an input's last axis; None where the values are not known.

        A column has extent 1 along axes along which it is constant. A large joined table is not concatenated for it.
        """
        name = self.node.inputs[index]
        parts = [self.constants.get(source) for source in self.joined.get(name, (name,))]
        known = [part for part in parts if part is not None]
        if len(known) < len(parts):
            return None
        return tuple(_varying(part[..., k]) for part in known for k in range(part.shape[-1]))

    def is_data_dependent(self, index: int) -> bool:
        """Whether an input may depend on a graph input's values."""
        return self.data_dependent is None or self.node.inputs[index] in self.data_dependent

    def integers(self, index: int, attribute: str) -> tuple[int, ...] | None:
        """A list of integers that older opsets give as an attribute and newer ones as an input; None where left out.

        Raises UnresolvedError where the input is there but not known.
        """
        if self.node.has(attribute):
            return self.node.integers(attribute)
        if not self.present(index):
            return None
        values = self.constant(index)
        if values is None:
            why = "is in another file" if self.in_another_file(index) else "is computed from the data"
            raise UnresolvedError(f"its input {self.node.inputs[index]!r} ({attribute}) {why}")
        if values.dtype.kind not in "iub" and not np.isfinite(np.asarray(values, dtype=np.float64)).all():
            raise UnresolvedError(f"its input {self.node.inputs[index]!r} ({attribute}) is not a list of integers")
        return tuple(int(value) for value in values.reshape(-1))


class UnresolvedError(Exception):
    """The node's behaviour depends on values that are not known before the model runs; the text says which."""


def _varying(values: NDArray[np.generic]) -> NDArray[np.generic]:
    """The values with extent 1 along the axes along which they are constant."""
    for axis, stride in enumerate(values.strides):
        head = values[(slice(None),) * axis + (slice(0, 1),)]
        if stride == 0 or (values == head).all():
            values = head
    return values


def normal_axis(axis: int, rank: int) -> int:
    """An axis counted from the front. Raises UnresolvedError for one that the tensor does not have."""
    if not -rank <= axis < rank:
        raise UnresolvedError(f"it names axis {axis} of a tensor with {rank} axes")
    return axis % rank


def normal_axes(axes: Sequence[int], rank: int) -> tuple[int, ...]:
    """Axes counted from the front, in order. Raises UnresolvedError for one that the tensor does not have."""
    return tuple(sorted({normal_axis(axis, rank) for axis in axes}))
