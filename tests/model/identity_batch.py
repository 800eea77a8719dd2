"""What onnxruntime's own operator reads, found by running it on an identity batch: [L, 1, L], row b lit at index b."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from strideinspect.model.geometry import Window
from strideinspect.model.node import Node, PlacedNode
from strideinspect.model.window import geometry
from tests.graph_builder import REFUSED
from tests.oracle_runtime import session_of

Attribute = int | str | list[int]
Reads = list[set[int]]
"""Per output index the input indices that it reads."""

WEIGHTED = {"Conv", "ConvTranspose"}


@dataclass(frozen=True)
class Case:
    """One operator along one axis."""

    op: str
    opset: int
    length: int
    kernel: int
    attributes: Mapping[str, Attribute] = field(default_factory=dict)

    @property
    def weighted(self) -> bool:
        """Whether the kernel is a weight and no attribute."""
        return self.op in WEIGHTED

    def node(self) -> onnx.NodeProto:
        """The node; kernel_shape stands only where nothing else tells it."""
        node = helper.make_node(self.op, ["x", "w"] if self.weighted else ["x"], ["y"])
        given = dict(self.attributes) if self.weighted else {"kernel_shape": [self.kernel], **self.attributes}
        node.attribute.extend(helper.make_attribute(name, value) for name, value in given.items())
        return node

    def window(self) -> Window:
        """What our arithmetic makes of it. Raises MisfitError."""
        placed = Node.of(self.node(), {"": self.opset})
        shapes = {"x": (1, 1, self.length), "w": (1, 1, self.kernel)}
        (window,) = geometry(PlacedNode(placed, shapes, {})).windows
        return window

    def model(self) -> onnx.ModelProto:
        """The node alone, with a weight of ones, for a batch as large as the axis is long."""
        shape = [self.length, 1, self.length]
        weight = numpy_helper.from_array(np.ones((1, 1, self.kernel), np.float32), "w")
        graph = helper.make_graph(
            [self.node()],
            "alone",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
            [weight] if self.weighted else [],
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)

    def ran(self) -> Reads | None:
        """What onnxruntime reads; None where it refuses to run."""
        try:
            (output,) = session_of(self.model()).run(None, {"x": np.eye(self.length, dtype=np.float32)[:, None, :]})
        except REFUSED:
            return None
        # The mean over padding alone may be 0 / 0, the maximum over it is the lowest number: neither is a read.
        return [set(np.flatnonzero(column > 0).tolist()) for column in output[:, 0, :].T]


def reads_of(window: Window) -> Reads:
    """What a window reads by its own numbers, from the definition.

    Forward: o·stride − begin + dilation·j. Transposed: the i with i·stride = o + begin − dilation·j.
    """
    taps = range(window.kernel)
    found: Reads = []
    for o in range(window.size):
        if window.transposed:
            starts = [o + window.begin - window.dilation * j for j in taps]
            indices = {start // window.stride for start in starts if start % window.stride == 0}
        else:
            indices = {o * window.stride - window.begin + window.dilation * j for j in taps}
        found.append({i for i in indices if 0 <= i < window.length})
    return found
