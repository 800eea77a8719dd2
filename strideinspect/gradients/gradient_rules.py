"""Which function turns an operator round: from the gradient of its outputs to that of its inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any, Final

import numpy as np
import onnx
from msgspec import Struct
from numpy.typing import NDArray

from strideinspect.gradients.arrays import PREFIX, Array, ArrayGraph
from strideinspect.model.node import Node, PlacedNode, Shape

_MODULES: Final = (
    "activations",
    "arithmetic",
    "convolutions",
    "flat",
    "matrices",
    "moving",
    "normalising",
    "padding_out",
    "pools",
    "quantised",
    "quantised_operators",
    "reducing",
    "resampling",
    "slices",
)


class NoGradientError(Exception):
    """The gradient of a node is not known; the text says why."""


class Beside(Struct):
    """Nodes that run beside the model, in its operator set, to give the reverse graph numbers that it needs."""

    nodes: list[onnx.NodeProto]
    constants: dict[str, NDArray[Any]]


class GradientCall(Struct, frozen=True):
    """One node of the model to be turned round.

    `cotangents` are the gradients of its outputs, None for an output that nothing depends on. `wanted` are the inputs
    whose gradient is asked for.
    """

    placed: PlacedNode
    graph: ArrayGraph
    beside: Beside
    cotangents: tuple[Array | None, ...]
    wanted: frozenset[int]
    types: Mapping[str, int]

    @property
    def node(self) -> Node:
        """The node itself."""
        return self.placed.node

    @property
    def gradient(self) -> Array:
        """The gradient of the first output."""
        return self.cotangent(0)

    def cotangent(self, index: int) -> Array:
        """The gradient of an output; zeros where nothing depends on it."""
        known = self.cotangents[index]
        return self.graph.full(self.placed.output_shape(index)) if known is None else known

    def input(self, index: int) -> Array:
        """The value of an input when the model runs, as float32."""
        return self._value(self.node.inputs[index], self.placed.shape(index))

    def output(self, index: int = 0) -> Array:
        """The value of an output when the model runs, as float32."""
        return self._value(self.node.outputs[index], self.placed.output_shape(index))

    def _value(self, name: str, shape: Shape) -> Array:
        """Values that are not float32 are converted by the process that runs the graphs."""
        return self.graph.feed(name, shape)

    def again(
        self,
        inputs: Sequence[NDArray[Any] | None],
        shape: Shape,
        without: Sequence[str] = (),
        **attributes: Any,  # noqa: ANN401
    ) -> Array:
        """What the node's own operator, with its attributes, makes of other inputs, beside it. None is left out."""
        names = []
        for value in inputs:
            if value is None:
                names.append("")
                continue
            names.append(f"{PREFIX}beside_constant_{len(self.beside.constants)}")
            self.beside.constants[names[-1]] = value
        output = f"{PREFIX}beside_{len(self.beside.nodes)}"
        proto = onnx.helper.make_node(self.node.op, names, [output], domain=self.node.proto.domain, **attributes)
        left = (a for a in self.node.proto.attribute if a.name not in without and a.name not in attributes)
        proto.attribute.extend(left)
        self.beside.nodes.append(proto)
        return self.graph.feed(output, shape)


Reverse = Callable[[GradientCall], Mapping[int, Array]]

_RULES: dict[tuple[str, str], Reverse] = {}


def reverses(*operators: str, domain: str = "") -> Callable[[Reverse], Reverse]:
    """Register a function that turns these operators round.

    It returns the gradient of every differentiable input, by its index, in the input's shape or in one to which the
    input is broadcast. What nobody asks for is left out of the graph, so it need not look at `Call.wanted`.
    NoGradientError says why there is none.
    """

    def register(function: Reverse) -> Reverse:
        for operator in operators:
            if (domain, operator) in _RULES:
                raise ValueError(f"{operator} of domain {domain!r} already has a gradient")
            _RULES[domain, operator] = function
        return function

    return register


@cache
def rules() -> Mapping[tuple[str, str], Reverse]:
    """The rule of every operator that has one, by (domain, operator)."""
    for module in _MODULES:
        import_module(f"strideinspect.gradients.{module}")
    return _RULES


def constants_of(call: GradientCall, index: int, what: str) -> NDArray[np.generic]:
    """The values of an input that has to be known before the model runs. Raises NoGradientError where it is not."""
    values = call.placed.constant(index)
    if values is None:
        raise NoGradientError(f"its {what} depend on the data")
    return values
