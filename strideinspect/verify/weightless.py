"""Prepare a model to run without its weights: zeros that take no memory are fed in their place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import prod
from operator import is_
from typing import Final, Protocol, TypeVar

import numpy as np
import onnx
from msgspec import Struct
from onnx import TensorProto, helper, numpy_helper

from strideinspect.limits import MOST_INLINE_BYTES, MOST_TABLE_BYTES, SMALL_WEIGHT_ELEMENTS
from strideinspect.model.load import LoadedModel
from strideinspect.model.subgraphs import nested_subgraphs
from strideinspect.verify.likely_values import compared_with
from strideinspect.verify.stored_tensors import is_external, stored_tensors

_TABLE_TYPES: Final = (TensorProto.INT64, TensorProto.INT32)
"""Types of index tables and shapes. Their values determine where data are moved, so they are kept."""

_PREFIX: Final = "strideinspect_node_"


class Weightless(Struct, frozen=True):
    """A model whose large tensors are inputs.

    `model` is the changed copy, `feeds` the values of all its inputs. `zeroed` names the tensors whose values were
    replaced by zeros; `constants` holds the values of those that were kept. Every node of `model`, those of subgraphs
    included, has a new, unique name: `nodes` maps it to the node and `labels` to the node's original name.
    `inputs` and `outputs` are the model's own, `types` the element types that the file declares. `left_out` gives the
    reason for each tensor that this model does not compute, because onnxruntime lacks an operator.
    """

    model: onnx.ModelProto
    feeds: Mapping[str, np.ndarray]
    zeroed: frozenset[str]
    constants: Mapping[str, np.ndarray]
    nodes: Mapping[str, onnx.NodeProto]
    labels: Mapping[str, str]
    inputs: Sequence[str]
    outputs: Sequence[str]
    types: Mapping[str, int]
    left_out: Mapping[str, str] = {}

    @property
    def has_branches(self) -> bool:
        """Whether the model has an If, at any depth."""
        return any(node.op_type == "If" for node in self.nodes.values())

    def in_their_words(self, message: str) -> str:
        """`message` with the unique node names replaced by the original names."""
        return re.sub(_PREFIX + r"\d+", lambda match: self.labels.get(match[0], "?"), message)


class _Draft(Struct):
    loaded: LoadedModel
    zeros: Callable[[int, tuple[int, ...]], np.ndarray]
    feeds: dict[str, np.ndarray] = {}
    zeroed: set[str] = set()
    constants: dict[str, np.ndarray] = {}


_EntryT = TypeVar("_EntryT")


class UnrunnableError(Exception):
    """The model cannot be run; the message says why."""


def prepare(loaded: LoadedModel, inputs: Mapping[str, tuple[int, ...]]) -> Weightless:
    """The model with its graph inputs fixed to `inputs`' shapes and its weights turned into inputs fed with zeros.

    Integer tables and small tensors keep their values. Raises UnrunnableError where an input cannot be fed.
    """
    model = onnx.ModelProto()
    model.CopyFrom(loaded.proto)
    draft = _Draft(loaded, _zero_pages())
    declared = (*model.graph.value_info, *model.graph.output)
    types = {entry.name: entry.type.tensor_type.elem_type for entry in declared if entry.type.HasField("tensor_type")}
    open_sizes(model.graph, inputs)
    initializers = {tensor.name for tensor in model.graph.initializer}
    real = [entry for entry in model.graph.input if entry.name not in initializers]
    for entry in real:
        _feed(entry, inputs, draft)
        number = compared_with(model.graph, entry.name)
        if number is not None:
            zeros = draft.feeds[entry.name]
            draft.feeds[entry.name] = np.full(zeros.shape, number, zeros.dtype)
    fed = list(_feed_weights(model.graph, draft))
    every_node = [*model.graph.node]
    for graph in nested_subgraphs(model.graph):
        _fill_in(graph, draft)
        every_node += graph.node
    _close_files(model.graph, draft)
    nodes, labels = {}, {}
    for number, node in enumerate(every_node):
        name = f"{_PREFIX}{number}"
        nodes[name], labels[name] = node, node.name or next(iter(node.output), node.op_type)
        node.name = name
    used = {name for node in every_node for name in node.input} | {entry.name for entry in model.graph.output}
    _set(model.graph.initializer, [tensor for tensor in model.graph.initializer if tensor.name in used])
    model.ir_version = max(model.ir_version, 4)  # before IR 4, every initializer had to be an input too
    _set(model.graph.input, real + fed)
    return Weightless(
        model,
        draft.feeds,
        frozenset(draft.zeroed),
        draft.constants,
        nodes,
        labels,
        [entry.name for entry in real],
        [entry.name for entry in model.graph.output],
        {name: kind for name, kind in types.items() if kind},
    )


def open_sizes(graph: onnx.GraphProto, inputs: Mapping[str, tuple[int, ...]]) -> None:
    """Remove all declared sizes of a graph's inputs and of its other tensors, so that it can run at any size.

    With declared sizes, onnxruntime would reject a model that fails only at its end before running any node of it.
    """
    _set(graph.input, [_extentless(entry, inputs) for entry in graph.input])
    _set(graph.output, [_shapeless(entry) for entry in graph.output])
    del graph.value_info[:]


def _extentless(entry: onnx.ValueInfoProto, inputs: Mapping[str, tuple[int, ...]]) -> onnx.ValueInfoProto:
    """An input with its type and number of axes; not changed where `inputs` does not have it."""
    if entry.name not in inputs or not entry.type.HasField("tensor_type"):
        return entry
    return helper.make_tensor_value_info(entry.name, entry.type.tensor_type.elem_type, [None] * len(inputs[entry.name]))


def _feed(entry: onnx.ValueInfoProto, inputs: Mapping[str, tuple[int, ...]], draft: _Draft) -> None:
    """Feed zeros of the inspected size to a graph input."""
    if not entry.type.HasField("tensor_type"):
        raise UnrunnableError(f"input {entry.name!r} is not a tensor")
    if entry.name not in inputs:
        raise UnrunnableError(f"input {entry.name!r} was given no size")
    draft.feeds[entry.name] = draft.zeros(entry.type.tensor_type.elem_type, inputs[entry.name])


def _feed_weights(graph: onnx.GraphProto, draft: _Draft) -> Iterator[onnx.ValueInfoProto]:
    """Remove the large tensors from the main graph, and yield the inputs that replace them."""
    kept_tensors = []
    for tensor in graph.initializer:
        if (entry := _as_input(tensor, tensor.name, draft)) is None:
            kept_tensors.append(tensor)
        else:
            yield entry
    kept_nodes = []
    for node in graph.node:
        tensor = _constant(node, draft)
        if tensor is None or (entry := _as_input(tensor, node.output[0], draft)) is None:
            kept_nodes.append(node)
        else:
            yield entry
    _set(graph.initializer, kept_tensors)
    _set(graph.node, kept_nodes)


def _as_input(tensor: TensorProto, name: str, draft: _Draft) -> onnx.ValueInfoProto | None:
    """The input that replaces `tensor`; None where the tensor stays, with its values or filled with zeros."""
    values = _values(tensor, draft)
    if values is not None:
        draft.constants[name] = values
        if draft.loaded.is_left_out(tensor):
            _refill(tensor, values.tobytes())
        return None
    draft.zeroed.add(name)
    try:
        draft.feeds[name] = draft.zeros(tensor.data_type, tuple(tensor.dims))
    except UnrunnableError:  # types such as int4 cannot be fed, so the zeros are written into the model
        _refill(tensor, bytes(_inline_size(tensor)))
        return None
    return helper.make_tensor_value_info(name, tensor.data_type, tensor.dims)


def _values(tensor: TensorProto, draft: _Draft) -> np.ndarray | None:
    """The values of a small tensor or a table of integers, which are kept; None for any other."""
    if is_external(tensor):
        return None
    if not draft.loaded.is_left_out(tensor):
        weight = prod(tensor.dims)
        return numpy_helper.to_array(tensor) if weight <= SMALL_WEIGHT_ELEMENTS else None
    if tensor.data_type in _TABLE_TYPES and 8 * prod(tensor.dims) <= MOST_TABLE_BYTES:
        return draft.loaded.values(tensor)
    return None


def _constant(node: onnx.NodeProto, draft: _Draft) -> TensorProto | None:
    """The tensor that a Constant, or a ConstantOfShape as large as a weight, produces; None for other nodes."""
    if node.domain not in {"", "ai.onnx"}:
        return None
    if node.op_type == "Constant":
        return next((attribute.t for attribute in node.attribute if attribute.name == "value"), None)
    if node.op_type == "ConstantOfShape" and node.input[0] in draft.constants:
        dims = draft.constants[node.input[0]].reshape(-1).tolist()
        if prod(dims) > SMALL_WEIGHT_ELEMENTS:
            kind = next((a.t.data_type for a in node.attribute if a.name == "value"), TensorProto.FLOAT)
            external = TensorProto(data_type=kind, dims=dims, data_location=TensorProto.EXTERNAL)
            return None if kind in _TABLE_TYPES else external
    return None


def _fill_in(graph: onnx.GraphProto, draft: _Draft) -> None:
    """Write zeros (or their integers) into the large tensors of a subgraph, which has no inputs to feed."""
    own = [(tensor.name, tensor) for tensor in graph.initializer]
    own += [(n.output[0], a.t) for n in graph.node if n.op_type == "Constant" for a in n.attribute if a.name == "value"]
    for name, tensor in own:
        values = _values(tensor, draft)
        if values is not None:
            draft.constants[name] = values
        if values is None or draft.loaded.is_left_out(tensor):
            _refill(tensor, bytes(_inline_size(tensor)) if values is None else values.tobytes())
        if values is None:
            draft.zeroed.add(name)


def _close_files(graph: onnx.GraphProto, draft: _Draft) -> None:
    """Write zeros into all that is still in another file, such as the value of a ConstantOfShape: no file is opened."""
    for tensor, node in stored_tensors(graph):
        if is_external(tensor):
            _refill(tensor, bytes(_inline_size(tensor)))
            draft.zeroed.update([tensor.name] if node is None else node.output)


def _refill(tensor: TensorProto, data: bytes) -> None:
    """Replace the payload of a tensor, whichever field or file holds it."""
    fresh = TensorProto(name=tensor.name, data_type=tensor.data_type, dims=tensor.dims, raw_data=data)
    tensor.CopyFrom(fresh)


def _inline_size(tensor: TensorProto) -> int:
    """Number of bytes of a tensor's raw data. Raises UnrunnableError where it is too large to write into the model."""
    halves = {TensorProto.INT4, TensorProto.UINT4, TensorProto.FLOAT4E2M1}
    bits = 4 if tensor.data_type in halves else 8 * helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize
    size: int = (prod(tensor.dims) * bits + 7) // 8
    if size > MOST_INLINE_BYTES or tensor.data_type == TensorProto.STRING:
        raise UnrunnableError(f"tensor {tensor.name!r} can be neither fed nor omitted")
    return size


