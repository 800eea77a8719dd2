"""A model that a rule flags, and ways to run it: what the proofs of rules stand on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
import onnx.numpy_helper
from numpy.typing import NDArray

from strideinspect.results.report import Finding, Report
from tests.oracle_runtime import Values, influence, random_feeds, run

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A flagged model, its report, and what the rule found first."""

    model: onnx.ModelProto
    report: Report
    finding: Finding

    def feeds(self, seed: int = 0) -> Values:
        """Random values of the inspected shapes."""
        return random_feeds(self.model, {given.name: given.shape for given in self.report.inputs}, seed)

    def outputs(self, feeds: Values, model: onnx.ModelProto | None = None) -> list[Array]:
        """The graph outputs of a run."""
        ran = run(self.model if model is None else model, feeds)
        return [ran.values[output.name] for output in self.model.graph.output]

    def moves(self, axis: int, tensor: str = "y") -> Array:
        """Which elements of a tensor change with which index of the first input's axis: [*shape, indices]."""
        found = influence(run(self.model, self.feeds()), self.report.inputs[0].name, axis, [tensor])
        return np.asarray(found[tensor])

    def weights(self, name: str, change: Callable[[Array], Array]) -> onnx.ModelProto:
        """The model with other values of a weight."""
        copy = onnx.ModelProto()
        copy.CopyFrom(self.model)
        for tensor in copy.graph.initializer:
            if tensor.name == name:
                tensor.CopyFrom(onnx.numpy_helper.from_array(change(onnx.numpy_helper.to_array(tensor)), name))
        return copy


def same(one: list[Array], other: list[Array]) -> bool:
    """Whether two runs agree in every bit."""
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def one_node(case: Case, change: Callable[[Array], Array]) -> onnx.ModelProto:
    """The model with other weights in the node of the finding alone, even where nodes share them."""
    copy = onnx.ModelProto()
    copy.CopyFrom(case.model)
    (node,) = (node for node in copy.graph.node if node.output[0] == case.finding.output)
    (held,) = (tensor for tensor in copy.graph.initializer if tensor.name == node.input[1])
    node.input[1] = "changed"
    copy.graph.initializer.append(onnx.numpy_helper.from_array(change(onnx.numpy_helper.to_array(held)), "changed"))
    return copy
