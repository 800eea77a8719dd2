"""The graph of the forward derivative under construction, in the model's operator set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, Final

import numpy as np
import onnx
from msgspec import Struct
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from strideinspect.gradients.arrays import PREFIX, Array
from strideinspect.gradients.gradient_rules import GradientCall
from strideinspect.model.node import Shape

DIRECTION: Final = f"{PREFIX}direction_"
"""Begins the inputs of the tangent graph that hold the direction, before the name of the model's input."""

TANGENT: Final = f"{PREFIX}tangent"
"""Its output."""


class TangentGraph(Struct):
    """The graph under construction, in the model's operator set.

    `fed` are the values of the model that it takes, `exposed` arrays of the reverse graph, by their names here.
    """

    nodes: list[onnx.NodeProto] = []
    constants: dict[str, NDArray[Any]] = {}
    fed: set[str] = set()
    exposed: dict[str, Array] = {}
    tangents: dict[str, str] = {}

    def add(self, op: str, inputs: Sequence[str], **attributes: Any) -> str:  # noqa: ANN401
        """The name of an operator's result."""
        name = f"{PREFIX}t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], **attributes))
        return name

    def constant(self, value: NDArray[Any]) -> str:
        """The name of a constant."""
        name = f"{PREFIX}tc{len(self.constants)}"
        self.constants[name] = value
        return name

    def number(self, value: float, kind: type[np.floating[Any]] = np.float64) -> str:
        """The name of a number."""
        return self.constant(np.array(value, kind))

    def value(self, name: str) -> str:
        """The name of a tensor of the model, which is fed."""
        self.fed.add(name)
        return name

    def expose(self, array: Array) -> str:
        """The name of an array of the reverse graph, which is fed."""
        name = f"{PREFIX}exposed_{len(self.exposed)}"
        self.exposed[name] = array
        return name

    def zeros(self, shape: Shape) -> str:
        """The name of zeros, which take no room in the graph."""
        filler = numpy_helper.from_array(np.zeros(1, np.float32))
        return self.add("ConstantOfShape", [self.constant(np.array(shape, np.int64))], value=filler)

    def same(self, call: GradientCall, inputs: Sequence[str]) -> None:
        """Add the node itself on other inputs, as the tangents of its outputs."""
        outputs = [f"{PREFIX}t{len(self.nodes)}_{k}" if name else "" for k, name in enumerate(call.node.outputs)]
        proto = onnx.NodeProto()
        proto.CopyFrom(call.node.proto)
        proto.name = ""  # it may occur more than once
        del proto.input[:], proto.output[:]
        proto.input.extend(inputs)
        proto.output.extend(outputs)
        self.nodes.append(proto)
        self.tangents |= {name: out for name, out in zip(call.node.outputs, outputs, strict=True) if name}

    def sum(self, terms: Sequence[str]) -> str:
        """The name of the sum of these."""
        return reduce(lambda a, b: self.add("Add", [a, b]), terms)


Rule = Callable[[TangentGraph, GradientCall], None]
"""Adds the tangents of a node's outputs to the graph."""
