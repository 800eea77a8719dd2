"""Building networks node by node, with weights of the real size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import helper

OPSET = 17


@dataclass(slots=True)
class Builder:
    """A graph in the making. Every method that adds a node gives the name of its output."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    weights: list[onnx.TensorProto] = field(default_factory=list)

    def add(self, op: str, inputs: Sequence[str], **attributes: Any) -> str:  # noqa: ANN401  # what an attribute may be is ONNX's business
        """Any operator with one output."""
        output = f"{op.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [output], name=f"n{len(self.nodes)}", **attributes))
        return output

    def weight(self, *shape: int) -> str:
        """A weight of this shape: 0.01 throughout, written out in full."""
        name = f"w{len(self.weights)}"
        values = np.full(shape, 0.01, dtype=np.float32)
        self.weights.append(helper.make_tensor(name, onnx.TensorProto.FLOAT, shape, values.tobytes(), raw=True))
        return name

    def conv(self, x: str, before: int, after: int, kernel: int, stride: int = 1, pad: int | None = None) -> str:
        """A square convolution with bias; padded to keep the size where `pad` is not said."""
        pads = [kernel // 2 if pad is None else pad] * 4
        inputs = [x, self.weight(after, before, kernel, kernel), self.weight(after)]
        return self.add("Conv", inputs, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=pads)

    def conv_relu(self, x: str, before: int, after: int, kernel: int, stride: int = 1, pad: int | None = None) -> str:
        """The same with a ReLU behind it."""
        return self.add("Relu", [self.conv(x, before, after, kernel, stride, pad)])

    def norm_relu(self, x: str, channels: int) -> str:
        """Batch normalisation and a ReLU."""
        parameters = [self.weight(channels) for _ in range(4)]
        return self.add("Relu", [self.add("BatchNormalization", [x, *parameters])])

    def pool(self, x: str, kernel: int, stride: int, pad: int = 0, op: str = "MaxPool") -> str:
        """A square pooling."""
        return self.add(op, [x], kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[pad] * 4)

    def dense(self, x: str, before: int, after: int) -> str:
        """A fully connected layer."""
        return self.add("Gemm", [x, self.weight(after, before), self.weight(after)], transB=1)

    def head(self, x: str, channels: int, classes: int = 1000) -> str:
        """Global average, then a fully connected layer."""
        return self.dense(self.add("Flatten", [self.add("GlobalAveragePool", [x])]), channels, classes)

    def model(self, output: str, shape: Sequence[int], rank: int = 2) -> onnx.ModelProto:
        """The finished model, whose input is called `image`; `rank` is its output's."""
        image = helper.make_tensor_value_info("image", onnx.TensorProto.FLOAT, list(shape))
        result = helper.make_tensor_value_info(output, onnx.TensorProto.FLOAT, [None] * rank)
        graph = helper.make_graph(self.nodes, "network", [image], [result], self.weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


def save_with_sparse_data(model: onnx.ModelProto, path: Path, tensor: str, size: int) -> None:
    """Save a model with one tensor in an external file of `size` bytes, which takes no room on the disk."""
    (found,) = (t for t in model.graph.initializer if t.name == tensor)
    found.ClearField("raw_data")
    found.data_location = onnx.TensorProto.EXTERNAL
    data = path.with_suffix(".data")
    for key, value in (("location", data.name), ("offset", "0"), ("length", str(size))):
        found.external_data.add(key=key, value=value)
    with data.open("wb") as file:
        file.truncate(size)
    path.write_bytes(model.SerializeToString())