def _zero_pages() -> Callable[[int, tuple[int, ...]], np.ndarray]:
    """A function that returns zero arrays; all share the same never-written pages, so that they take no memory."""
    shared = np.zeros(1 << 20, np.uint8)

    def zeros(kind: int, shape: tuple[int, ...]) -> np.ndarray:
        nonlocal shared
        if kind == TensorProto.STRING:
            return np.full(shape, "", dtype=object)
        dtype = helper.tensor_dtype_to_np_dtype(kind)
        if dtype.kind not in "biufc":
            raise UnrunnableError(f"tensors of type {TensorProto.DataType.Name(kind)} cannot be fed")
        size = prod(shape) * dtype.itemsize
        if size > shared.nbytes:
            shared = np.zeros(size, np.uint8)
        return shared[:size].view(dtype).reshape(shape)

    return zeros


def _shapeless(entry: onnx.ValueInfoProto) -> onnx.ValueInfoProto:
    """A graph output without its declared shape, because with a wrong one the model would not run."""
    if not entry.type.HasField("tensor_type"):
        return entry
    return helper.make_tensor_value_info(entry.name, entry.type.tensor_type.elem_type, None)


class _Repeated(Protocol[_EntryT]):
    """A repeated field of a protobuf message."""

    def __iter__(self) -> Iterator[_EntryT]: ...

    def __len__(self) -> int: ...

    def __delitem__(self, index: slice) -> None: ...

    def extend(self, entries: Iterable[_EntryT]) -> None: ...


def _set(repeated: _Repeated[_EntryT], entries: Iterable[_EntryT]) -> None:
    """Replace the contents of a repeated field, possibly by some of its own entries."""
    kept = list(entries)
    if len(kept) == len(repeated) and all(map(is_, kept, repeated)):
        return
    del repeated[:]
    repeated.extend(kept)
