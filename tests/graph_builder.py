"""A builder that grows an ONNX model step by step, each step tried in onnxruntime."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as refusals

from tests.oracle_models import weights
from tests.oracle_runtime import Run, run
from tests.oracle_sets import Shape

REFUSED = (
    refusals.Fail,
    refusals.InvalidArgument,
    refusals.InvalidGraph,
    refusals.NotImplemented,
    refusals.RuntimeException,
)
MOST_ELEMENTS = 6000

Attribute = int | float | str | list[int] | list[float]


class UnfitError(Exception):
    """The step makes no sense here, or onnxruntime refuses it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a recipe; `arguments` are the emitter's."""

    kind: str
    arguments: dict[str, Any]


@dataclass(slots=True)
class Builder:
    """A model that grows; `current` is the tensor that the next step takes."""

    opset: int
    shape: Shape
    current: str = "x"
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    initializers: list[onnx.TensorProto] = field(default_factory=list)
    inputs: list[onnx.ValueInfoProto] = field(default_factory=list)  # those after x
    made: int = 0

    def fresh(self) -> str:
        """A name not used yet."""
        self.made += 1
        return f"t{self.made}"

    def constant(self, value: NDArray[np.generic] | Sequence[int]) -> str:
        """An initializer; int64 for a list of integers."""
        name = self.fresh()
        array = value if isinstance(value, np.ndarray) else np.array(value, dtype=np.int64)
        self.initializers.append(onnx.numpy_helper.from_array(array, name))
        return name

    def weight(self, *shape: int) -> str:
        """Positive random numbers."""
        return self.constant(weights(shape, seed=self.made))

    def add(self, op: str, inputs: Sequence[str], **attributes: Attribute) -> str:
        """Append a node with one output, which becomes the current tensor."""
        output = self.fresh()
        node = onnx.helper.make_node(op, list(inputs), [output])
        node.attribute.extend(onnx.helper.make_attribute(name, value) for name, value in attributes.items())
        self.nodes.append(node)
        self.current = output
        return output

    def model(self) -> onnx.ModelProto:
        """The graph as far as it goes; the current tensor is its output."""
        graph = onnx.helper.make_graph(
            self.nodes,
            "generated",
            [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, self.shape), *self.inputs],
            [onnx.helper.make_empty_tensor_value_info(self.current)],
            self.initializers,
        )
        graph.output[0].type.tensor_type.elem_type = onnx.TensorProto.FLOAT
        return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", self.opset)], ir_version=8)

    def run(self) -> Run:
        """Run it as far as it goes. Raises UnfitError where onnxruntime refuses it or a map is empty or large."""
        try:
            ran = _ran(self.model().SerializeToString(deterministic=True))
        except REFUSED as refusal:
            raise UnfitError(str(refusal)) from refusal
        if any(not 0 < value.size <= MOST_ELEMENTS for value in ran.values.values()):
            raise UnfitError("a tensor is empty or too large")
        return ran

    def now(self) -> Shape:
        """Shape of the current tensor."""
        return self.shape if self.current == "x" else self.run().values[self.current].shape

    def branch(self) -> Builder:
        """A copy that grows by itself."""
        trial = copy.copy(self)
        trial.nodes, trial.initializers, trial.inputs = list(self.nodes), list(self.initializers), list(self.inputs)
        return trial

    def apply(self, step: Step) -> None:
        """Append a step whole, or raise UnfitError and leave everything as it was."""
        trial = self.branch()
        EMITTERS[step.kind](trial, **step.arguments)
        if trial.current != "x":
            trial.run()
        self.nodes, self.initializers, self.inputs = trial.nodes, trial.initializers, trial.inputs
        self.current, self.made = trial.current, trial.made


@lru_cache(maxsize=256)
def _ran(model: bytes) -> Run:
    """A run of a model: steps ask for shapes that the one before has run, and examples begin like others."""
    return run(onnx.load_from_string(model))


Emitter = Callable[..., None]
EMITTERS: dict[str, Emitter] = {}
"""Every kind of step by its name; tests/graph_steps.py fills it."""


def emitter(emit: Emitter) -> Emitter:
    """Register under the function's own name."""
    EMITTERS[emit.__name__] = emit
    return emit
