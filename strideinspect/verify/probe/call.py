"""The interface between a node and its translator, and the registry of translators."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, Final

import numpy as np
import onnx
from msgspec import Struct, structs
from onnx import helper

from strideinspect.model.subgraphs import captured
from strideinspect.results.field import Shape
from strideinspect.verify.axis_questions import AxisAnswer, ObservedTaps
from strideinspect.verify.probe.builder import Builder
from strideinspect.verify.probe.value import InexpressibleError, Value


class Operation(Struct, frozen=True):
    """A node of the model, copied from protobuf because attribute access there is slow.

    `kind` is the operator's name as in `operators`; `captured` are the outer names that its bodies use.
    """

    name: str
    kind: str
    op_type: str
    domain: str
    input: tuple[str, ...]
    output: tuple[str, ...]
    captured: tuple[str, ...]
    attributes: Mapping[str, Any]


class Knowledge(Struct, frozen=True):
    """What is known of the model from a run: shapes and exact values of tensors, and its operator set.

    `tables` holds, by node name, which indices a window or Resize reads along its axes, or why that is not known.
    `left_out` gives the reason for tensors that onnxruntime did not compute, so that nothing is known of them.
    `pools` holds, by name of a node that takes indices from the data, the MaxPool that gave them.
    """

    shapes: Mapping[str, Shape]
    values: Mapping[str, np.ndarray]
    tables: Mapping[str, Mapping[int, AxisAnswer] | str]
    opset: int
    left_out: Mapping[str, str] = {}
    pools: Mapping[str, onnx.NodeProto] = {}


class DependenceKind(Enum):
    """Which dependences a translation follows.

    FULL follows all. LOCAL omits the statistics of normalising operators and values that are broadcast again along a
    collapsed axis. PLACED is the part of LOCAL that was never collapsed: what remains once the axis is broadcast.
    """

    FULL = 1
    LOCAL = 2
    PLACED = 3


class Call(Struct):
    """A node and the values at its inputs; None for an input that depends on no pixel.

    Its translation records which readings give other results, so that equal ones are translated once: `sensitive` if
    FULL differs from LOCAL, `spread` if LOCAL omitted a value, `collapsed` if PLACED ends here.
    """

    node: Operation
    inputs: Sequence[Value | None]
    reading: DependenceKind
    build: Builder
    known: Knowledge
    sensitive: bool = False
    spread: bool = False
    collapsed: bool = False

    @property
    def attributes(self) -> Mapping[str, Any]:
        """The node's attributes, with strings decoded."""
        return self.node.attributes

    def integer(self, name: str, default: int) -> int:
        """An integer attribute."""
        return int(self.attributes.get(name, default))

    def value(self, position: int) -> Value | None:
        """The value at an input; None if it depends on no pixel."""
        return self.inputs[position] if position < len(self.inputs) else None

    def required(self, position: int = 0) -> Value:
        """The value at an input. Raises InexpressibleError if it depends on no pixel."""
        value = self.value(position)
        if value is None:
            raise InexpressibleError(f"the input reaches it through another input than its input {position}")
        return value

    def only(self, *positions: int) -> None:
        """Raise InexpressibleError if any other input depends on pixels."""
        for position, value in enumerate(self.inputs):
            if value is not None and position not in positions:
                raise InexpressibleError(f"its input {position} depends on the data")

    def shape_in(self, position: int) -> Shape:
        """The observed shape of an input."""
        value = self.value(position)
        return self._shape(self.node.input[position]) if value is None else value.shape

    def shape_out(self, position: int = 0) -> Shape:
        """The observed shape of an output."""
        return self._shape(self.node.output[position])

    def _shape(self, name: str) -> Shape:
        if name not in self.known.shapes:
            raise InexpressibleError(f"the shape of {name!r} was not observed")
        return self.known.shapes[name]

    def has(self, position: int) -> bool:
        """Whether the node has this input."""
        return position < len(self.node.input) and bool(self.node.input[position])

    def constant(self, position: int) -> np.ndarray | None:
        """The values of a constant input; None where it is left out. Raises InexpressibleError if they are unknown."""
        if not self.has(position):
            return None
        name = self.node.input[position]
        if name not in self.known.values:
            raise InexpressibleError(f"{name!r}, which decides where its data go, is not a known constant")
        return self.known.values[name]

    def numbers(self, position: int, attribute: str) -> list[int] | None:
        """Integers that older operator sets gave as an attribute and newer ones as an input."""
        if attribute in self.attributes:
            return [int(number) for number in np.ravel(self.attributes[attribute])]
        array = self.constant(position)
        return None if array is None else [int(number) for number in array.reshape(-1)]

    def tables(self) -> dict[int, ObservedTaps]:
        """Which indices onnxruntime reads, by axis. Raises InexpressibleError where that is not known."""
        answers = self.known.tables[self.node.name]
        if isinstance(answers, str):
            raise InexpressibleError(answers)
        tables = {}
        for axis, answer in answers.items():
            if isinstance(answer, str):
                raise InexpressibleError(answer)
            tables[axis] = answer
        return tables

    def keeps(self, value: Value, spread_axes: Iterable[int]) -> bool:
        """Whether this reading keeps a value that is broadcast along `spread_axes` (axes of `value`)."""
        if not any(value.roles.spreads(axis) for axis in spread_axes):
            return True
        self.sensitive = True
        self.spread = self.reading is not DependenceKind.FULL
        return not self.spread

    def collapse(self, value: Value, axes: Iterable[int], shape: Shape) -> Value | None:
        """`value`, the result of pooling a tensor of `shape` over all of `axes`, with these marked as collapsed."""
        roles = value.roles.collapsing(axes, shape)
        if roles == value.roles:
            return value
        self.collapsed = True
        return None if self.reading is DependenceKind.PLACED else structs.replace(value, roles=roles)

    def normalised(self, value: Value, axes: Iterable[int]) -> Value:
        """The value after normalisation over `axes`: only full dependence grows along them."""
        whole = self.build.everywhere(value, axes)
        if whole == value:
            return value
        self.sensitive = True
        return whole if self.reading is DependenceKind.FULL else value

    def broadcast(self, values: Iterable[Value | None], shape: Shape) -> Value | None:
        """The union of broadcast inputs, without those that this reading does not broadcast along a collapsed axis."""
        kept = []
        for value in values:
            if value is None:
                continue
            ranked = self.build.ranked(value, len(shape))
            spread = [k for k, (own, out) in enumerate(zip(ranked.shape, shape, strict=True)) if own == 1 < out]
            if not spread:
                kept.append(ranked)
            elif self.keeps(ranked, spread):
                kept.append(structs.replace(ranked, roles=ranked.roles.without(spread)))
        return self.build.union(kept, shape) if kept else None


Translator = Callable[[Call], Sequence[Value | None]]
"""Returns a node's outputs; None for one that depends on no pixel. Outputs missing at the end are not checked."""

TRANSLATORS: Final[dict[str, Translator]] = {}


def operators(*names: str) -> Callable[[Translator], Translator]:
    """Register a translator; an operator outside the standard domain is named domain:Operator.

    Raises ValueError where the operator already has one.
    """

    def register(translator: Translator) -> Translator:
        for name in names:
            if name in TRANSLATORS:
                raise ValueError(f"{name} has two translators")
            TRANSLATORS[name] = translator
        return translator

    return register


def operation(node: onnx.NodeProto) -> Operation:
    """The node as an Operation."""
    op, domain = node.op_type, node.domain
    kind = op if domain in {"", "ai.onnx"} else f"{domain}:{op}"
    names = tuple(node.input), tuple(node.output), captured(node)
    return Operation(node.name, kind, op, domain, *names, _attributes(node))


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    attributes = {}
    for attribute in node.attribute:
        value = helper.get_attribute_value(attribute)
        attributes[attribute.name] = value.decode(errors="replace") if isinstance(value, bytes) else value
    return attributes
