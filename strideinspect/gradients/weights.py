"""Weights of a model: read from its file, or random where the file has none.

Models are passed on without their weights: as files that name another file which is missing, or with a filler of one
number (`ConstantOfShape`) in the place of each weight. Random weights keep the variance of what passes through them
(He et al. 2015), so that a gradient still says how a network of this shape sees before it is trained.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
from msgspec import Struct
from numpy.typing import NDArray
from onnx import helper

from strideinspect.model.load import LoadedModel
from strideinspect.model.node import Node, Shape
from strideinspect.model.subgraphs import nested_subgraphs
from strideinspect.model.weight_inputs import weight_inputs

_STATISTICS: Final = {1: 1.0, 2: 0.0, 3: 0.0, 4: 1.0}
"""Of a batch normalisation: scale, bias, mean and variance."""

_NUMBERS: Final = 16
"""Elements up to which a filler may be a constant of the network."""


class Weight(Struct, frozen=True):
    """A stored tensor that is fed. `fill` is the number that a random one is filled with, None for a random draw.

    `fan_in` is the number of products that are summed with it, 0 where it is in the file.
    """

    name: str
    shape: Shape
    kind: int
    fan_in: int = 0
    fill: float | None = None

    @property
    def is_random(self) -> bool:
        """Whether the file does not have it."""
        return self.fan_in > 0


def stand_in(name: str, shape: Shape, kind: int, consumers: Sequence[tuple[Node, int]]) -> Weight:
    """What replaces a weight that is missing, by the node that uses it."""
    node, index = consumers[0] if consumers else (None, 0)
    if node is not None and node.op == "BatchNormalization":
        return Weight(name, shape, kind, 1, _STATISTICS.get(index, 0.0))
    if node is not None and len(shape) < 2 and node.op not in {"MatMul", "Mul"}:
        return Weight(name, shape, kind, 1, 1.0 if index == 1 and "Norm" in node.op else 0.0)
    if node is not None and node.op in {"Mul", "Div"}:
        return Weight(name, shape, kind, 1, 1.0)
    if node is not None and node.op in {"Add", "Sub"}:
        return Weight(name, shape, kind, 1, 0.0)
    return Weight(name, shape, kind, _fan_in(shape, node))


def _fan_in(shape: Shape, node: Node | None) -> int:
    if node is not None and node.op == "MatMul":
        return max(1, shape[-2] if len(shape) > 1 else shape[0])
    if node is not None and node.op == "Gemm" and not node.integer("transB", 0):
        return max(1, shape[0])
    if node is not None and node.op == "ConvTranspose":
        return max(1, shape[0] * prod(shape[2:]) // prod(node.integers("strides") or (1,)))
    return max(1, prod(shape[1:]))


def is_filler(node: Node, shape: Shape, consumers: Sequence[tuple[Node, int]]) -> bool:
    """Whether a ConstantOfShape stands for a weight."""
    if node.op != "ConstantOfShape" or node.domain or prod(shape) <= _NUMBERS:
        return False
    return any(_holds_weights(user, index) for user, index in consumers)


def _holds_weights(node: Node, index: int) -> bool:
    if node.op == "BatchNormalization":
        return index > 0
    if node.op == "DequantizeLinear":
        return index == 0
    return index in weight_inputs(node.domain, node.op)


def external_file(path: str, tensor: onnx.TensorProto) -> Path | None:
    """The file in the model's folder that holds a tensor's values; None where it is missing or elsewhere."""
    location = next((entry.value for entry in tensor.external_data if entry.key == "location"), "")
    folder = Path(path).absolute().parent.resolve()
    file = (folder / location).resolve()
    return file if location and file.is_relative_to(folder) and file.is_file() else None


def stored(model: LoadedModel) -> Mapping[str, onnx.TensorProto]:
    """The tensors that the graph and the branches in it store, as initializers and in Constant nodes, by name."""
    found: dict[str, onnx.TensorProto] = {}
    for graph in (model.proto.graph, *nested_subgraphs(model.proto.graph)):
        found.update((tensor.name, tensor) for tensor in graph.initializer)
        for node in graph.node:
            if node.op_type == "Constant":
                found.update((node.output[0], a.t) for a in node.attribute if a.name == "value")
    return found


def single(values: NDArray[Any]) -> NDArray[Any]:
    """Real numbers in single precision; others as they are."""
    return values.astype(np.float32) if values.dtype.kind not in "iubOSU" else values


def read(model: LoadedModel, weights: Sequence[Weight], seed: int) -> dict[str, NDArray[Any]]:
    """The values of these weights. Random ones depend on the seed and the order alone."""
    tensors = stored(model)
    random = np.random.default_rng([seed, 1])
    values = {}
    for weight in weights:
        if weight.is_random:
            values[weight.name] = _random(weight, random)
        else:
            values[weight.name] = single(_values(model, tensors[weight.name]))
    return values


def _values(model: LoadedModel, tensor: onnx.TensorProto) -> NDArray[Any]:
    known = model.values(tensor)
    if known is not None:
        return known
    file = external_file(model.path, tensor)
    if file is None:
        raise FileNotFoundError(f"the weights of {tensor.name!r} are missing")
    entries = {entry.key: entry.value for entry in tensor.external_data}
    dtype = helper.tensor_dtype_to_np_dtype(tensor.data_type)
    count = prod(tensor.dims)
    found = np.fromfile(file, dtype, count, offset=int(entries.get("offset", 0)))
    return found.reshape(tuple(tensor.dims))


def _random(weight: Weight, random: np.random.Generator) -> NDArray[Any]:
    dtype = helper.tensor_dtype_to_np_dtype(weight.kind)
    if weight.fill is not None:
        return single(np.full(weight.shape, weight.fill, dtype))
    if dtype.kind in "iu":
        low = 0 if dtype.kind == "u" else -128
        return random.integers(low, low + 256, weight.shape).astype(dtype)
    drawn = random.standard_normal(weight.shape, np.float32)
    return drawn * np.float32(np.sqrt(2.0 / weight.fan_in))
