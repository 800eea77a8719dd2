"""One node as its translator sees it, and the register of translators."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final, NamedTuple

import numpy as np
import onnx
from onnx import helper

from strideinspect.model.subgraphs import captured
from strideinspect.results.field import Shape
from strideinspect.verify.axis_questions import AxisAnswer, ObservedTaps
from strideinspect.verify.probe.builder import Builder
from strideinspect.verify.probe.value import InexpressibleError, Value


class Operation(NamedTuple):
    """A node of the model: read from protobuf once, for every look at that takes time.

    `kind` is the operator's name as `operators` takes it; `captured` are the outer names that its bodies use.
    """

    name: str
    kind: str
    op_type: str
    domain: str
    input: tuple[str, ...]
    output: tuple[str, ...]
    captured: tuple[str, ...]
    attributes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What a run showed of the model: shapes and exact values of tensors, and its operator set.

    `tables` says, by name, what a node that reads by tables reads along some axes, or why that is not known.
    """

    shapes: Mapping[str, Shape]
    values: Mapping[str, np.ndarray]
    tables: Mapping[str, Mapping[int, AxisAnswer] | str]
    opset: int


class DependenceKind(Enum):
    """Which dependence a translation follows.

    FULL is everything. LOCAL leaves out the statistics of normalising operators and what a collapsed axis spreads.
    PLACED is the part of LOCAL that never passed a collapse: what is left of it once the axis is spread.
    """

    FULL = 1
    LOCAL = 2
    PLACED = 3


@dataclass(slots=True)
class Call:
    """A node and what arrives at its inputs: None for what carries no pixel.

    While it is translated it notes what would be another matter in another reading: `sensitive` that FULL differs from
    LOCAL, `spread` that LOCAL dropped something, `collapsed` that PLACED ends here.
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
        """Those that the node has, strings decoded."""
        return self.node.attributes

    def integer(self, name: str, default: int) -> int:
        """An integer attribute."""
        return int(self.attributes.get(name, default))

    def value(self, position: int) -> Value | None:
        """What arrives at an input."""
        return self.inputs[position] if position < len(self.inputs) else None

    def required(self, position: int = 0) -> Value:
        """What arrives at an input that has to carry pixels."""
        value = self.value(position)
        if value is None:
            raise InexpressibleError(f"the input reaches it through another input than its input {position}")
        return value

    def only(self, *positions: int) -> None:
        """Refuse pixels that arrive at any other input."""
        for position, value in enumerate(self.inputs):
            if value is not None and position not in positions:
                raise InexpressibleError(f"its input {position} depends on the data")

    def shape_in(self, position: int) -> Shape:
        """The shape of an input as run."""
        value = self.value(position)
        return self._shape(self.node.input[position]) if value is None else value.shape

    def shape_out(self, position: int = 0) -> Shape:
        """The shape of an output as run."""
        return self._shape(self.node.output[position])

    def _shape(self, name: str) -> Shape:
        if name not in self.known.shapes:
            raise InexpressibleError(f"the shape of {name!r} was not observed")
        return self.known.shapes[name]

    def has(self, position: int) -> bool:
        """Whether the input is there."""
        return position < len(self.node.input) and bool(self.node.input[position])

    def constant(self, position: int) -> np.ndarray | None:
        """The values of an input that carries none of the data; None where the input is left out."""
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
        """What onnxruntime reads along the axes about which it was asked."""
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
        """Whether a value still counts once it goes from extent 1 to more along `spread_axes` (of its own)."""
        if not any(value.roles.spreads(axis) for axis in spread_axes):
            return True
        self.sensitive = True
        self.spread = self.reading is not DependenceKind.FULL
        return not self.spread

    def collapse(self, value: Value, axes: Iterable[int], shape: Shape) -> Value | None:
        """`value`, which is a tensor of `shape` with `axes` pooled whole, with these marked as collapsed."""
        roles = value.roles.collapsing(axes, shape)
        if roles == value.roles:
            return value
        self.collapsed = True
        return None if self.reading is DependenceKind.PLACED else value._replace(roles=roles)

    def normalised(self, value: Value, axes: Iterable[int]) -> Value:
        """The value after an operator that normalises over `axes`: local dependence stays, full grows along them."""
        whole = self.build.everywhere(value, axes)
        if whole == value:
            return value
        self.sensitive = True
        return whole if self.reading is DependenceKind.FULL else value

    def broadcast(self, values: Iterable[Value | None], shape: Shape) -> Value | None:
        """What an elementwise operator makes of its inputs: each counts, unless a collapsed axis spreads it."""
        kept = []
        for value in values:
            if value is None:
                continue
            ranked = self.build.ranked(value, len(shape))
            spread = [k for k, (own, out) in enumerate(zip(ranked.shape, shape, strict=True)) if own == 1 < out]
            if not spread:
                kept.append(ranked)
            elif self.keeps(ranked, spread):
                kept.append(ranked._replace(roles=ranked.roles.without(spread)))
        return self.build.union(kept, shape) if kept else None


Translator = Callable[[Call], Sequence[Value | None]]
"""Gives a node's outputs; None for one that carries no pixel. Outputs it gives nothing for cannot be checked."""

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
    """The node as translators see it."""
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
