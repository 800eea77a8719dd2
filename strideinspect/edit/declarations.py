"""Shapes that a file declares and that no longer hold after an edit.

A declared shape of an inner tensor is only a hint, and is left out; that of an output gets its new sizes.
"""

from __future__ import annotations

from collections.abc import Mapping

import onnx
from msgspec import Struct

from strideinspect.model.node import Shape


class Declarations(Struct, frozen=True):
    """The inner tensors whose declaration goes, and the outputs that are declared anew."""

    dropped: frozenset[str]
    outputs: Mapping[str, onnx.ValueInfoProto]


NO_DECLARATIONS = Declarations(frozenset(), {})
"""Of an edit after which every declared shape holds."""


def outdated(graph: onnx.GraphProto, shapes: Mapping[str, Shape], known_before: Mapping[str, Shape]) -> Declarations:
    """What of the graph contradicts these shapes, where it did not contradict those before the edit."""
    dropped = {info.name for info in graph.value_info if _moved(info, shapes, known_before)}
    outputs = {
        info.name: _with_shape(info, shapes.get(info.name))
        for info in graph.output
        if _moved(info, shapes, known_before)
    }
    return Declarations(frozenset(dropped), outputs)


def _moved(info: onnx.ValueInfoProto, shapes: Mapping[str, Shape], before: Mapping[str, Shape]) -> bool:
    return shapes.get(info.name) != before.get(info.name)


def _with_shape(info: onnx.ValueInfoProto, shape: Shape | None) -> onnx.ValueInfoProto:
    """The declaration with its fixed sizes replaced; symbols stay. Without a known shape it declares none."""
    fresh = onnx.ValueInfoProto()
    fresh.CopyFrom(info)
    tensor = fresh.type.tensor_type
    if shape is None or len(tensor.shape.dim) != len(shape):
        tensor.ClearField("shape")
        return fresh
    for dim, size in zip(tensor.shape.dim, shape, strict=True):
        if dim.HasField("dim_value"):
            dim.dim_value = size
    return fresh


def applied(graph: onnx.GraphProto, declarations: Declarations) -> None:
    """Change a graph in memory, as `splice` changes the file."""
    kept = [info for info in graph.value_info if info.name not in declarations.dropped]
    del graph.value_info[:]
    graph.value_info.extend(kept)
    for info in graph.output:
        if info.name in declarations.outputs:
            info.CopyFrom(declarations.outputs[info.name])
