"""Build the probe's graph from a few operators on compact tensors.

Every function here returns a new Value; where the tensor would not change, no node is added.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b
from math import prod
from typing import Final

import numpy as np
import onnx
from msgspec import structs
from onnx import helper, numpy_helper

from strideinspect.limits import LARGE_CONSTANT_BYTES, MOST_PROBE_ELEMENTS, MOST_TAPS
from strideinspect.results.field import Shape
from strideinspect.verify.axis_questions import ObservedTaps
from strideinspect.verify.probe.value import AxisRoles, InexpressibleError, Value

INACTIVE: Final = np.float32(-1e30)
"""The value of elements that depend on no pixel: far below every pixel's number, but finite."""

BORDER: Final = -INACTIVE
"""The value at the ends of maps in a probe of borders: far above every pixel's number."""

OPSET: Final = 21
PROBE: Final = "probe"


class Builder:
    """Builds a graph with one input: the rows of one axis of one graph input of the model.

    With `borders`, the ends of every map along a position axis carry a number far above those of the pixels: elements
    that they reach may differ from those on an infinite plane.

    `given` are large constants, which are fed, because onnxruntime would copy them several times as initializers.
    """

    def __init__(self, *, borders: bool = False) -> None:
        self._padding = np.array(BORDER if borders else INACTIVE)
        self.borders = borders
        self.skips_padding = False  # padding along another probed axis was left out
        self.merges_padding = False  # and then that axis was merged with the probed one
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}
        self.given: dict[str, np.ndarray] = {}
        self._known: dict[tuple[str, Shape, bytes], str] = {}
        self._elements = 0

    def source(self, shape: Shape, axis: int, other_axes: Iterable[int]) -> Value:
        """The probed graph input: its pixels are numbered along `axis`; `other_axes` are its other probed axes."""
        extents = tuple(extent if k == axis else 1 for k, extent in enumerate(shape))
        return Value(PROBE, shape, extents, AxisRoles(frozenset({axis}), other_axes=frozenset(other_axes) - {axis}))

    def emit(self, op: str, inputs: Sequence[str], **attributes: object) -> str:
        """Add one node; returns the name of its only output."""
        name = f"t{len(self.nodes)}"
        node = onnx.NodeProto(op_type=op, input=inputs, output=[name])
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self.nodes.append(node)
        return name

    def constant(self, array: np.ndarray) -> str:
        """The name of a constant of the probe's graph."""
        key = (array.dtype.str, array.shape, blake2b(np.ascontiguousarray(array).data).digest())
        if key not in self._known:
            self._known[key] = name = f"c{len(self._known)}"
            if array.nbytes > LARGE_CONSTANT_BYTES:
                self.given[name] = array
            else:
                self.constants[name] = numpy_helper.from_array(array, name)
        return self._known[key]

    def integers(self, numbers: Iterable[int]) -> str:
        """The name of a constant list of integers."""
        return self.constant(np.array(list(numbers), np.int64))

    def inactive(self, extents: Shape, *, border: bool = False) -> str:
        """The name of an inactive tensor; with `border` it is padding before or after a map."""
        fill = self._padding if border else np.array(INACTIVE)
        return self.emit("Expand", [self.constant(fill), self.integers(extents)])

    def spread(self, value: Value, axes: Iterable[int]) -> Value:
        """The same value with its full extent along `axes`."""
        wanted = set(axes)
        extents = tuple(value.shape[k] if k in wanted else extent for k, extent in enumerate(value.extents))
        if extents == value.extents:
            return value
        return structs.replace(value, name=self.emit("Expand", [value.name, self._sized(extents)]), extents=extents)

    def written_out(self, value: Value) -> Value:
        """The same value with its full extent along every axis."""
        return self.spread(value, range(len(value.shape)))

    def _sized(self, extents: Shape) -> str:
        self._elements += prod(extents)
        if self._elements > 16 * MOST_PROBE_ELEMENTS or prod(extents) > MOST_PROBE_ELEMENTS:
            raise InexpressibleError("the probe would need too large a tensor")
        return self.integers(extents)

    def most(self, value: Value, axes: Iterable[int]) -> Value:
        """The largest number along each of `axes`, which get extent 1; roles stay as they are."""
        axes = set(axes)
        shape = tuple(1 if k in axes else extent for k, extent in enumerate(value.shape))
        extents = tuple(1 if k in axes else extent for k, extent in enumerate(value.extents))
        if extents == value.extents:
            return structs.replace(value, shape=shape)
        varying = sorted(k for k in axes if value.extents[k] > 1)
        name = self.emit("ReduceMax", [value.name, self.integers(varying)], keepdims=1)
        return structs.replace(value, name=name, shape=shape, extents=extents)

    def everywhere(self, value: Value, axes: Iterable[int]) -> Value:
        """Each index along `axes` gets the largest number along them; the shape stays."""
        return structs.replace(self.most(value, axes), shape=value.shape)

    def resized(self, value: Value, extents: Shape, shape: Shape, roles: AxisRoles) -> Value:
        """The same numbers in the same order under another shape."""
        if extents == value.extents:
            return structs.replace(value, shape=shape, roles=roles)
        return Value(self.emit("Reshape", [value.name, self.integers(extents)]), shape, extents, roles)

    def permuted(self, value: Value, order: Sequence[int]) -> Value:
        """The value with its axes in another order."""
        order = list(order)
        shape = tuple(value.shape[k] for k in order)
        extents = tuple(value.extents[k] for k in order)
        roles = value.roles.moved({old: new for new, old in enumerate(order)})
        if order == sorted(order) or all(extent == 1 for extent in extents):
            return self.resized(value, extents, shape, roles)
        return Value(self.emit("Transpose", [value.name], perm=order), shape, extents, roles)

    def read(self, value: Value, axis: int, table: ObservedTaps) -> Value:
        """Each output index along `axis` is the largest of the input indices that it reads according to the table."""
        if value.shape[axis] != table.length:
            raise InexpressibleError(f"a table for {table.length} indices does not fit an axis of {value.shape[axis]}")
        shape = tuple(table.size if k == axis else extent for k, extent in enumerate(value.shape))
        if table.is_identity:
            return value
        if value.constant_along(axis) and (not table.has_holes or (value.ignores_holes(axis) and table.reads_any)):
            self.skips_padding |= table.has_holes
            return structs.replace(value, shape=shape)
        extents = tuple(table.size if k == axis else extent for k, extent in enumerate(value.extents))
        if prod(extents) * table.reads.shape[1] > MOST_TAPS:
            raise InexpressibleError("the probe would have to read too many indices at once")
        name = self.spread(value, [axis]).name
        reads = table.reads
        if table.has_holes:
            name = self._behind(name, len(shape), axis, np.array(INACTIVE))
            reads = np.where(reads < 0, table.length, reads)
        if self.borders and axis in value.roles.position_axes:
            name = self._behind(name, len(shape), axis, self._padding)
            reads = np.where(table.at_border[:, None], table.length + table.has_holes, reads)
        if reads.shape[1] == 1:
            name = self.emit("Gather", [name, self.constant(reads[:, 0])], axis=axis)
        else:
            name = self.emit("Gather", [name, self.constant(reads)], axis=axis)
            name = self.emit("ReduceMax", [name, self.integers([axis + 1])], keepdims=0)
        return structs.replace(value, name=name, shape=shape, extents=extents)

    def pad(self, name: str, amounts: Sequence[tuple[int, int]], mode: str = "constant") -> str:
        """Add (or, where negative, crop) indices before and after along every axis; inactive unless `mode` differs."""
        pads = self.integers([begin for begin, _ in amounts] + [end for _, end in amounts])
        if mode == "constant" or self.borders:
            return self.emit("Pad", [name, pads, self.constant(self._padding)], mode="constant")
        return self.emit("Pad", [name, pads], mode=mode)

    def _behind(self, name: str, rank: int, axis: int, fill: np.ndarray) -> str:
        """The tensor with one index of value `fill` appended along an axis."""
        pads = self.integers([0] * rank + [int(k == axis) for k in range(rank)])
        return self.emit("Pad", [name, pads, self.constant(fill)], mode="constant")

    def chosen(self, value: Value, mask: np.ndarray) -> Value:
        """The value where the mask, with an extent of 1 or that of the value along each axis, is true; else nothing."""
        roles = value.roles
        apart = tuple(k for k in roles.other_axes - roles.position_axes if mask.shape[k] > 1)
        shown = np.asarray(mask.any(axis=apart, keepdims=True)) if apart else mask
        self.skips_padding |= shown is not mask
        if shown.all():
            return value
        extents = tuple(map(max, value.extents, shown.shape))
        self._sized(extents)
        name = self.emit("Where", [self.constant(shown), value.name, self.constant(np.array(INACTIVE))])
        return structs.replace(value, name=name, extents=extents)

    def union(self, values: Sequence[Value], shape: Shape) -> Value:
        """The value that depends on all of `values`, which have `shape` up to broadcasting (and equal ranks)."""
        roles = AxisRoles.merged([value.roles for value in values])
        distinct = list({(value.name, value.extents): value for value in values}.values())
        if len(distinct) == 1:
            return structs.replace(distinct[0], shape=shape, roles=roles)
        extents = tuple(map(max, zip(*(value.extents for value in distinct), strict=True)))
        self._elements += prod(extents)
        return Value(self.emit("Max", [value.name for value in distinct]), shape, extents, roles)

    def ranked(self, value: Value, rank: int) -> Value:
        """The value with leading axes of extent 1 added up to `rank`, as broadcasting does."""
        missing = rank - len(value.shape)
        if missing < 0:
            raise InexpressibleError(f"a tensor with {len(value.shape)} axes was to be broadcast to {rank}")
        if not missing:
            return value
        places = {k: k + missing for k in range(len(value.shape))}
        ones = (1,) * missing
        roles = value.roles.moved(places).with_new_axes()
        return self.resized(value, ones + value.extents, ones + value.shape, roles)

    def model(self, shape: Shape, outputs: Iterable[str]) -> onnx.ModelProto:
        """The part of the graph that `outputs` need; `shape` is that of the rows, its first input."""
        outputs = list(outputs)
        needed, nodes = set(outputs), []
        for node in reversed(self.nodes):
            if node.output[0] in needed:
                needed.update(node.input)
                nodes.append(node)
        graph = helper.make_graph(
            nodes[::-1],
            "probe",
            [
                helper.make_tensor_value_info(PROBE, onnx.TensorProto.FLOAT, shape),
                *(
                    helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape)
                    for name, array in self.given.items()
                    if name in needed
                ),
            ],
            [helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in outputs],
            [tensor for name, tensor in self.constants.items() if name in needed],
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
