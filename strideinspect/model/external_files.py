"""The files beside a model that hold its weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import onnx

from strideinspect.model.subgraphs import nested_subgraphs


def external_files(path: str) -> tuple[Path, ...]:
    """The files that a model's tensors are said to be in, each once, whether or not they exist."""
    model = onnx.load(path, load_external_data=False)
    bodies = [node for function in model.functions for node in function.node]
    graphs = (model.graph, onnx.GraphProto(node=bodies))
    tensors = (tensor for graph in graphs for tensor in _tensors(graph))
    locations = (
        entry.value
        for tensor in tensors
        if tensor.data_location == onnx.TensorProto.EXTERNAL
        for entry in tensor.external_data
        if entry.key == "location"
    )
    return tuple(Path(path).parent / location for location in dict.fromkeys(locations))


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    for own in (graph, *nested_subgraphs(graph)):
        yield from own.initializer
        yield from (attribute.t for node in own.node for attribute in node.attribute if attribute.HasField("t"))
