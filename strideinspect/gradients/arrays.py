"""Arrays of a graph under construction: arithmetic on them adds nodes.

Shapes are known when the graph is built, so that broadcasting, reductions and pads are plain numbers in it. The nodes
are of one operator set, whatever that of the model is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import onnx
from msgspec import Struct
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from strideinspect.model.node import Shape

OPSET: Final = 20
"""Of the graphs built here; every onnxruntime that strideinspect allows has it."""

PREFIX: Final = "strideinspect_"
"""Begins the names of tensors that are not the model's."""


class ArrayGraph(Struct):
    """A graph that grows by arithmetic on its arrays; `fed` are the tensors of the model that it takes as inputs."""

    nodes: list[onnx.NodeProto] = []
    constants: dict[str, NDArray[Any]] = {}
    fed: dict[str, Shape] = {}

    def feed(self, name: str, shape: Shape) -> Array:
        """A tensor that is computed elsewhere."""
        self.fed[name] = shape
        return Array(self, name, shape)

    def constant(self, value: NDArray[Any]) -> Array:
        """A constant."""
        name = f"{PREFIX}constant_{len(self.constants)}"
        self.constants[name] = np.ascontiguousarray(value).reshape(value.shape)
        return Array(self, name, tuple(value.shape))

    def full(self, shape: Shape, value: float = 0.0) -> Array:
        """An array filled with one number, which takes no room in the graph."""
        size = self.integers(shape)
        filler = numpy_helper.from_array(np.array([value], np.float32))
        return self.node("ConstantOfShape", [size], shape, value=filler)

    def integers(self, values: Sequence[int]) -> Array:
        """A list of integers."""
        return self.constant(np.array(values, np.int64))

    def node(self, op: str, inputs: Sequence[Array | None], shape: Shape, **attributes: Any) -> Array:  # noqa: ANN401
        """The result of an operator whose output has this shape; None stands for an input that is left out."""
        return self.nodes_outputs(op, inputs, (shape,), **attributes)[0]

    def nodes_outputs(
        self,
        op: str,
        inputs: Sequence[Array | None],
        shapes: Sequence[Shape],
        **attributes: Any,  # noqa: ANN401
    ) -> tuple[Array, ...]:
        """The results of an operator with several outputs."""
        names = [f"{PREFIX}{len(self.nodes)}_{k}" for k in range(len(shapes))]
        given = ["" if one is None else one.name for one in inputs]
        self.nodes.append(helper.make_node(op, given, names, **attributes))
        return tuple(Array(self, name, tuple(shape)) for name, shape in zip(names, shapes, strict=True))

    def model(self, outputs: Mapping[str, Array]) -> onnx.ModelProto:
        """The part of the graph that computes these outputs, under these names, with all else left out."""
        named = [helper.make_node("Identity", [array.name], [name]) for name, array in outputs.items()]
        needed = {array.name for array in outputs.values()}
        kept = []
        for node in reversed(self.nodes):
            if not needed.isdisjoint(node.output):
                kept.append(node)
                needed.update(node.input)
        kinds = dict.fromkeys(self.fed, onnx.TensorProto.FLOAT)
        inputs = [
            helper.make_tensor_value_info(name, kinds[name], shape)
            for name, shape in self.fed.items()
            if name in needed
        ]
        graph = helper.make_graph(
            [*reversed(kept), *named],
            "gradient",
            inputs,
            [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in outputs],
            [numpy_helper.from_array(value, name) for name, value in self.constants.items() if name in needed],
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)


Operand = "Array | float"


