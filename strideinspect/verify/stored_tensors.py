"""Every tensor that a model stores, wherever it may stand: onnxruntime would open a file for each that names one."""

from __future__ import annotations

from collections.abc import Iterator

import onnx
from onnx import TensorProto

from strideinspect.model.subgraphs import nested_subgraphs


def stored_tensors(graph: onnx.GraphProto) -> Iterator[tuple[TensorProto, onnx.NodeProto | None]]:
    """The tensors of a graph and its subgraphs: initializers and attributes, the latter with their node."""
    for own in (graph, *nested_subgraphs(graph)):
        yield from ((tensor, None) for tensor in own.initializer)
        yield from ((tensor, None) for sparse in own.sparse_initializer for tensor in _parts(sparse))
        yield from ((tensor, node) for node in own.node for tensor in _attributes(node))


def is_external(tensor: TensorProto) -> bool:
    """Whether the values are in another file."""
    return tensor.data_location == TensorProto.EXTERNAL


def _attributes(node: onnx.NodeProto) -> Iterator[TensorProto]:
    for attribute in node.attribute:
        if attribute.HasField("t"):
            yield attribute.t
        yield from attribute.tensors
        if attribute.HasField("sparse_tensor"):
            yield from _parts(attribute.sparse_tensor)
        for sparse in attribute.sparse_tensors:
            yield from _parts(sparse)


def _parts(sparse: onnx.SparseTensorProto) -> tuple[TensorProto, TensorProto]:
    return sparse.values, sparse.indices