class Array(Struct, frozen=True, eq=False):
    """A float32 tensor of a graph under construction, unless it says otherwise."""

    graph: ArrayGraph
    name: str
    shape: Shape

    def __add__(self, other: Array | float) -> Array:
        return self._with("Add", other)

    def __sub__(self, other: Array | float) -> Array:
        return self._with("Sub", other)

    def __mul__(self, other: Array | float) -> Array:
        return self._with("Mul", other)

    def __truediv__(self, other: Array | float) -> Array:
        return self._with("Div", other)

    def __pow__(self, other: Array | float) -> Array:
        return self._with("Pow", other)

    def __neg__(self) -> Array:
        return self.apply("Neg")

    def __rsub__(self, other: float) -> Array:
        return self._number(other) - self

    def __radd__(self, other: float) -> Array:
        return self + other

    def __rmul__(self, other: float) -> Array:
        return self * other

    def __gt__(self, other: Array | float) -> Array:
        """1 where it holds, else 0."""
        return self._with("Greater", other).as_numbers()

    def __lt__(self, other: Array | float) -> Array:
        """1 where it holds, else 0."""
        return self._with("Less", other).as_numbers()

    def __ge__(self, other: Array | float) -> Array:
        """1 where it holds, else 0."""
        return self._with("GreaterOrEqual", other).as_numbers()

    def __le__(self, other: Array | float) -> Array:
        """1 where it holds, else 0."""
        return self._with("LessOrEqual", other).as_numbers()

    def equals(self, other: Array | float) -> Array:
        """1 where it holds, else 0."""
        return self._with("Equal", other).as_numbers()

    def as_numbers(self) -> Array:
        """As float32."""
        return self.apply("Cast", to=onnx.TensorProto.FLOAT)

    def apply(self, op: str, **attributes: Any) -> Array:  # noqa: ANN401
        """An operator of one input that keeps the shape."""
        return self.graph.node(op, [self], self.shape, **attributes)

    def reshape(self, shape: Shape) -> Array:
        """The same elements in another shape."""
        if tuple(shape) == self.shape:
            return self
        return self.graph.node("Reshape", [self, self.graph.integers(shape)], shape, allowzero=1)

    def transpose(self, order: Sequence[int]) -> Array:
        """The axes in another order."""
        if list(order) == list(range(len(order))):
            return self
        return self.graph.node("Transpose", [self], tuple(self.shape[axis] for axis in order), perm=list(order))

    def swapped(self) -> Array:
        """The last two axes exchanged."""
        rank = len(self.shape)
        return self.transpose([*range(rank - 2), rank - 1, rank - 2])

    def expand(self, shape: Shape) -> Array:
        """Repeated along axes of extent 1."""
        if tuple(shape) == self.shape:
            return self
        return self.graph.node("Expand", [self, self.graph.integers(shape)], shape)

    def sum(self, axes: Sequence[int]) -> Array:
        """Summed along these axes, which keep extent 1."""
        return self._reduced("ReduceSum", axes)

    def mean(self, axes: Sequence[int]) -> Array:
        """The mean along these axes, which keep extent 1."""
        return self._reduced("ReduceMean", axes)

    def sum_to(self, shape: Shape) -> Array:
        """Summed along the axes along which an array of this shape was broadcast to become this one's."""
        added = len(self.shape) - len(shape)
        axes = [*range(added)]
        axes += [a for a in range(added, len(self.shape)) if shape[a - added] == 1 and self.shape[a] != 1]
        return self.sum(axes).reshape(shape)

    def matmul(self, other: Array) -> Array:
        """The product of matrices in the last two axes; both have at least two axes."""
        batch = np.broadcast_shapes(self.shape[:-2], other.shape[:-2])
        return self.graph.node("MatMul", [self, other], (*batch, self.shape[-2], other.shape[-1]))

    def pad(self, begin: Sequence[int], end: Sequence[int], value: float = 0.0) -> Array:
        """Padded per axis; a negative number crops."""
        if not any((*begin, *end)):
            return self
        cut = self
        if min(*begin, *end) < 0:
            cut = self._cropped([max(0, -n) for n in begin], [max(0, -n) for n in end])
        begin, end = [max(0, n) for n in begin], [max(0, n) for n in end]
        if not any((*begin, *end)):
            return cut
        shape = tuple(n + a + b for n, a, b in zip(cut.shape, begin, end, strict=True))
        filler = self.graph.constant(np.array(value, np.float32))
        return self.graph.node("Pad", [cut, self.graph.integers([*begin, *end]), filler], shape)

    def scatter(self, axis: int, indices: NDArray[np.int64], length: int) -> Array:
        """Index i along an axis added to index `indices[i]` of an axis of this length, which starts with zeros."""
        rank = len(self.shape)
        order = [axis, *(a for a in range(rank) if a != axis)]
        front = self.transpose(order)
        zeros = self.graph.full((length, *front.shape[1:]))
        where = self.graph.constant(np.asarray(indices, np.int64).reshape(-1, 1))
        filled = self.graph.node("ScatterND", [zeros, where, front], zeros.shape, reduction="add")
        return filled.transpose(np.argsort(order).tolist())

    def _cropped(self, begin: Sequence[int], end: Sequence[int]) -> Array:
        stops = [n - b for n, b in zip(self.shape, end, strict=True)]
        shape = tuple(stop - a for stop, a in zip(stops, begin, strict=True))
        return self.graph.node("Slice", [self, self.graph.integers(begin), self.graph.integers(stops)], shape)

    def _reduced(self, op: str, axes: Sequence[int]) -> Array:
        if not axes:
            return self
        shape = tuple(1 if axis in axes else n for axis, n in enumerate(self.shape))
        return self.graph.node(op, [self, self.graph.integers(axes)], shape, keepdims=1)

    def _number(self, value: float) -> Array:
        return self.graph.constant(np.array(value, np.float32))

    def _with(self, op: str, other: Array | float) -> Array:
        operand = other if isinstance(other, Array) else self._number(other)
        return self.graph.node(op, [self, operand], np.broadcast_shapes(self.shape, operand.shape))
